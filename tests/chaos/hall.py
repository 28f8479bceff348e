"""A vote in Discord: a chain, a case, people with wallets, and the bot as a process that can be killed.

People do what people do: they press Vote, hand in what they signed, and do it again where nobody answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from eth_account import Account
from eth_account.signers.local import LocalAccount

from chaos.fleet import Place
from support.anvil import RELAYER_KEY, Anvil
from support.chain import TestChain
from support.discord.bodies import flat
from support.discord.people import People, Refused
from support.discord.server import StandIn
from support.discord.world import Interaction, Message, User
from support.rpc_proxy import RpcProxy
from support.voting import Voting, open_model, slow_chain, trip
from tribune.ids import ProposalId

PERCENT = 2
"""Of all votes, of each voter: eight of them stay below the super-quorum, which would end the vote."""
ANSWER_S = 15.0
"""How long a person waits for an answer; then it is tried again."""
AGAIN_S = 0.5
LOOK_S = 0.05
TAKEN = ("Your ballot was taken", "Counted in block", "This wallet has already voted")

Found = TypeVar("Found")


@dataclass
class Hall:
    """Where the vote is.

    Args:
        chain: a block each second.
        node: what the bot reaches the chain by.
        discord: the stand-in.
        voting: the case and its vote.
        bot: the bot, over its lives.
        voters: people and their wallets; those with an even number are for, the others against.
        away_until: when, by this process's monotonic clock, the node was last away.
    """

    chain: TestChain
    node: RpcProxy
    discord: StandIn
    voting: Voting
    bot: Place
    voters: dict[str, LocalAccount]
    away_until: float = -math.inf

    @property
    def messages(self) -> list[Message]:
        """What stands in the channel."""
        return self.discord.world.messages_in(self.discord.world.channel.id)

    def support_of(self, name: str) -> int:
        """Return what a voter wants."""
        return 1 - list(self.voters).index(name) % 2

    async def begun(self) -> bool:
        """Return whether ballots count."""

        def look() -> bool:
            switch = self.chain.contracts["KillSwitch"].functions
            self.voting.proposal_id = ProposalId(switch.caseOf(self.voting.case_id).call()[-1])
            voting = self.voting.governor.functions.state
            return bool(self.voting.proposal_id and voting(self.voting.proposal_id).call() == 1)

        return await asyncio.to_thread(look)

    async def vote(self, name: str) -> None:
        """Vote as a person, until the bot says that it has the ballot."""
        world = self.discord.world
        who, account, support = world.find_user(name), self.voters[name], self.support_of(name)
        signed = await asyncio.to_thread(self.voting.sign, account, support)
        while True:
            with contextlib.suppress(TimeoutError, Refused, LookupError):
                if (await self._hand_in(who, account, support, signed)).startswith(TAKEN):
                    return
            await asyncio.sleep(AGAIN_S)

    async def _hand_in(self, who: User, account: LocalAccount, support: int, signed: str) -> str:
        people = People(self.discord.world, self.discord.gateway)
        [message, *_] = self.messages
        pressed = people.press(who, message.id, _button(message, "Vote"))
        answer = await self._until(lambda: _answer(pressed))
        opened = people.press(who, answer.id, _button(answer, "I have signed elsewhere"))
        modal = await self._until(lambda: opened.modal)
        names = [one["custom_id"] for one in flat(modal["components"]) if "custom_id" in one]
        values: list[Any] = [[str(support)], account.address, signed, ""]
        handed_in = people.submit(who, opened, dict(zip(names, values, strict=True)))
        return (await self._until(lambda: _answer(handed_in))).content

    async def _until(self, found: Callable[[], Found | None]) -> Found:
        ends = time.monotonic() + ANSWER_S
        while (value := found()) is None:
            if time.monotonic() > ends:
                raise TimeoutError
            await self.discord.world.wait_beyond(self.discord.world.revision, LOOK_S)
        return value


@asynccontextmanager
async def opened_hall(folder: Path, store_url: str, voters: int) -> AsyncIterator[Hall]:
    """Open a vote for so many people; the bot is not started."""
    names = tuple(f"voter{number}" for number in range(voters))
    await asyncio.to_thread((folder / "bot").mkdir, parents=True)
    with Anvil.start() as anvil, RpcProxy(anvil.http_url) as node:
        chain = await asyncio.to_thread(slow_chain, anvil)
        accounts = await asyncio.to_thread(_give_out, chain, voters)
        evidence = folder / "evidence"
        policy = await asyncio.to_thread(open_model, chain, evidence)
        case_id = await asyncio.to_thread(trip, chain, evidence, policy)
        chain.rpc("evm_setIntervalMining", 1)
        chain.write_record(folder)
        # A watched bot is slow: how fast it answers is asked elsewhere.
        async with StandIn(folder / "discord", users=names, answer_within_s=ANSWER_S) as discord:
            environment = _environment(folder, node, discord) | {"TRIBUNE_STORE_URL": store_url}
            bot = Place("bot", folder / "bot", environment, ("bot", "run"))
            voting = Voting(chain, evidence, case_id, ProposalId(0))
            yield Hall(chain, node, discord, voting, bot, dict(zip(names, accounts, strict=True)))


def _environment(folder: Path, node: RpcProxy, discord: StandIn) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "TRIBUNE_CHAIN__HTTP_URL": node.http_url,
        "TRIBUNE_CHAIN__WS_URL": node.ws_url,
        "TRIBUNE_DEPLOYMENTS": str(folder),
        "TRIBUNE_EVIDENCE_URLS": f'["{folder / "evidence"}"]',
        "TRIBUNE_WEB__PUBLIC_URL": "http://127.0.0.1:8000",
        "TRIBUNE_KEYS__RELAYER__ENV": "RELAYER_KEY",
        "RELAYER_KEY": RELAYER_KEY,
        "TRIBUNE_DISCORD__GUILD_ID": discord.world.guild_id,
        "TRIBUNE_DISCORD__CHANNEL_ID": discord.world.channel.id,
        "TRIBUNE_DISCORD__TOKEN_FILE": str(folder / "discord" / "bot-token"),
        "TRIBUNE_DISCORD__CONNECT_HOST": "127.0.0.1",
        "TRIBUNE_DISCORD__CONNECT_PORT": str(discord.rest_port),
        "TRIBUNE_DISCORD__CA_FILE": str(folder / "discord" / "ca.pem"),
    }


def _give_out(chain: TestChain, count: int) -> list[LocalAccount]:
    """Return new accounts that each hold a part of all votes, and vote themselves."""
    token, giver = chain.contracts["TribuneToken"].functions, chain.holders[0]
    each = token.totalSupply().call() * PERCENT // 100
    accounts: list[LocalAccount] = [Account.create() for _ in range(count)]
    for account in accounts:
        chain.rpc("anvil_impersonateAccount", account.address)
        chain.rpc("anvil_setBalance", account.address, hex(10**18))
        chain.send(token.transfer(account.address, each), giver)
        chain.send(token.delegate(account.address), account)
    return accounts


def _answer(one: Interaction) -> Message | None:
    return one.original if one.original is not None and one.original.content else None


def _button(message: Message, label: str) -> str:
    found = (one for row in message.components for one in row["components"] if one.get("label") == label)
    button = next(found, None)
    if button is None:
        raise LookupError(f"there is no button {label}")
    return str(button["custom_id"])
