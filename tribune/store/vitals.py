"""What a store's health is read from: work that waits or failed, and how far the index is."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, select

from tribune.store.queries import checkpoint
from tribune.store.tables import OutboxRow, OutboxState, now

INDEX = "indexer"
"""Name of the index's checkpoint."""


@dataclass(frozen=True)
class StoreVitals:
    """A store's vital signs.

    Args:
        rows: of the outbox, by state; what is done is left out, since it only grows.
        oldest_s: how long the oldest row waits, in seconds.
        indexed: newest block of the index; None where there is none.
    """

    rows: dict[str, int]
    oldest_s: float
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
    at = checkpoint(session, INDEX)
    return StoreVitals(
        rows={state: 0 for state in shown} | {str(state): int(count) for state, count in counted},
        oldest_s=0.0 if oldest is None else max(0.0, (now() - oldest).total_seconds()),
        indexed=None if at is None else at.block_number,
    )
