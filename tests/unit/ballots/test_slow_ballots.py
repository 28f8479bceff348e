"""Ballots of the slow lane, by OpenZeppelin's own castVoteBySig: checked, queued, relayed one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tribune.ballots.checks import NoPowerError, StaleBallotError, VoteNotOpenError, WrongSignatureError
from tribune.ballots.contracts import VoteContracts
from tribune.ballots.documents import Documents
from tribune.ballots.queue import BallotStatus, accept_ballot, ballot_status, next_nonce
from tribune.ballots.relay import BallotRelay
from tribune.ballots.slow_lane.proposals import ProposalVote, find_proposal, read_proposal
from tribune.ballots.typed_data import SignedBallot, parse_signature
from tribune.chain.types import ContractCall, Receipt
from tribune.exceptions import ChainUnreachableError
from tribune.ids import Address
from tribune.store.session import Store
from tribune.sync.indexer import Indexer
from tribune.sync.sender import Sender

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from support.proposing import Proposing

SAYS_YES = "0x631626ba7e60e01b60005260206000f3"
"""Runtime code of a contract that answers every call with ERC-1271's magic value."""
WALLET = Address("0x00000000000000000000000000000000DeaDBeef")


@dataclass
class Desk:
    """Accepts ballots as a page does, and relays them as the bot does."""

    proposing: Proposing
    index: Indexer
    store: Store
    contracts: VoteContracts
    documents: Documents
    sender: Sender

    async def vote(self, name: str = "1") -> ProposalVote:
        await self.index.catch_up()
        found = await find_proposal(self.store, self.contracts, name)
        return await read_proposal(self.contracts, self.documents, found)

    async def send(
        self, account: LocalAccount, support: int = 1, reason: str = "", signature: str = "", name: str = "1"
    ) -> BallotStatus:
        vote = await self.vote(name)
        voter = Address(account.address)
        if not signature:
            nonce = await next_nonce(self.store, self.contracts, vote, voter)
            signature = self.proposing.sign(
                account, support, reason, nonce=nonce, proposal_id=vote.proposal_id
            )
        ballot = SignedBallot(vote.proposal_id, voter, support, reason, parse_signature(signature))
        return await accept_ballot(self.store, self.contracts, vote, ballot)

    async def relay(self) -> list[BallotStatus]:
        return await BallotRelay(self.store, self.contracts, self.sender).relay_all()

    def votes(self) -> list[int]:
        counted = self.proposing.governor.functions.proposalVotes(self.proposing.proposal_id).call()
        return [n // 10**18 for n in counted]


@pytest.fixture
def desk(
    proposing: Proposing,
    index: Indexer,
    store: Store,
    contracts: VoteContracts,
    documents: Documents,
    sender: Sender,
) -> Desk:
    proposing.propose([proposing.admit()], "Admit it")
    return Desk(proposing, index, store, contracts, documents, sender)


async def test_relay_all__with_and_without_reason__each_counts(desk: Desk) -> None:
    await desk.send(desk.proposing.holders[0], 1, "They are good.\nTruly.")
    await desk.send(desk.proposing.holders[3], 0)
    await desk.send(desk.proposing.holders[4], 2)
    settled = await desk.relay()
    assert {one.status for one in settled} == {"mined"}
    assert desk.votes() == [100_000, 400_000, 80_000]
    assert [one.weight // 10**18 for one in settled] == [400_000, 100_000, 80_000]


async def test_relay_all__again__sends_nothing(desk: Desk) -> None:
    await desk.send(desk.proposing.holders[0])
    await desk.relay()
    before = desk.proposing.chain.web3.eth.block_number
    assert await desk.relay() == []
    assert desk.proposing.chain.web3.eth.block_number == before


async def test_accept_ballot__two_proposals_at_once__nonces_follow_and_both_count(desk: Desk) -> None:
    first = desk.proposing.proposal_id
    second = desk.proposing.propose([desk.proposing.admit("Another")], "Admit another")
    voter, other = desk.proposing.holders[:2]
    await desk.send(other, name="2")  # puts proposal 2 before proposal 1 in the queue
    await desk.send(voter, name="1")
    await desk.send(voter, name="2")
    assert {one.status for one in await desk.relay()} == {"mined"}
    has_voted = desk.proposing.governor.functions.hasVoted
    assert has_voted(first, voter.address).call()
    assert has_voted(second, voter.address).call()


async def test_accept_ballot__nonce_used_up__says_sign_again(desk: Desk) -> None:
    voter = desk.proposing.holders[0]
    second = desk.proposing.propose([desk.proposing.admit("Another")], "Admit another")
    old = desk.proposing.sign(voter, 1, nonce=0, proposal_id=second)
    await desk.send(voter, name="1")
    await desk.relay()
    with pytest.raises(StaleBallotError, match="signed another ballot since"):
        await desk.send(voter, 1, signature=old, name="2")


async def test_relay_all__nonce_used_up_after_queueing__refused_with_sign_again(desk: Desk) -> None:
    voter, governor = desk.proposing.holders[0], desk.proposing.governor
    first = desk.proposing.proposal_id
    desk.proposing.propose([desk.proposing.admit("Another")], "Admit another")
    await desk.send(voter, name="2")
    elsewhere = bytes.fromhex(desk.proposing.sign(voter, 1, nonce=0, proposal_id=first)[2:])
    desk.proposing.chain.send(governor.functions.castVoteBySig(first, 1, voter.address, elsewhere))
    [ballot] = await desk.relay()
    assert ballot.status == "refused"
    assert "sign again" in ballot.error
    again = await desk.send(voter, name="2")
    assert again.status == "queued"
    assert [one.status for one in await desk.relay()] == ["mined"]


@pytest.mark.parametrize("wrong", ["chain", "governor", "proposal", "support"])
async def test_accept_ballot__signed_for_another__refused(desk: Desk, wrong: str) -> None:
    voter, proposing = desk.proposing.holders[0], desk.proposing
    other = proposing.chain.contracts["PauseGovernor"].address
    signed = {
        "chain": lambda: proposing.sign(voter, chain_id=1),
        "governor": lambda: proposing.sign(voter, governor=other),
        "proposal": lambda: proposing.sign(voter, proposal_id=7),
        "support": lambda: proposing.sign(voter, 0),
    }[wrong]()
    with pytest.raises(WrongSignatureError):
        await desk.send(voter, 1, signature=signed)


async def test_accept_ballot__signed_for_the_fast_lanes_domain__refused(desk: Desk) -> None:
    from tribune.ballots.typed_data import ballot_typed_data

    voter, vote = desk.proposing.holders[0], await desk.vote()
    data = ballot_typed_data(31337, vote.governor, vote.proposal_id, Address(voter.address), 1)
    signed = "0x" + bytes(voter.sign_typed_data(full_message=data).signature).hex()
    with pytest.raises(WrongSignatureError):
        await desk.send(voter, 1, signature=signed)


async def test_accept_ballot__no_power__refused(desk: Desk) -> None:
    with pytest.raises(NoPowerError):
        await desk.send(desk.proposing.chain.steward)


async def test_accept_ballot__vote_has_ended__refused(desk: Desk) -> None:
    desk.proposing.chain.warp(1_000)
    with pytest.raises(VoteNotOpenError, match="ended"):
        await desk.send(desk.proposing.holders[0])


async def test_accept_ballot__cast_by_the_voter_itself__counts_as_done(desk: Desk) -> None:
    voter = desk.proposing.holders[3]
    own = desk.proposing.governor.functions.castVote(desk.proposing.proposal_id, 1)
    receipt = desk.proposing.chain.send(own, voter)
    status = await desk.send(voter, 1)
    assert (status.status, status.block) == ("mined", receipt["blockNumber"])


async def test_relay_all__cast_by_the_voter_meanwhile__done_with_its_own_block(desk: Desk) -> None:
    voter = desk.proposing.holders[3]
    await desk.send(voter)
    own = desk.proposing.governor.functions.castVote(desk.proposing.proposal_id, 1)
    receipt = desk.proposing.chain.send(own, voter)
    [ballot] = await desk.relay()
    assert (ballot.status, ballot.block) == ("mined", receipt["blockNumber"])


async def test_relay_all__contract_wallet__counts_by_erc1271(desk: Desk) -> None:
    proposing = desk.proposing
    proposing.chain.rpc("anvil_setCode", WALLET, SAYS_YES)
    token = proposing.chain.contracts["TribuneToken"].functions
    proposing.chain.send(token.delegate(WALLET), proposing.holders[1])
    proposing.propose([proposing.admit("Another")], "Admit another")
    vote = await desk.vote("2")
    ballot = SignedBallot(vote.proposal_id, WALLET, 1, "", b"two owners")
    await accept_ballot(desk.store, desk.contracts, vote, ballot)
    [settled] = await desk.relay()
    assert (settled.status, settled.weight) == ("mined", 250_000 * 10**18)


class LosesAnswer:
    """Sends, and then loses the node's answer: what a crash between sending and recording leaves behind."""

    def __init__(self, sender: Sender) -> None:
        self.address, self._sender = sender.address, sender

    async def send(self, call: ContractCall, *, headroom: int = 0, most: int | None = None) -> Receipt:
        await self._sender.send(call, headroom=headroom, most=most)
        raise ChainUnreachableError("The answer was lost.")


async def test_relay_all__answer_lost_after_sending__found_on_the_chain_next_time(desk: Desk) -> None:
    await desk.send(desk.proposing.holders[0])
    await desk.send(desk.proposing.holders[1])
    with pytest.raises(ChainUnreachableError):
        await BallotRelay(desk.store, desk.contracts, LosesAnswer(desk.sender)).relay_all()
    before = desk.proposing.chain.web3.eth.block_number
    assert [one.status for one in await desk.relay()] == ["mined"] * 2
    assert desk.proposing.chain.web3.eth.block_number == before
    assert desk.votes() == [0, 650_000, 0]


async def test_ballot_status__none__is_none(desk: Desk) -> None:
    voter = Address(desk.proposing.holders[0].address)
    assert await ballot_status(desk.store, desk.contracts, await desk.vote(), voter) is None


GREEDY = (
    "0x5a62061a808110602057" + "62200b208110603157" + "621e84808103" + "5b805a11601957"
    "5b631626ba7e60e01b60005260206000f3" + "5bfe"
)
"""Of a contract that says yes to who gives it less than 400,000 gas, and else burns two millions first."""


async def test_relay_all__wallet_whose_ballot_costs_millions__is_refused_unsent(desk: Desk) -> None:
    chain = desk.proposing.chain
    chain.rpc("anvil_setCode", WALLET, GREEDY)
    chain.send(chain.contracts["TribuneToken"].functions.delegate(WALLET), desk.proposing.holders[1])
    desk.proposing.propose([desk.proposing.admit("Another")], "Admit another")
    vote = await desk.vote("2")
    ballot = SignedBallot(vote.proposal_id, WALLET, 1, "", b"two owners")
    await accept_ballot(desk.store, desk.contracts, vote, ballot)
    before = chain.web3.eth.block_number
    [settled] = await desk.relay()
    assert (settled.status, chain.web3.eth.block_number) == ("refused", before)
