"""The campaign of votes: people vote in Discord while the bot is killed at drawn points.

Meanwhile Discord fails requests (after carrying them out, too), cuts the gateway, forgets its sessions and
sends events twice or in another order, the node goes away or loses answers, and reorganisations take ballots
off the chain. Afterwards each ballot that was taken is on the chain once, as it was signed; the case has one
message, which shows the chain's tally; and each voter was told once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from chaos.fleet import KILLED, Fleet
from chaos.hall import Hall, opened_hall
from chaos.points import BY_THE_CLOCK, Lots, Points, step_of
from chaos.watching import Point
from support.discord.faults import Fault
from support.postgres import Postgres
from support.rpc_proxy import Fault as NodeFault
from support.voting import Voting
from tribune.exceptions import COULD_NOT

VOTERS = 8
KILLS = 12
"""In one vote."""
LIFE_S, START_S = 6.0, 60.0
"""A bot that did not come to its point so long after it connected, or was started, is killed from outside."""
HARM_S = 5.0
"""Mean time between two other faults."""
NODE_AWAY_S = 2.0
SAYING = "^/(channels|interactions|webhooks)/"
"""Requests by which something is said; that nobody can log in is asked elsewhere."""
PEACE_S = 180.0
"""Wall time in which all must be well once nobody harms any more."""
LOOK_S = 0.05


@dataclass
class Voted:
    """What came of it."""

    store: str
    votes: int = 0
    kills: int = 0
    faults: int = 0
    ballots: int = 0
    counted: int = 0
    lost: list[str] = field(default_factory=list)
    """Ballots that are not on the chain as they were signed, voters who were not told, cases not shown."""
    duplicated: list[str] = field(default_factory=list)
    """Ballots that count twice, and texts that stand twice in a channel."""
    untrue: list[str] = field(default_factory=list)
    """Messages that do not show the chain's tally."""
    unexpected: list[str] = field(default_factory=list)
    by_step: Counter[str] = field(default_factory=Counter)
    by_function: Counter[str] = field(default_factory=Counter)
    took_s: float = 0.0

    @property
    def clean(self) -> bool:
        """Whether all happened once."""
        return not (self.lost or self.duplicated or self.untrue or self.unexpected)

    @property
    def row(self) -> dict[str, object]:
        """The numbers; a frame is a vote here."""
        return {
            "campaign": f"votes, {self.store}",
            "kills": self.kills,
            "faults": self.faults,
            "frames": self.votes,
            "due": self.ballots,
            "reported": self.counted,
            "lost": len(self.lost),
            "duplicated": len(self.duplicated),
            "unreadable": len(self.untrue),
            "unexpected": len(self.unexpected),
            "seconds": round(self.took_s, 1),
            "ok": self.clean,
        }


def vote_campaign(
    root: Path,
    *,
    kills: int,
    seed: int,
    postgres: Postgres | None = None,
    points: Lots | None = None,
    loud: bool = False,
) -> Voted:
    """Hold votes until the bot was killed so often; return what came of it.

    Args:
        root: empty folder.
        kills: at least so many.
        seed: of points and faults.
        postgres: gives the bot a database; None: SQLite files.
        points: where to kill; None draws them from what the bot does in a vote without faults.
        loud: say how it goes on.
    """
    return asyncio.run(_campaign(root, kills, seed, postgres, points, loud))


async def _campaign(
    root: Path, kills: int, seed: int, postgres: Postgres | None, points: Lots | None, loud: bool
) -> Voted:
    began = time.monotonic()
    dice = random.Random(seed)  # noqa: S311 - a reproducible campaign, no secret
    result = Voted("postgres" if postgres else "sqlite")
    with Fleet() as fleet:
        if points is None:
            points = await _rehearse(root / "rehearsal", fleet, seed)
        while result.kills < kills:
            folder, left = root / f"vote-{result.votes + 1}", min(KILLS, kills - result.kills)
            if postgres is None:
                await _one_vote(folder, f"sqlite:///{folder / 'bot.db'}", fleet, points, dice, result, left)
            else:
                with postgres.fresh() as url:
                    await _one_vote(folder, url, fleet, points, dice, result, left)
            result.votes += 1
            if loud:
                took = time.monotonic() - began
                print(
                    f"  {result.votes} votes, {result.kills} kills, {result.faults} faults, {took:.0f} s",
                    flush=True,
                )
    result.took_s = time.monotonic() - began
    return result


