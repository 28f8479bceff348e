"""Discord or the node away for long, or cut again and again: afterwards all has happened, and once."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from integration.bot.test_signed_elsewhere import hand_in, voting
from integration.bot.test_told import told
from integration.bot.voting import asked_to_vote, breach, queue_ballots
from integration.bot.world import BotWorld, bot_world
from support.discord.faults import Fault
from support.rpc_proxy import Fault as NodeFault
from support.rpc_proxy import RpcProxy
from tribune.store import queries
from tribune.store.session import open_store

if TYPE_CHECKING:  # imports web3, which warns at import: only once pytest's filters are set
    from support.chain import TestChain

PAUSED = 3
HOUR_S = 15.0
"""What an hour without Discord takes here; the bot's pauses are as many times shorter."""


def hasten(monkeypatch: pytest.MonkeyPatch, times: float) -> None:
    """Shorten the pauses between attempts to reach Discord, the bot's own and those of discord.py."""

    async def sleep(delay: float, result: object = None) -> object:
        return await asyncio.sleep(delay / times, result)

    hastened = SimpleNamespace(**{**vars(asyncio), "sleep": sleep})
    for module in ("discord.http", "discord.client", "discord.webhook.async_"):
        monkeypatch.setattr(f"{module}.asyncio", hastened)
    for module in ("tribune.sync.outbox", "tribune_bot.posting.board", "tribune_bot.app"):
        for name in ("FIRST_PAUSE_S", "LONGEST_PAUSE_S"):
            monkeypatch.setattr(
                f"{module}.{name}", getattr(__import__(module, fromlist=[name]), name) / times
            )


async def link(world: BotWorld, chain: TestChain, users: Sequence[str]) -> None:
    """Let these people own the holders' wallets, in order."""
    with open_store(world.settings.store_url) as store:
        for user, account in zip(users, chain.holders, strict=False):
            found = int(world.discord.world.find_user(user).id)
            await store.run(queries.link_wallet, found, account.address)


def cast(chain: TestChain) -> dict[str, int]:
    """Return how often each wallet's ballot is on the chain."""
    events = chain.contracts["PauseGovernor"].events.VoteCast().get_logs(from_block=0)
    return Counter(event["args"]["voter"] for event in events)


def everything_said(world: BotWorld) -> dict[tuple[str, str], int]:
    """Return how often each text stands in each channel, thread and direct channel."""
    discord = world.discord.world
    return Counter(
        (one.id, said.content) for one in discord.channels.values() for said in discord.messages_in(one.id)
    )


