"""Reorganisations under the running bot, and a replaced governor: each subject keeps its one message."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from integration.bot.voting import asked_to_vote, breach, queue_ballots
from integration.bot.world import BotWorld, labels

if TYPE_CHECKING:  # imports web3, which warns at import: only once pytest's filters are set
    from support.chain import TestChain


def reorganise(chain: TestChain, first: int) -> None:
    """Replace the blocks from this one on by empty ones; what was in them is nowhere any more."""
    chain.rpc("evm_setAutomine", False)
    chain.rpc("anvil_reorg", chain.web3.eth.block_number - first + 1, [])
    chain.rpc("anvil_dropAllTransactions")
    chain.rpc("evm_setIntervalMining", 1)


def votes_for(chain: TestChain, proposal: int) -> int:
    """Return the share of all votes that are for a proposal, in percent."""
    votes: int = chain.contracts["PauseGovernor"].functions.proposalVotes(proposal).call()[1]
    return votes * 100 // (10**18 * 1_000_000)


async def test_bot__votes_undone__shows_the_chains_tally_in_the_same_message(
    chain: TestChain, world: BotWorld
) -> None:
    world.start()
    voting = await breach(chain, world)
    message = await world.message("has been stopped")
    await queue_ballots(voting, world, [1, 0])
    await world.until(lambda: "40 % for, 25 % against" in message.content, "the tally")
    governor = chain.contracts["PauseGovernor"]
    cast = governor.events.VoteCast().get_logs(from_block=0)
    counted = chain.web3.eth.block_number
    await asyncio.to_thread(reorganise, chain, min(one["blockNumber"] for one in cast))
    await world.until(
        lambda: any(
            one["blockNumber"] > counted for one in governor.events.VoteCast().get_logs(from_block=counted)
        ),
        "ballots counted again",
    )
    await world.until(lambda: votes_for(chain, voting.proposal_id) == 40, "each ballot on chain")
    await world.until(lambda: "40 % for, 25 % against" in message.content, "the tally again")
    assert len(governor.events.VoteCast().get_logs(from_block=0)) == 2
    assert len(world.messages) == 1
    await world.halt()


async def test_bot__case_undone_and_back__its_one_message_tells_each(
    chain: TestChain, world: BotWorld
) -> None:
    from support.voting import trip

    world.start()
    voting, message = await asked_to_vote(chain, world)
    switch = chain.contracts["KillSwitch"]
    [opened] = switch.events.CaseOpened().get_logs(from_block=0)
    policy = opened["args"]["details"]["policy"]
    await asyncio.to_thread(reorganise, chain, opened["blockNumber"])
    await world.until(lambda: "Case 1 is not on the chain any more" in message.content, "the loss")
    assert labels(message) == []
    await asyncio.to_thread(trip, chain, voting.folder, policy)
    await world.until(lambda: "has been stopped" in message.content, "the case again")
    await asyncio.to_thread(chain.warp, 31)
    await world.until(lambda: "Vote" in labels(message), "the vote opened again")
    assert len(world.messages) == 1
    await world.halt()


async def test_bot__silence_undone__is_noticed_again(chain: TestChain, world: BotWorld) -> None:
    from support.voting import let_frame_pass, open_model

    await asyncio.to_thread(open_model, chain, Path(world.settings.evidence_urls[0]))
    world.start()
    await asyncio.to_thread(let_frame_pass, chain)
    await world.message("nobody has measured it since ")
    hub = chain.contracts["ReportHub"]
    [stale] = hub.events.FrameStale().get_logs(from_block=0)
    await asyncio.to_thread(reorganise, chain, stale["blockNumber"])
    await world.until(lambda: hub.events.FrameStale().get_logs(from_block=0), "the silence again")
    [again] = hub.events.FrameStale().get_logs(from_block=0)
    assert again["args"]["frame"] == stale["args"]["frame"]
    assert again["transactionHash"] != stale["transactionHash"]
    assert len(world.messages) == 1
    await world.halt()


async def test_bot__governor_replaced__opens_the_orphaned_vote_anew(
    chain: TestChain, world: BotWorld
) -> None:
    from support.voting import replace_governor

    world.start()
    _, message = await asked_to_vote(chain, world)
    await world.halt()
    successor = await asyncio.to_thread(replace_governor, chain)
    chain.contracts["PauseGovernor"] = successor
    chain.write_record(world.settings.deployments)
    switch = chain.contracts["KillSwitch"].functions
    assert switch.caseOf(1).call()[-2] != successor.address
    world.start()
    await world.until(lambda: switch.caseOf(1).call()[-2] == successor.address, "the vote anew")
    await world.until(lambda: "keep it stopped? End of voting:" in message.content, "the vote in the message")
    assert len(world.messages) == 1
    await world.halt()
