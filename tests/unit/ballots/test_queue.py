"""Accepting ballots: what would not count is refused with its reason, what counts is queued once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tribune.ballots.budget import BudgetSpentError
from tribune.ballots.cases.view import read_case_vote
from tribune.ballots.checks import (
    REASON_LIMIT,
    AlreadyVotedError,
    BallotInvalidError,
    BallotRefusedError,
    NoPowerError,
    VoteNotOpenError,
    WrongSignatureError,
)
from tribune.ballots.contracts import VoteContracts
from tribune.ballots.documents import Documents
from tribune.ballots.queue import BallotStatus, accept_ballot, ballot_status
from tribune.ballots.typed_data import SignedBallot, parse_signature
from tribune.ids import Address
from tribune.settings import RelaySettings
from tribune.store.session import Store
from tribune.store.tables import StoredBallot

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from support.voting import Voting


class Desk:
    """Accepts ballots as a page does."""

    def __init__(self, voting: Voting, contracts: VoteContracts, documents: Documents, store: Store) -> None:
        self.voting, self.contracts, self.documents, self.store = voting, contracts, documents, store

    async def send(
        self,
        account: LocalAccount,
        support: int = 1,
        reason: str = "",
        signature: str = "",
        *,
        limits: RelaySettings | None = None,
        **claims: str,
    ) -> BallotStatus:
        vote = await read_case_vote(self.contracts, self.documents, self.voting.case_id)
        ballot = SignedBallot(
            proposal_id=self.voting.proposal_id,
            voter=Address(claims.get("voter", account.address)),
            support=support,
            reason=claims.get("reason", reason),
            signature=parse_signature(signature or self.voting.sign(account, support, reason)),
        )
        return await accept_ballot(self.store, self.contracts, vote, ballot, limits)


@pytest.fixture
def desk(voting: Voting, contracts: VoteContracts, documents: Documents, store: Store) -> Desk:
    return Desk(voting, contracts, documents, store)


async def test_accept_ballot__holder__queued(desk: Desk) -> None:
    assert (await desk.send(desk.voting.holders[0])).status == "queued"


async def test_accept_ballot__with_a_reason__queued(desk: Desk) -> None:
    assert (await desk.send(desk.voting.holders[0], reason="It is unfair.\nStop it.")).status == "queued"


async def test_accept_ballot__twice__is_one_ballot(desk: Desk) -> None:
    first = await desk.send(desk.voting.holders[0])
    assert await desk.send(desk.voting.holders[0]) == first


async def test_accept_ballot__another_choice_after_one__refused(desk: Desk) -> None:
    await desk.send(desk.voting.holders[0], 1)
    with pytest.raises(AlreadyVotedError, match="already voted: For"):
        await desk.send(desk.voting.holders[0], 0)


async def test_accept_ballot__no_votes_at_the_snapshot__refused_with_the_time(desk: Desk) -> None:
    with pytest.raises(NoPowerError, match="had no votes at 20"):
        await desk.send(desk.voting.chain.steward)


async def test_accept_ballot__votes_bought_after_the_snapshot__refused(desk: Desk) -> None:
    chain, stranger = desk.voting.chain, desk.voting.chain.steward
    token = chain.contracts["TribuneToken"].functions
    chain.send(token.transfer(stranger.address, 10**18), desk.voting.holders[0])
    chain.send(token.delegate(stranger.address), stranger)
    with pytest.raises(NoPowerError):
        await desk.send(stranger)


async def test_accept_ballot__signed_by_somebody_else__refused(desk: Desk) -> None:
    voter, other = desk.voting.holders[:2]
    with pytest.raises(WrongSignatureError, match=voter.address):
        await desk.send(other, voter=voter.address)


async def test_accept_ballot__signed_on_another_chain__refused(desk: Desk) -> None:
    voter = desk.voting.holders[0]
    with pytest.raises(WrongSignatureError, match="chain 31337"):
        await desk.send(voter, signature=desk.voting.sign(voter, 1, chain_id=1))


async def test_accept_ballot__signed_for_another_choice__refused(desk: Desk) -> None:
    voter = desk.voting.holders[0]
    with pytest.raises(WrongSignatureError):
        await desk.send(voter, 1, signature=desk.voting.sign(voter, 0))


async def test_accept_ballot__reason_changed_after_signing__refused(desk: Desk) -> None:
    voter = desk.voting.holders[0]
    with pytest.raises(WrongSignatureError):
        await desk.send(voter, 1, reason="another", signature=desk.voting.sign(voter, 1, "signed"))


@pytest.mark.parametrize("reason", ["x" * (REASON_LIMIT + 1), "a\0b", "\x1b[31m", "\ud800"])
async def test_accept_ballot__reason_too_long_or_not_text__refused(desk: Desk, reason: str) -> None:
    voter = desk.voting.holders[0]
    with pytest.raises(BallotInvalidError):
        await desk.send(voter, signature=desk.voting.sign(voter, 1), reason=reason)


async def test_accept_ballot__no_such_choice__refused(desk: Desk) -> None:
    with pytest.raises(BallotInvalidError, match="3 is no choice"):
        await desk.send(desk.voting.holders[0], 3)


async def test_accept_ballot__vote_over__refused(desk: Desk) -> None:
    desk.voting.chain.warp(700)
    with pytest.raises(VoteNotOpenError, match="ended"):
        await desk.send(desk.voting.holders[0])


async def test_accept_ballot__vote_not_open__says_who_can_open_it(
    breach: Voting, contracts: VoteContracts, documents: Documents, store: Store
) -> None:
    with pytest.raises(VoteNotOpenError):
        await Desk(breach, contracts, documents, store).send(breach.holders[0])


async def test_accept_ballot__cast_by_the_voter_itself__counts_as_done(desk: Desk) -> None:
    voter = desk.voting.holders[3]
    receipt = desk.voting.chain.send(
        desk.voting.governor.functions.castVote(desk.voting.proposal_id, 1), voter
    )
    status = await desk.send(voter, 1)
    assert (status.status, status.block, status.weight) == ("mined", receipt["blockNumber"], 100_000 * 10**18)


async def test_accept_ballot__any_refusal__leaves_nothing_queued(desk: Desk) -> None:
    voter, other = desk.voting.holders[:2]
    with pytest.raises(BallotRefusedError):
        await desk.send(other, voter=voter.address)
    vote = await read_case_vote(desk.contracts, desk.documents, desk.voting.case_id)
    assert await ballot_status(desk.store, desk.contracts, vote, Address(voter.address)) is None


async def test_accept_ballot__budget_spent__refused_with_the_call_to_send_oneself(
    desk: Desk, documents: Documents
) -> None:
    voting, holder = desk.voting, desk.voting.holders[0]
    vote = await read_case_vote(desk.contracts, documents, voting.case_id)
    ballot = SignedBallot(
        voting.proposal_id, Address(holder.address), 1, "", parse_signature(voting.sign(holder, 1))
    )
    nothing = RelaySettings(per_wallet_per_day=0)
    with pytest.raises(BudgetSpentError, match=rf"call castVote\({voting.proposal_id}, 1\) of 0x"):
        await accept_ballot(desk.store, desk.contracts, vote, ballot, nothing)
    await desk.send(holder)
    assert (await accept_ballot(desk.store, desk.contracts, vote, ballot, nothing)).status == "queued"


async def test_accept_ballot__dust_wallets_came_first__takes_it_of_who_has_a_share_of_the_votes(
    desk: Desk,
) -> None:
    with desk.store.session() as session:
        session.add_all(
            StoredBallot(proposal_id="1", voter=f"{n}", support=1, signature="0x01") for n in range(10)
        )
    twenty = RelaySettings(per_day=20)  # 10 for anybody, then a tenth of the votes for each
    with pytest.raises(BudgetSpentError, match="would need 100,000 votes, and it has 80,000"):
        await desk.send(desk.voting.holders[4], limits=twenty)
    assert (await desk.send(desk.voting.holders[0], limits=twenty)).status == "queued"
