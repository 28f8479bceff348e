"""Reorgs that take ballots off the chain: each is counted exactly once in the end, in either lane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tribune.ballots.cases.view import read_case_vote
from tribune.ballots.contracts import VoteContracts
from tribune.ballots.documents import Documents
from tribune.ballots.lane import Lane
from tribune.ballots.queue import accept_ballot
from tribune.ballots.relay import BallotRelay
from tribune.ballots.slow_lane.proposals import find_proposal, read_proposal
from tribune.ballots.typed_data import SignedBallot, parse_signature
from tribune.ballots.undone import UndoneBallots
from tribune.chain.client import Chain
from tribune.ids import Address
from tribune.store.session import Store
from tribune.store.tables import StoredBallot
from tribune.sync.indexer import Indexer
from tribune.sync.sender import Sender

if TYPE_CHECKING:
    from support.proposing import Proposing
    from support.voting import Voting

DEPTH = 12


class Desk:
    """Queues a ballot of the second holder, relays, looks back."""

    def __init__(
        self, voting: Voting, index: Indexer, store: Store, contracts: VoteContracts, documents: Documents
    ) -> None:
        self.voting, self.index, self.store = voting, index, store
        self.contracts, self.documents = contracts, documents
        self.undone = UndoneBallots(store, contracts, DEPTH)

    async def queue(self, lane: Lane, proposing: Proposing) -> None:
        account = self.voting.holders[1]
        if lane is Lane.FAST:
            self.voting.open_vote()
            case = await read_case_vote(self.contracts, self.documents, self.voting.case_id)
            ballot = SignedBallot(
                case.proposal_id,
                Address(account.address),
                1,
                "",
                parse_signature(self.voting.sign(account, 1)),
            )
            await accept_ballot(self.store, self.contracts, case, ballot)
            return
        proposing.propose([proposing.admit()], "Admit it")
        await self.index.catch_up()
        vote = await read_proposal(
            self.contracts, self.documents, await find_proposal(self.store, self.contracts, "1")
        )
        signed = parse_signature(proposing.sign(account))
        ballot = SignedBallot(vote.proposal_id, Address(account.address), 1, "", signed)
        await accept_ballot(self.store, self.contracts, vote, ballot)

    def relaying(self) -> BallotRelay:
        # A sender of its own, as after a restart: one that lives on meets a reorg in its own tests.
        sender = Sender(self.contracts.chain, self.voting.chain.relayer, receipt_timeout_s=30)
        return BallotRelay(self.store, self.contracts, sender)

    async def relay(self) -> list[str]:
        return [one.status for one in await self.relaying().relay_all()]

    async def look_back(self) -> int:
        """Look as the bot does: whenever the index has caught up."""
        await self.index.catch_up()
        head = self.index.head
        assert head is not None
        return await self.undone.queue(head.number)

    def mine(self, blocks: int) -> None:
        for _ in range(blocks):
            self.voting.chain.warp(1)

    @property
    def ballot(self) -> StoredBallot | None:
        from sqlmodel import select

        with self.store.session() as session:
            return session.exec(select(StoredBallot)).first()


@pytest.fixture
def desk(
    breach: Voting, index: Indexer, store: Store, contracts: VoteContracts, documents: Documents, chain: Chain
) -> Desk:
    return Desk(breach, index, store, contracts, documents)


@pytest.mark.parametrize("lane", list(Lane))
async def test_queue__block_replaced__queued_and_counted_again(
    desk: Desk, proposing: Proposing, lane: Lane
) -> None:
    await desk.queue(lane, proposing)
    before = desk.voting.chain.rpc("evm_snapshot")
    assert await desk.relay() == ["mined"]
    assert await desk.look_back() == 0
    assert desk.voting.chain.rpc("evm_revert", before)
    desk.mine(3)
    assert await desk.look_back() == 1
    assert await desk.relay() == ["mined"]
    desk.mine(1)
    assert await desk.look_back() == 0
    governor = desk.voting.chain.contracts[lane]
    assert len(governor.events.VoteCast().get_logs(from_block=0)) == 1


async def test_queue__taken_into_another_block__recorded_there(desk: Desk, proposing: Proposing) -> None:
    await desk.queue(Lane.SLOW, proposing)
    before = desk.voting.chain.rpc("evm_snapshot")
    await desk.relay()
    await desk.look_back()
    assert desk.voting.chain.rpc("evm_revert", before)
    desk.mine(1)
    cast = proposing.governor.functions.castVote(proposing.proposal_id, 1)
    receipt = desk.voting.chain.send(cast, desk.voting.holders[1])
    desk.mine(2)
    assert await desk.look_back() == 0
    found = desk.ballot
    assert found is not None
    assert (found.state, found.block_number) == ("mined", receipt["blockNumber"])


async def test_relay_all__proposal_itself_undone_for_good__refused_with_the_reason(
    desk: Desk, proposing: Proposing
) -> None:
    before = desk.voting.chain.rpc("evm_snapshot")
    await desk.queue(Lane.SLOW, proposing)
    assert desk.voting.chain.rpc("evm_revert", before)
    desk.mine(12)
    relay = desk.relaying()
    assert await relay.relay_all() == []  # it may come again
    desk.mine(desk.contracts.chain.finality_blocks)
    assert [one.status for one in await relay.relay_all()] == ["refused"]
    found = desk.ballot
    assert found is not None
    assert "does not have this vote any more" in found.error


@pytest.mark.parametrize("back", [False, True], ids=["not back yet", "back, voting not begun"])
async def test_relay_all__opening_undone__counted_once_it_is_open_again(
    desk: Desk, proposing: Proposing, back: bool
) -> None:
    voting = desk.voting
    before = voting.chain.rpc("evm_snapshot")
    await desk.queue(Lane.FAST, proposing)
    assert await desk.relay() == ["mined"]
    assert await desk.look_back() == 0
    assert voting.chain.rpc("evm_revert", before)
    desk.mine(3)
    if back:
        voting.chain.send(voting.governor.functions.openCase(voting.case_id))
    assert await desk.look_back() == 1
    relay = desk.relaying()
    assert await relay.relay_all() == []
    assert await relay.relay_all() == []
    if not back:
        voting.chain.send(voting.governor.functions.openCase(voting.case_id))
    voting.chain.warp(5)
    assert [one.status for one in await relay.relay_all()] == ["mined"]
    assert len(voting.governor.events.VoteCast().get_logs(from_block=0)) == 1


async def test_relay_all__opening_undone_twice__is_waited_for_the_second_time_as_the_first(
    desk: Desk, proposing: Proposing
) -> None:
    voting, relay = desk.voting, desk.relaying()
    before = voting.chain.rpc("evm_snapshot")
    await desk.queue(Lane.FAST, proposing)
    assert [one.status for one in await relay.relay_all()] == ["mined"]
    assert await desk.look_back() == 0
    assert voting.chain.rpc("evm_revert", before)
    desk.mine(3)
    assert await desk.look_back() == 1
    assert await relay.relay_all() == []
    before = voting.chain.rpc("evm_snapshot")
    voting.chain.send(voting.governor.functions.openCase(voting.case_id))
    voting.chain.warp(5)
    assert [one.status for one in await relay.relay_all()] == ["mined"]
    assert await desk.look_back() == 0
    assert voting.chain.rpc("evm_revert", before)
    desk.mine(desk.contracts.chain.finality_blocks + 3)
    assert await desk.look_back() == 1
    assert await relay.relay_all() == []


async def test_queue__cast_with_another_tool__forgotten_not_queued(desk: Desk, proposing: Proposing) -> None:
    await desk.queue(Lane.SLOW, proposing)
    with desk.store.session() as session:
        kept = session.get(StoredBallot, 1)
        assert kept is not None
        kept.signature, kept.state, kept.tx_hash = "", "mined", "0x" + "ab" * 32
        kept.block_number = desk.voting.chain.web3.eth.block_number
        session.add(kept)
    assert await desk.look_back() == 1
    assert desk.ballot is None


@pytest.mark.parametrize("looked_before", [True, False])
async def test_queue__undone_while_nobody_could_look__queued_however_long_ago(
    desk: Desk, proposing: Proposing, looked_before: bool
) -> None:
    await desk.queue(Lane.SLOW, proposing)
    before = desk.voting.chain.rpc("evm_snapshot")
    assert await desk.relay() == ["mined"]
    if looked_before:
        assert await desk.look_back() == 0
    assert desk.voting.chain.rpc("evm_revert", before)
    desk.mine(DEPTH + 5)
    assert await desk.look_back() == 1
    assert await desk.relay() == ["mined"]


async def test_queue__its_transaction_counts_others_only_in_another_block__queued(
    desk: Desk, proposing: Proposing
) -> None:
    await desk.queue(Lane.SLOW, proposing)
    cast = proposing.governor.functions.castVote(proposing.proposal_id, 1)
    receipt = desk.voting.chain.send(cast, desk.voting.holders[2])
    with desk.store.session() as session:
        kept = session.get(StoredBallot, 1)
        assert kept is not None
        kept.state, kept.tx_hash = "mined", "0x" + receipt["transactionHash"].hex().removeprefix("0x")
        kept.block_number = receipt["blockNumber"]
        session.add(kept)
    assert await desk.look_back() == 1
    assert await desk.relay() == ["mined"]
