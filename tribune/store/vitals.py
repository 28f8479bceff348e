"""What a store's health is read from: work that waits or failed, and how far the index is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from tribune.store.queries import checkpoint
from tribune.store.states import BallotState, OutboxState
from tribune.store.tables import OutboxRow, StoredBallot, now

INDEX = "indexer"
"""Name of the index's checkpoint."""


@dataclass(frozen=True)
class StoreVitals:
    """A store's vital signs.

    Args:
        rows: of the outbox, by state; what is done is left out, since it only grows.
        oldest_s: how long the oldest row waits, in seconds.
        ballot_s: how long the oldest ballot waits to be in a block, in seconds.
        indexed: newest block of the index; None where there is none.
    """

    rows: dict[str, int]
    oldest_s: float
    ballot_s: float
    indexed: int | None


def store_vitals(session: Session) -> StoreVitals:
    """Read them."""
    shown = [str(OutboxState.QUEUED), str(OutboxState.FAILED)]
    counted = session.exec(
        select(OutboxRow.state, func.count()).where(col(OutboxRow.state).in_(shown)).group_by(OutboxRow.state)
    ).all()
    oldest = session.exec(
        select(OutboxRow.created_at)
        .where(OutboxRow.state == OutboxState.QUEUED)
        .order_by(col(OutboxRow.id))
        .limit(1)
    ).first()
    ballot = session.exec(
        select(StoredBallot.created_at)
        .where(col(StoredBallot.state).in_([str(BallotState.QUEUED), str(BallotState.RELAYED)]))
        .order_by(col(StoredBallot.id))
        .limit(1)
    ).first()
    at = checkpoint(session, INDEX)
    return StoreVitals(
        rows={state: 0 for state in shown} | {str(state): int(count) for state, count in counted},
        oldest_s=_waited_s(oldest),
        ballot_s=_waited_s(ballot),
        indexed=None if at is None else at.block_number,
    )


def _waited_s(since: datetime | None) -> float:
    return 0.0 if since is None else max(0.0, (now() - since).total_seconds())