async def _rehearse(folder: Path, fleet: Fleet, seed: int) -> Points:
    """Hold a vote without faults; return points of what the bot did in it."""
    async with opened_hall(folder, f"sqlite:///{folder / 'bot.db'}", VOTERS) as hall:
        count = folder / "steps.json"
        began = time.monotonic()
        fleet.start(hall.bot, count=count)
        await _all_vote(hall, random.Random(seed), LIFE_S)  # noqa: S311 - no secret
        await _settled(hall)
        lives = max(1.0, (time.monotonic() - began) / LIFE_S)
        if fleet.end(hall.bot, signal.SIGTERM) != 0:
            raise SystemExit(hall.bot.log.read_text())
        steps = json.loads(count.read_text("utf-8"))
    return Points(
        seed, steps["starting"], {name: math.ceil(n / lives) for name, n in steps["looking"].items()}
    )


async def _one_vote(
    folder: Path, url: str, fleet: Fleet, points: Lots, dice: random.Random, result: Voted, kills: int
) -> None:
    async with opened_hall(folder, url, VOTERS) as hall:
        over = asyncio.Event()
        harm = asyncio.create_task(_harm(hall, dice, over, result))
        people = asyncio.create_task(_all_vote(hall, dice, kills * LIFE_S))
        try:
            for _ in range(kills):
                await _life(hall, fleet, points.draw(), dice, result)
        finally:
            over.set()
            await harm
        hall.node.well()
        hall.discord.faults.clear()
        fleet.start(hall.bot)
        with contextlib.suppress(TimeoutError):  # the account tells who could not vote
            await asyncio.wait_for(people, PEACE_S)
        await _settled(hall)
        if fleet.end(hall.bot, signal.SIGTERM) != 0:
            result.unexpected.append("the bot did not stop when it was told to")
        result.ballots += len(hall.voters)
        await asyncio.to_thread(_audit, hall, result)


async def _all_vote(hall: Hall, dice: random.Random, within_s: float) -> None:
    """Let everybody vote, each at a drawn moment."""
    await _until(lambda: hall.messages)
    while not await hall.begun():  # noqa: ASYNC110 - it is the chain that changes
        await asyncio.sleep(LOOK_S)

    async def vote(name: str, after_s: float) -> None:
        await asyncio.sleep(after_s)
        await hall.vote(name)

    await asyncio.gather(*(vote(name, dice.uniform(0, within_s)) for name in hall.voters))


async def _until(holds: Callable[[], object]) -> None:
    while not holds():  # noqa: ASYNC110 - what changes is in other processes
        await asyncio.sleep(LOOK_S)


async def _life(hall: Hall, fleet: Fleet, point: Point | None, dice: random.Random, result: Voted) -> None:
    """Start the bot and let it die."""
    life = fleet.start(hall.bot, point)
    ends, lives_s = life.born + START_S, LIFE_S if point else dice.uniform(0, LIFE_S)
    while hall.bot.runs and time.monotonic() < ends:
        await asyncio.sleep(LOOK_S)
        fleet.look()
        if life.code == COULD_NOT and life.born < hall.away_until:
            life = fleet.start(hall.bot, point)  # as a supervisor does: without a node it does not begin
        if hall.discord.gateway.connected:
            ends = min(ends, time.monotonic() + lives_s)
    fleet.kill(hall.bot)
    if life.code != KILLED:
        words = hall.bot.log.read_text("utf-8").splitlines()[-12:]
        result.unexpected.append(f"the bot ended with {life.code}: " + "\n".join(words))
    result.kills += 1
    result.by_function[life.died_at or BY_THE_CLOCK] += 1
    result.by_step[step_of(life.died_at.partition(" ")[2]) if life.died_at else BY_THE_CLOCK] += 1