async def test_bot__discord_down_for_an_hour__the_chain_goes_on_and_all_is_told_once_after_it(
    chain: TestChain, world: BotWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasten(monkeypatch, 3600 / HOUR_S)
    voters = ["ada", "ben", "cleo"]
    await link(world, chain, voters)
    world.start()
    await world.until(lambda: world.discord.gateway.connected, "the gateway")
    ends = time.monotonic() + HOUR_S
    # The first post gets out and its answer is lost: one that is tried again must not be a second message.
    lost = Fault(
        method="POST", path=rf"^/channels/{world.discord.world.channel.id}/messages$", status=503, after=True
    )
    world.discord.faults.add(lost)
    world.discord.go_down()
    voting = await breach(chain, world)
    await queue_ballots(voting, world, [1, 0, 0])
    await world.until(lambda: len(cast(chain)) == 3, "each ballot on the chain, without Discord")
    await asyncio.sleep(max(0, ends - time.monotonic()))
    with open_store(world.settings.store_url) as store:

        def owed() -> bool:
            with store.session(readonly=True) as session:
                return queries.outbox_depth(session, "discord.dm") == len(voters)

        await world.until(owed, "a message that is owed to each voter")
    assert not any(told(world, user) for user in voters)
    assert world.discord.gateway.refused > 3

    world.discord.come_back()
    message = await world.message("has been stopped")
    await world.until(lambda: "40 % for, 42 % against" in message.content, "the chain's tally")
    await world.until(lambda: all(told(world, user) for user in voters), "a message to each voter")
    await world.until(lambda: world.discord.gateway.connected, "the gateway again")
    answer = await world.answered(world.press("dora", message, "Vote"))
    assert "Here is your ballot" in answer.content
    await asyncio.sleep(1)
    assert len(world.messages) == 1
    assert set(everything_said(world).values()) == {1}
    assert set(cast(chain).values()) == {1}
    await world.halt()


async def test_bot__started_while_discord_is_down__ballots_are_relayed_and_told_once_it_is_back(
    chain: TestChain, world: BotWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasten(monkeypatch, 3600 / HOUR_S)
    world.discord.go_down()
    voting = await breach(chain, world)
    world.start()
    await queue_ballots(voting, world, [1, 1, 1])
    switch = chain.contracts["KillSwitch"].functions
    await world.until(lambda: switch.statusOf(1).call()[0] == PAUSED, "the vote carried out")
    assert set(cast(chain).values()) == {1}
    assert world.messages == []

    world.discord.come_back()
    await world.message("is PAUSED until a vote says otherwise")
    assert len(world.messages) == 1
    await world.halt()


async def test_bot__node_down_after_ballots_were_taken__people_are_told_and_each_counts_once(
    chain: TestChain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain.write_record(tmp_path)
    with RpcProxy(chain.anvil.http_url) as node:
        async with bot_world(tmp_path, node.http_url, node.ws_url, monkeypatch) as world:
            world.start()
            voting, message = await asked_to_vote(chain, world)
            direct = world.settings.model_copy(
                update={"chain": world.settings.chain.model_copy(update={"http_url": chain.anvil.http_url})}
            )
            node.be(NodeFault.LOSES_ANSWER)
            await queue_ballots(voting, BotWorld(world.discord, direct), [1, 0])
            await world.until(lambda: len(cast(chain)) == 2, "a batch whose answer was lost")
            node.be(NodeFault.DOWN)
            await queue_ballots(voting, BotWorld(world.discord, direct), [1, 0, 1])
            answer = await world.answered(world.press("ada", message, "My voting power"))
            assert "We cannot see the chain at the moment." in answer.content
            assert "Something went wrong" not in answer.content
            await asyncio.sleep(3)
            assert len(cast(chain)) == 2
            node.well()
            await world.until(lambda: len(cast(chain)) == 3, "the ballot that waited")
            await world.until(lambda: "57 % for, 25 % against" in message.content, "the chain's tally")
            assert set(cast(chain).values()) == {1}
            assert len(world.messages) == 1
            await world.halt()


async def test_bot__gateway_cut_again_and_again__presses_are_answered_and_nothing_is_said_twice(
    chain: TestChain, world: BotWorld
) -> None:
    world.start()
    await world.until(lambda: world.discord.gateway.connected, "the gateway")
    voting, message = await asked_to_vote(chain, world)
    await queue_ballots(voting, world, [1, 0])
    gateway = world.discord.gateway

    async def harmed(harm: Callable[[], None], *, resumed: bool) -> None:
        before = gateway.identified + gateway.resumed
        harm()
        pressed = world.press("ada", message, "Vote")  # Discord keeps it for a session that is resumed
        await world.until(lambda: gateway.identified + gateway.resumed > before, "it is back")
        if resumed:
            assert "Here is your ballot" in (await world.answered(pressed)).content
        assert "Here is your ballot" in (await world.answered(world.press("ben", message, "Vote"))).content

    await harmed(partial(gateway.cut, 1011), resumed=True)
    await harmed(gateway.ask_reconnect, resumed=True)
    await harmed(partial(gateway.cut, 4000), resumed=True)
    await harmed(partial(gateway.invalidate, resumable=False), resumed=False)
    await world.until(lambda: "40 % for, 25 % against" in message.content, "the tally")
    assert len(world.messages) == 1
    assert set(everything_said(world).values()) == {1}
    assert set(cast(chain).values()) == {1}
    await world.halt()


async def test_bot__events_come_twice_and_in_another_order__each_is_answered_and_counts_once(
    chain: TestChain, world: BotWorld
) -> None:
    made, ballot = await voting(chain, world)
    [message] = world.messages
    gateway = world.discord.gateway

    gateway.repeat(2)  # the press that opens the modal, and what is handed in
    taken = await hand_in(world, ballot, made.holders[2], made.sign(made.holders[2], 1))
    assert "Your ballot was taken" in taken.content
    gateway.swap()
    first, second = world.press("ada", message, "Vote"), world.press("ben", message, "My voting power")
    assert "I do not know your wallet" in (await world.answered(second)).content
    assert "Here is your ballot" in (await world.answered(first)).content
    await world.until(lambda: cast(chain), "the ballot on the chain")
    await world.answered(world.command("ada", "wallets"))  # what came before has been dealt with
    assert cast(chain) == {made.holders[2].address: 1}
    refused = [
        one for one in world.discord.ledger.exchanges if one.path.endswith("/callback") and one.status == 400
    ]
    assert len(refused) == 2  # whoever answers for the second time is told so
    assert {len(one.messages) for one in world.discord.world.interactions.values() if not one.modal} == {1}
    assert len(world.messages) == 1
    await world.halt()
