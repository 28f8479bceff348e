"""Relaying on a real chain: one transaction for many, every ballot settled once, also after crashes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tribune.ballots import relay as relaying
from tribune.ballots.budget import BudgetSpentError
from tribune.ballots.cases.view import read_case_vote
from tribune.ballots.contracts import VoteContracts
from tribune.ballots.documents import Documents
from tribune.ballots.queue import accept_ballot
from tribune.ballots.relay import BallotRelay
from tribune.ballots.typed_data import SignedBallot, parse_signature
from tribune.chain.client import Chain
from tribune.chain.types import ContractCall, Log, Receipt
from tribune.exceptions import ChainUnreachableError, UnfundedError
from tribune.ids import Address
from tribune.store.session import Store
from tribune.sync.sender import Sender

if TYPE_CHECKING:
    from support.voting import Voting


@pytest.fixture
def relay(store: Store, contracts: VoteContracts, sender: Sender) -> BallotRelay:
    return BallotRelay(store, contracts, sender)


@pytest.fixture
async def queued(voting: Voting, contracts: VoteContracts, documents: Documents, store: Store) -> Voting:
    """Three ballots: 17 % for with a reason, 10 % against, 8 % abstain."""
    vote = await read_case_vote(contracts, documents, voting.case_id)
    for account, support, reason in zip(voting.holders[2:], (1, 0, 2), ("unfair", "", ""), strict=True):
        signature = parse_signature(voting.sign(account, support, reason))
        ballot = SignedBallot(voting.proposal_id, Address(account.address), support, reason, signature)
        await accept_ballot(store, contracts, vote, ballot)
    return voting


class LosesAnswer:
    """Sends, and then loses the node's answer: what a crash between sending and recording leaves behind."""

    def __init__(self, sender: Sender) -> None:
        self.address, self._sender = sender.address, sender

    async def send(self, call: ContractCall, *, headroom: int = 0, most: int | None = None) -> Receipt:
        await self._sender.send(call, headroom=headroom, most=most)
        raise ChainUnreachableError("The answer was lost.")


class NeverSends(LosesAnswer):
    """Fails before anything is sent."""

    fault: type[Exception] = ChainUnreachableError

    async def send(self, call: ContractCall, *, headroom: int = 0, most: int | None = None) -> Receipt:
        raise self.fault("Nothing was sent.")


class HasNoMoney(NeverSends):
    fault = UnfundedError