async def _harm(hall: Hall, dice: random.Random, over: asyncio.Event, result: Voted) -> None:
    """Let Discord, node and chain do what they may do."""
    discord, gateway, first = hall.discord, hall.discord.gateway, hall.chain.web3.eth.block_number
    while not over.is_set():
        await asyncio.sleep(dice.expovariate(1 / HARM_S))
        if not gateway.connected:  # it is down already
            continue
        harms = ("lost answer", "refused", "limited", "cut", "forget", "repeat", "swap", "node", "reorg")
        act = dice.choice(harms)
        if act == "lost answer":
            discord.faults.add(Fault(path=SAYING, status=503, after=True, count=dice.randint(1, 3)))
        elif act == "refused":
            discord.faults.add(Fault(path=SAYING, status=500, count=dice.randint(1, 6)))
        elif act == "limited":
            discord.faults.add(Fault(path=SAYING, status=429, retry_after=0.5, count=2))
        elif act == "cut":
            gateway.cut(1011)
        elif act == "forget":
            gateway.invalidate(resumable=False)
        elif act == "repeat":
            gateway.repeat(dice.randint(1, 6))
        elif act == "swap":
            gateway.swap()
        elif act == "node":
            hall.away_until = math.inf
            hall.node.be(dice.choice((NodeFault.DOWN, NodeFault.LOSES_ANSWER)))
            await asyncio.sleep(NODE_AWAY_S)
            hall.node.well()
            hall.away_until = time.monotonic()
        elif await hall.begun():
            await asyncio.to_thread(_reorganise, hall.voting, dice.randint(1, 4), first)
        result.faults += 1


def _reorganise(voting: Voting, depth: int, first: int) -> None:
    """Replace the newest blocks by empty ones, down to where voting began."""
    chain = voting.chain
    cast = voting.governor.events.VoteCast().get_logs(from_block=first)
    if not cast:
        return
    newest = chain.web3.eth.block_number
    depth = min(depth, newest - min(one["blockNumber"] for one in cast) + 1)
    chain.rpc("evm_setIntervalMining", 0)
    chain.rpc("anvil_reorg", depth, [])
    chain.rpc("anvil_dropAllTransactions")
    chain.rpc("evm_setIntervalMining", 1)


async def _settled(hall: Hall) -> None:
    """Wait until all is as it should be, or the time for it is over: the account tells."""
    ends = time.monotonic() + PEACE_S
    while time.monotonic() < ends:
        found = Voted("")
        await asyncio.to_thread(_audit, hall, found)
        if found.clean:
            await asyncio.sleep(1.0)  # for what might come twice
            return
        await asyncio.sleep(0.5)


def _audit(hall: Hall, result: Voted) -> None:
    """Draw up the account from the chain and from what people see in Discord."""
    governor, world = hall.voting.governor, hall.discord.world
    cast = governor.events.VoteCast().get_logs(from_block=0)
    times = Counter(one["args"]["voter"] for one in cast)
    said = {one["args"]["voter"]: one["args"]["support"] for one in cast}
    for name, account in hall.voters.items():
        if said.get(account.address) != hall.support_of(name):
            result.lost.append(f"the ballot of {name}")
        told = [one.content for one in world.messages_in(world.direct_channel(world.find_user(name)).id)]
        counted = sum(text.startswith("Your vote was counted") for text in told)
        if counted == 0:
            result.lost.append(f"a word to {name}")
        if counted > 1 or times[account.address] > 1:
            result.duplicated.append(f"{name}: {times[account.address]} votes, {counted} words")
    result.counted += sum(said.get(one.address) is not None for one in hall.voters.values())
    for channel in world.channels.values():
        texts = Counter(message.content for message in world.messages_in(channel.id))
        result.duplicated += [f"{n} times in {channel.name}: {text}" for text, n in texts.items() if n > 1]
    against, for_, _ = governor.functions.proposalVotes(hall.voting.proposal_id).call()
    whole = hall.chain.contracts["TribuneToken"].functions.totalSupply().call()
    tally = f"{for_ * 100 // whole} % for, {against * 100 // whole} % against"
    if len(hall.messages) != 1:
        result.duplicated.append(f"{len(hall.messages)} messages of one case")
    elif tally not in hall.messages[0].content:
        result.untrue.append(f"{tally} on the chain, but: {hall.messages[0].content}")
