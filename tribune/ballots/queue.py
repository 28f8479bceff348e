"""The queue of ballots: one for each proposal and voter, whatever is sent twice, by whomever.

A ballot that somebody else brought to the chain counts as done. Nothing here sends a transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tribune.ballots.budget import Power, check_budget, spent
from tribune.ballots.cast import CastVote, find_votes
from tribune.ballots.checks import AlreadyVotedError, check_form, check_power, check_signature
from tribune.ballots.lane import Lane
from tribune.ballots.typed_data import SignedBallot, Support
from tribune.ids import Address, CaseId, ProposalId
from tribune.language import _

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts
    from tribune.ballots.vote import Vote
    from tribune.settings import RelaySettings
    from tribune.store.session import Session, Store
    from tribune.store.tables import StoredBallot


@dataclass(frozen=True)
class BallotStatus:
    """Where a voter's ballot stands."""

    case_id: CaseId
    proposal_id: ProposalId
    voter: Address
    status: str
    """queued, relayed, mined or refused."""
    support: int
    weight: int = 0
    tx: str = ""
    block: int = 0
    error: str = ""
    """Why it was refused."""

    @classmethod
    def of(cls, row: StoredBallot) -> BallotStatus:
        """Read a stored ballot."""
        return cls(
            case_id=CaseId(row.case_id),
            proposal_id=ProposalId(int(row.proposal_id)),
            voter=Address(row.voter),
            status="refused" if row.state == "rejected" else str(row.state),
            support=row.support,
            weight=int(row.weight),
            tx=row.tx_hash,
            block=row.block_number,
            error=_(row.error) if row.error else "",
        )


async def accept_ballot(
    store: Store,
    contracts: VoteContracts,
    vote: Vote,
    ballot: SignedBallot,
    limits: RelaySettings | None = None,
    *,
    discord_user_id: int = 0,
) -> BallotStatus:
    """Check a ballot and queue it; sent again, it is found again.

    Args:
        store: the queue.
        contracts: the chain.
        vote: what the ballot is about.
        ballot: what the voter signed.
        limits: how much is paid for voters; None: what is usual.
        discord_user_id: who handed it in and is told once it is mined; 0: nobody we know.

    Raises:
        BallotRefusedError: it would not count, with the reason.
        BudgetSpentError: we pay no more for this wallet for now.
        ChainUnreachableError: it could not be checked; nothing was queued.
        StoreError: it could not be stored.
    """
    known = await ballot_status(store, contracts, vote, ballot.voter)
    if known is not None and known.status != "refused":
        return _same(known, ballot)
    check_form(ballot, vote)
    nonce = await next_nonce(store, contracts, vote, ballot.voter)
    await check_signature(contracts, ballot, vote.lane, nonce)
    votes, _voted = await check_power(contracts, ballot, vote)
    power = Power(votes, vote.tally.supply, vote.decimals)
    return _same(await store.run(_put, vote, ballot, power, limits, discord_user_id), ballot)


async def next_nonce(store: Store, contracts: VoteContracts, vote: Vote, voter: Address) -> int:
    """Return the nonce that a voter's ballot must be signed with: 0 in the fast lane.

    In the slow lane it is the one after those of its ballots on other votes that are on their way.

    Raises:
        ChainUnreachableError: the chain cannot be read.
    """
    if vote.lane is Lane.FAST:
        return 0
    waiting = [one for one in await store.read(_under_way, vote.lane, voter) if one != vote.proposal_id]
    nonce, *voted = await contracts.read(
        (vote.lane, "nonces", (voter,)), *((vote.lane, "hasVoted", (one, voter)) for one in waiting)
    )
    return int(nonce) + voted.count(False)


async def ballot_status(
    store: Store, contracts: VoteContracts, vote: Vote, voter: Address
) -> BallotStatus | None:
    """Return where a voter's ballot stands, None if there is none, here or on the chain.

    Raises:
        ChainUnreachableError: the chain cannot be read.
    """
    known = await store.read(_get, vote.proposal_id, voter)
    if (known is not None and known.status == "mined") or not vote.proposal_id:
        return known
    cast = (await find_votes(contracts, vote.proposal_id, [voter], vote.lane)).get(voter)
    if cast is None:
        return known
    return await store.run(mark_mined, vote.case_id, vote.proposal_id, cast, vote.lane)


