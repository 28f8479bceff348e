"""Slow-lane proposals over a real gateway: one message from its making to its execution."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from integration.bot.world import URL, BotWorld, labels
from tribune.ballots.contracts import VoteContracts
from tribune.ballots.documents import Documents
from tribune.ballots.queue import accept_ballot
from tribune.ballots.slow_lane.proposals import find_proposal, list_proposals, read_proposal
from tribune.ballots.typed_data import SignedBallot
from tribune.chain.client import Chain
from tribune.chain.deployments import load_deployment
from tribune.ids import Address
from tribune.store.session import open_store
from tribune_bot.cogs.slow_lane import SlowLane
from tribune_bot.services import opened

if TYPE_CHECKING:  # imports web3, which warns at import: only once pytest's filters are set
    from support.chain import TestChain
    from support.proposing import Proposing


@pytest.fixture
def proposing(chain: TestChain) -> Proposing:
    from support.proposing import Proposing

    return Proposing(chain)


async def queue_ballots(proposing: Proposing, world: BotWorld, choices: list[int]) -> None:
    """Sign with the holders' wallets and queue, as the page's process does."""
    async with Chain(proposing.chain.anvil.http_url, chain_id=31337) as chain:
        contracts = VoteContracts(chain, load_deployment(world.settings.deployments, 31337))
        with open_store(world.settings.store_url) as store:
            found = await find_proposal(store, contracts, "1")
            vote = await read_proposal(contracts, Documents([]), found)
            for account, choice in zip(proposing.holders, choices, strict=False):
                signature = bytes.fromhex(proposing.sign(account, choice)[2:])
                ballot = SignedBallot(vote.proposal_id, Address(account.address), choice, "", signature)
                await accept_ballot(store, contracts, vote, ballot)


async def test_bot__proposal_to_execution__one_message_and_nobody_else_needed(
    chain: TestChain, proposing: Proposing, world: BotWorld
) -> None:
    world.start()
    await asyncio.to_thread(
        proposing.propose, [proposing.admit()], "Free beer @everyone\n<@1> [x](https://evil.example)"
    )
    await asyncio.to_thread(chain.rpc, "evm_setIntervalMining", 1)
    message = await world.message("Proposal 1: Admit the monitor Observatory")
    assert "DeaDBeef as the monitor “Observatory”" in message.content
    assert "writes (not checked): “Free beer" in message.content
    assert "@everyone" not in message.content
    await world.until(lambda: "End of voting: <t:" in message.content, "the vote")
    assert labels(message) == ["Vote", "What it does", "Read it whole"]

    answer = await world.answered(world.press("ada", message, "Vote"))
    assert answer.ephemeral
    assert f"{URL}/p/1" in answer.content
    answer = await world.answered(world.press("ben", message, "What it does"))
    assert "**What it does**" in answer.content

    await queue_ballots(proposing, world, [1, 1, 0])
    await world.until(lambda: "82 % of all power voted" in message.content, "the tally")
    listed = await world.answered(world.command("ada", "proposals"))
    assert "Proposal 1: Admit the monitor Observatory" in listed.content
    shown = await world.answered(world.command("ada", "proposal", proposal="p1"))
    assert "Observatory" in shown.content

    await asyncio.to_thread(chain.warp, 1_000)
    await world.until(lambda: "has PASSED and waits" in message.content, "the timelock")
    assert "Vote" not in labels(message)
    await asyncio.to_thread(chain.warp, 61)
    await world.until(lambda: "has PASSED and is in force" in message.content, "its execution")
    registry = chain.contracts["MonitorRegistry"].functions
    assert registry.isAdmitted("0x00000000000000000000000000000000DeaDBeef").call()
    assert len(world.messages) == 1

    def in_thread() -> list[str]:
        return [one.content for one in world.discord.world.messages_in(message.thread_id or "")]

    await world.until(lambda: any("is in force" in text for text in in_thread()), "the news of it")
    assert "The vote is open until" in in_thread()[0]
    said = in_thread()

    await world.halt()
    world.start()  # a new life posts nothing again
    await world.until(lambda: world.discord.gateway.identified > 1, "the second start")
    await asyncio.sleep(1)
    assert len(world.messages) == 1
    assert in_thread() == said
    await world.halt()


async def test_bot__executed_by_somebody_else__counts_as_done(
    chain: TestChain, proposing: Proposing, world: BotWorld
) -> None:
    await asyncio.to_thread(proposing.propose, [proposing.admit()], "Admit it")
    await asyncio.to_thread(proposing.pass_vote)
    await asyncio.to_thread(proposing.queue)
    await asyncio.to_thread(chain.warp, 61)
    await asyncio.to_thread(proposing.execute)
    world.start()
    await world.message("has PASSED and is in force")
    await world.halt()


async def test_bot__passed_call_that_fails__says_why_and_goes_on(
    chain: TestChain, proposing: Proposing, world: BotWorld
) -> None:
    fails = chain.contracts["MonitorRegistry"].encode_abi("dismiss", args=["0x" + "12" * 20])
    call = (str(chain.contracts["MonitorRegistry"].address), 0, bytes.fromhex(fails[2:]))
    await asyncio.to_thread(proposing.propose, [call], "Dismiss nobody")
    await asyncio.to_thread(proposing.pass_vote)
    world.start()
    await asyncio.to_thread(chain.rpc, "evm_setIntervalMining", 1)
    message = await world.message("has PASSED and waits")
    await asyncio.to_thread(chain.warp, 61)
    await world.until(lambda: "It could not be carried on" in message.content, "the reason")
    await world.halt()


async def test_bot__no_governor_in_the_record__commands_work_and_nothing_is_watched(
    chain: TestChain, world: BotWorld
) -> None:
    record = Path(world.settings.deployments) / "31337.json"
    record.write_text(record.read_text().replace('"OversightGovernor"', '"SomebodysGovernor"'))
    world.start()
    await world.until(lambda: world.discord.gateway.connected, "the gateway")
    listed = await world.answered(world.command("ada", "proposals"))
    assert "Nothing is being voted on" in listed.content
    await world.halt()


class Hurried:
    """A sender that somebody else is quicker than, each time."""

    def __init__(self, sender: Any, before: Callable[[], None]) -> None:
        self.address, self._sender, self._before = sender.address, sender, before
        self.sent = 0

    async def send(self, call: Any) -> Any:
        await asyncio.to_thread(self._before)
        receipt = await self._sender.send(call)
        self.sent += 1
        return receipt


async def test_carry_on__somebody_executes_between_look_and_sending__counts_as_done_once(
    chain: TestChain, proposing: Proposing, world: BotWorld
) -> None:
    await asyncio.to_thread(proposing.propose, [proposing.admit()], "Admit it")
    await asyncio.to_thread(proposing.pass_vote)
    async with opened(world.settings) as services:
        await services.indexer.catch_up()
        [proposed] = await list_proposals(services.store, services.contracts)
        bot: Any = SimpleNamespace(services=services)
        assert await SlowLane(bot).carry_on(proposed)  # puts it into the timelock
        await asyncio.to_thread(chain.warp, 61)
        hurried: Any = Hurried(services.sender, proposing.execute)
        bot.services = replace(services, sender=hurried)
        assert await SlowLane(bot).carry_on(proposed)
        assert await SlowLane(bot).carry_on(proposed)
        assert hurried.sent == 0
    governor = chain.contracts["OversightGovernor"]
    assert len(governor.events.ProposalExecuted().get_logs(from_block=0)) == 1
