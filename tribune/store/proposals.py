"""Slow-lane proposals and their ballots, as indexed and stored. Commits nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlmodel import Session, col, select

from tribune.store.states import BallotState
from tribune.store.tables import ChainEvent, StoredBallot


def proposals_created(session: Session, contract: str) -> Sequence[ChainEvent]:
    """Return a governor's `ProposalCreated` events in chain order: the first is proposal 1."""
    return session.exec(
        select(ChainEvent)
        .where(ChainEvent.contract == contract, ChainEvent.name == "ProposalCreated")
        .order_by(col(ChainEvent.block_number), col(ChainEvent.log_index))
    ).all()


def proposal_created(session: Session, contract: str, number: int) -> ChainEvent | None:
    """Return the `ProposalCreated` event of a governor's proposal by its place, from 1."""
    return session.exec(
        select(ChainEvent)
        .where(ChainEvent.contract == contract, ChainEvent.name == "ProposalCreated")
        .order_by(col(ChainEvent.block_number), col(ChainEvent.log_index))
        .offset(number - 1)
        .limit(1)
    ).first()


def ballots_at(
    session: Session, governor: str, state: BallotState, *, limit: int = 500
) -> Sequence[StoredBallot]:
    """Return the oldest ballots of a governor in a state."""
    return session.exec(
        select(StoredBallot)
        .where(StoredBallot.governor == governor, StoredBallot.state == state)
        .order_by(col(StoredBallot.id))
        .limit(limit)
    ).all()


def ballots_under_way(session: Session, governor: str, voter: str) -> Sequence[StoredBallot]:
    """Return a voter's ballots at a governor that are queued or relayed, in the order of their arrival."""
    return session.exec(
        select(StoredBallot)
        .where(
            StoredBallot.governor == governor,
            StoredBallot.voter == voter,
            col(StoredBallot.state).in_([str(BallotState.QUEUED), str(BallotState.RELAYED)]),
        )
        .order_by(col(StoredBallot.id))
    ).all()


def mined_unseen(session: Session, above: int, up_to: int, names: Collection[str]) -> Sequence[StoredBallot]:
    """Return ballots that count as mined in these blocks (`above` is left out) without an event of theirs.

    A transaction that got into another block may count others' ballots and not this one.
    """
    seen = select(ChainEvent.id).where(
        ChainEvent.account == StoredBallot.voter,
        col(ChainEvent.name).in_(list(names)),
        ChainEvent.tx_hash == StoredBallot.tx_hash,
        ChainEvent.block_number == StoredBallot.block_number,
    )
    return session.exec(
        select(StoredBallot)
        .where(
            StoredBallot.state == BallotState.MINED,
            col(StoredBallot.block_number) > above,
            col(StoredBallot.block_number) <= up_to,
            ~seen.exists(),
        )
        .order_by(col(StoredBallot.id))
    ).all()