def mark_mined(
    session: Session, case_id: CaseId, proposal_id: ProposalId, cast: CastVote, lane: Lane = Lane.FAST
) -> BallotStatus:
    """Record a vote that is on the chain; where it came from another tool, as a ballot without signature."""
    from tribune.store.queries import add_once, ballot_of
    from tribune.store.states import BallotState
    from tribune.store.tables import StoredBallot, now

    row = ballot_of(session, proposal_id, cast.voter)
    if row is None:
        add_once(
            session,
            StoredBallot(
                proposal_id=str(proposal_id),
                governor=lane,
                case_id=case_id,
                voter=cast.voter,
                support=cast.support,
                signature="",
                state=BallotState.MINED,
            ),
        )
        row = ballot_of(session, proposal_id, cast.voter)
    if row is None:  # written in this transaction
        raise AssertionError("a stored ballot cannot be absent")
    row.state, row.support, row.weight = BallotState.MINED, cast.support, str(cast.weight)
    row.tx_hash, row.block_number, row.error, row.updated_at = cast.tx_hash, cast.block, "", now()
    session.add(row)
    return BallotStatus.of(row)


def _same(known: BallotStatus, ballot: SignedBallot) -> BallotStatus:
    if known.support == ballot.support:
        return known
    choice = Support(known.support).word
    if known.block:
        text = _("This wallet has already voted: {choice}, counted in block {block}.")
    else:
        text = _("This wallet has already voted: {choice}. It is on its way to the chain.")
    raise AlreadyVotedError(
        text.format(choice=choice, block=known.block), mend=_("A vote cannot be changed.")
    )


def _get(session: Session, proposal_id: ProposalId, voter: Address) -> BallotStatus | None:
    from tribune.store.queries import ballot_of

    row = ballot_of(session, proposal_id, voter)
    return None if row is None else BallotStatus.of(row)


def _under_way(session: Session, lane: Lane, voter: Address) -> list[ProposalId]:
    from tribune.store.proposals import ballots_under_way

    return [ProposalId(int(row.proposal_id)) for row in ballots_under_way(session, lane, voter)]


def _put(
    session: Session,
    vote: Vote,
    ballot: SignedBallot,
    power: Power,
    limits: RelaySettings | None,
    discord_user_id: int,
) -> BallotStatus:
    """Insert a ballot, or put a new one in the place of one that was refused."""
    from tribune.settings import RelaySettings
    from tribune.store.queries import add_once, ballot_of
    from tribune.store.states import BallotState
    from tribune.store.tables import StoredBallot, now

    known = ballot_of(session, ballot.proposal_id, ballot.voter)
    if known is None or known.state == BallotState.REJECTED:
        instead = _("{call} of {governor} (the vote's page does it for you)").format(
            call=f"castVote({ballot.proposal_id}, {ballot.support})", governor=vote.governor
        )
        if known is not None and known.tx_hash:  # paid for, and refused in its block: once is enough
            raise spent(1, ballot.voter, instead)
        check_budget(session, limits or RelaySettings(), ballot.voter, instead, power)
    signature = "0x" + ballot.signature.hex()
    add_once(
        session,
        StoredBallot(
            proposal_id=str(ballot.proposal_id),
            governor=vote.lane,
            case_id=vote.case_id,
            discord_user_id=discord_user_id,
            voter=ballot.voter,
            support=ballot.support,
            reason=ballot.reason,
            signature=signature,
        ),
    )
    row = ballot_of(session, ballot.proposal_id, ballot.voter)
    if row is None:  # written in this transaction
        raise AssertionError("a stored ballot cannot be absent")
    if row.state == BallotState.REJECTED:
        row.support, row.reason, row.signature = ballot.support, ballot.reason, signature
        row.state, row.error, row.tx_hash, row.updated_at = BallotState.QUEUED, "", "", now()
        row.discord_user_id = discord_user_id or row.discord_user_id
        session.add(row)
    return BallotStatus.of(row)