def votes(voting: Voting) -> list[int]:
    return [n // 10**18 for n in voting.governor.functions.proposalVotes(voting.proposal_id).call()]


SAYS_YES = "0x631626ba7e60e01b60005260206000f3"
"""Runtime code of a contract that answers every call with ERC-1271's magic value."""

ALL = [100_000, 170_000, 80_000]  # against, for, abstain


async def test_relay_queued__three_ballots__one_transaction_counts_them(
    queued: Voting, relay: BallotRelay
) -> None:
    before = queued.chain.web3.eth.block_number
    settled = await relay.relay_queued(queued.proposal_id)
    assert votes(queued) == ALL
    assert queued.chain.web3.eth.block_number == before + 1
    assert {ballot.status for ballot in settled} == {"mined"}
    assert {ballot.block for ballot in settled} == {before + 1}
    assert [ballot.weight // 10**18 for ballot in settled] == [170_000, 100_000, 80_000]


async def test_relay_queued__nothing_queued__sends_nothing(queued: Voting, relay: BallotRelay) -> None:
    await relay.relay_queued(queued.proposal_id)
    before = queued.chain.web3.eth.block_number
    assert await relay.relay_queued(queued.proposal_id) == []
    assert queued.chain.web3.eth.block_number == before


async def test_relay_queued__more_than_a_batch__all_are_counted(
    queued: Voting, store: Store, contracts: VoteContracts, sender: Sender
) -> None:
    assert len(await BallotRelay(store, contracts, sender, batch=2).relay_queued(queued.proposal_id)) == 3
    assert votes(queued) == ALL


async def test_relay_queued__one_cast_by_the_voter_meanwhile__done_with_its_own_block(
    queued: Voting, relay: BallotRelay
) -> None:
    voter = queued.holders[2]
    own = queued.chain.send(queued.governor.functions.castVote(queued.proposal_id, 1), voter)
    settled = {ballot.voter: ballot for ballot in await relay.relay_queued(queued.proposal_id)}
    assert settled[Address(voter.address)].block == own["blockNumber"]
    assert votes(queued) == ALL


async def test_relay_queued__vote_decided_meanwhile__refused_with_the_reason(
    queued: Voting, relay: BallotRelay
) -> None:
    for holder in queued.holders[:2]:
        queued.chain.send(queued.governor.functions.castVote(queued.proposal_id, 1), holder)
    settled = await relay.relay_queued(queued.proposal_id)
    assert {ballot.status for ballot in settled} == {"refused"}
    assert "had ended" in settled[0].error


async def test_relay_queued__answer_lost_after_sending__found_on_the_chain_next_time(
    queued: Voting, relay: BallotRelay, store: Store, contracts: VoteContracts, sender: Sender
) -> None:
    with pytest.raises(ChainUnreachableError):
        await BallotRelay(store, contracts, LosesAnswer(sender)).relay_queued(queued.proposal_id)
    before = queued.chain.web3.eth.block_number
    settled = await relay.relay_queued(queued.proposal_id)
    assert [ballot.status for ballot in settled] == ["mined"] * 3
    assert queued.chain.web3.eth.block_number == before


async def test_relay_queued__died_before_sending__sent_next_time(
    queued: Voting, relay: BallotRelay, store: Store, contracts: VoteContracts, sender: Sender
) -> None:
    with pytest.raises(ChainUnreachableError):
        await BallotRelay(store, contracts, NeverSends(sender)).relay_queued(queued.proposal_id)
    assert len(await relay.relay_queued(queued.proposal_id)) == 3
    assert votes(queued) == ALL


async def test_relay_queued__key_without_money__ballots_stay_queued(
    queued: Voting, relay: BallotRelay, store: Store, contracts: VoteContracts, sender: Sender
) -> None:
    with pytest.raises(UnfundedError):
        await BallotRelay(store, contracts, HasNoMoney(sender)).relay_queued(queued.proposal_id)
    assert len(await relay.relay_all()) == 3
    assert votes(queued) == ALL


async def test_relay_queued__contract_wallet__counts_by_erc1271(
    breach: Voting, relay: BallotRelay, contracts: VoteContracts, documents: Documents, store: Store
) -> None:
    wallet = Address("0x00000000000000000000000000000000DeaDBeef")
    breach.chain.rpc("anvil_setCode", wallet, SAYS_YES)
    delegate = breach.chain.contracts["TribuneToken"].functions.delegate(wallet)
    breach.chain.send(delegate, breach.holders[0])
    breach.open_vote()
    vote = await read_case_vote(contracts, documents, breach.case_id)
    await accept_ballot(
        store, contracts, vote, SignedBallot(breach.proposal_id, wallet, 1, "", b"two owners")
    )
    [ballot] = await relay.relay_all()
    assert (ballot.status, ballot.weight) == ("mined", 400_000 * 10**18)


async def test_relay_queued__contract_wallet_that_changed_its_mind__refused(
    breach: Voting, relay: BallotRelay, contracts: VoteContracts, documents: Documents, store: Store
) -> None:
    wallet = Address("0x00000000000000000000000000000000DeaDBeef")
    breach.chain.rpc("anvil_setCode", wallet, SAYS_YES)
    delegate = breach.chain.contracts["TribuneToken"].functions.delegate(wallet)
    breach.chain.send(delegate, breach.holders[0])
    breach.open_vote()
    vote = await read_case_vote(contracts, documents, breach.case_id)
    await accept_ballot(
        store, contracts, vote, SignedBallot(breach.proposal_id, wallet, 1, "", b"two owners")
    )
    breach.chain.rpc("anvil_setCode", wallet, "0x00")
    [ballot] = await relay.relay_all()
    assert (ballot.status, ballot.error) == ("refused", "The contract did not take the signature.")


TWO_FACED = "0x3a15600657fe5b631626ba7e60e01b60005260206000f3"
"""Of a contract that says yes while nobody pays (GASPRICE 0), and burns all it is given in a block."""
WALLET = Address("0x00000000000000000000000000000000DeaDBeef")


async def take_two_faced(
    breach: Voting, contracts: VoteContracts, documents: Documents, store: Store
) -> SignedBallot:
    """Open the vote, and take the ballot of a wallet that lies to who only asks."""
    breach.chain.rpc("anvil_setCode", WALLET, TWO_FACED)
    token = breach.chain.contracts["TribuneToken"].functions
    breach.chain.send(token.delegate(WALLET), breach.holders[4])
    breach.open_vote()
    ballot = SignedBallot(breach.proposal_id, WALLET, 1, "", b"two owners")
    await accept_ballot(store, contracts, await read_case_vote(contracts, documents, breach.case_id), ballot)
    return ballot


async def test_relay_queued__wallet_that_burns_gas_in_the_block__fails_its_own_ballot_alone(
    breach: Voting, relay: BallotRelay, contracts: VoteContracts, documents: Documents, store: Store
) -> None:
    await take_two_faced(breach, contracts, documents, store)
    vote = await read_case_vote(contracts, documents, breach.case_id)
    voter = breach.holders[2]
    signature = parse_signature(breach.sign(voter, 1))
    ballot = SignedBallot(breach.proposal_id, Address(voter.address), 1, "", signature)
    await accept_ballot(store, contracts, vote, ballot)
    settled = {one.voter: one.status for one in await relay.relay_all()}
    assert settled == {WALLET: "refused", Address(voter.address): "mined"}


async def test_accept_ballot__of_a_wallet_that_made_us_pay_for_nothing__is_not_paid_for_again(
    breach: Voting, relay: BallotRelay, contracts: VoteContracts, documents: Documents, store: Store
) -> None:
    ballot = await take_two_faced(breach, contracts, documents, store)
    [refused] = await relay.relay_all()
    assert (refused.status, bool(refused.tx)) == ("refused", True)
    vote = await read_case_vote(contracts, documents, breach.case_id)
    with pytest.raises(BudgetSpentError):
        await accept_ballot(store, contracts, vote, ballot)


async def test_relay_queued__ballots_that_fill_a_block__go_in_several_transactions(
    queued: Voting, relay: BallotRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaying, "BATCH_GAS", 250_000)
    before = queued.chain.web3.eth.block_number
    assert len(await relay.relay_queued(queued.proposal_id)) == 3
    assert queued.chain.web3.eth.block_number > before + 1
    assert votes(queued) == ALL


class LosesLogs(Chain):
    """A node that knows who has voted and has not the events, as behind a load balancer."""

    async def logs(self, *_asked: object, **_more: object) -> list[Log]:
        return []


async def test_relay_queued__node_without_the_votes_events__refuses_nothing_and_looks_again(
    queued: Voting, relay: BallotRelay, store: Store, contracts: VoteContracts, sender: Sender
) -> None:
    voter = queued.holders[2]
    queued.chain.send(queued.governor.functions.castVote(queued.proposal_id, 1), voter)
    async with LosesLogs(queued.chain.anvil.http_url, chain_id=31337, timeout_s=5) as blind:
        with pytest.raises(ChainUnreachableError):
            await BallotRelay(store, VoteContracts(blind, contracts.deployment), sender).relay_all()
    settled = {one.voter: one.status for one in await relay.relay_all()}
    assert settled[Address(voter.address)] == "mined"
    assert set(settled.values()) == {"mined"}
