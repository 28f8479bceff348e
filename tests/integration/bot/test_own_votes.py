"""A voter who signed and then pays for a transaction of his own: over a real gateway, on a real chain."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from integration.bot.test_told import told
from integration.bot.voting import asked_to_vote, queue_ballots, voting_begun
from integration.bot.world import BotWorld
from tribune.store import queries
from tribune.store.session import open_store

if TYPE_CHECKING:
    from support.chain import TestChain


@pytest.mark.alone
async def test_bot__ballot_waits_and_its_voter_pays__done_told_once_and_not_sent(
    chain: TestChain, world: BotWorld
) -> None:
    """The relayer has no coins, so the ballot waits; its voter's own transaction settles it."""
    voter, relayer = chain.holders[0], chain.relayer.address
    ada = int(world.discord.world.find_user("ada").id)
    with open_store(world.settings.store_url) as store:
        await store.run(queries.link_wallet, ada, voter.address)
    world.start()
    await world.until(lambda: world.discord.gateway.connected, "the gateway")
    voting, message = await asked_to_vote(chain, world)
    await voting_begun(voting)
    coins, sent = chain.web3.eth.get_balance(relayer), chain.web3.eth.get_transaction_count(relayer)
    await asyncio.to_thread(chain.rpc, "anvil_setBalance", relayer, "0x0")
    await queue_ballots(voting, world, [1])
    cast = voting.governor.functions.castVote(voting.proposal_id, 0)
    paid = await asyncio.to_thread(chain.send, cast, voter)

    def settled() -> bool:
        with open_store(world.settings.store_url) as store, store.session() as session:
            row = queries.ballot_of(session, int(voting.proposal_id), voter.address)
            return row is not None and (row.state, row.support) == ("mined", 0)

    await world.until(settled, "the ballot to count as done")
    await asyncio.to_thread(chain.rpc, "anvil_setBalance", relayer, hex(coins))
    await world.until(lambda: "40 % against" in message.content, "the tally")
    [counted] = await world.until(lambda: told(world, "ada"), "ada")
    assert f"Your vote was counted in block {paid['blockNumber']}: Against, 400,000 votes" in counted
    await world.halt()
    assert len(told(world, "ada")) == 1
    assert chain.web3.eth.get_transaction_count(relayer) == sent
