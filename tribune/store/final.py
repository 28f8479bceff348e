"""Events of the index that are final, and whether what was told of is still there. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import func
from sqlmodel import Session, col, select

from tribune.store.tables import ChainEvent, OutboxRow

NEWEST = 200
"""Rows of the outbox that are looked through for what a reorg took back."""


def events_between(session: Session, names: Iterable[str], above: int, up_to: int) -> Sequence[ChainEvent]:
    """Return the events of these names in blocks above one and up to another, in chain order."""
    return session.exec(
        select(ChainEvent)
        .where(
            col(ChainEvent.name).in_(list(names)),
            ChainEvent.block_number > above,
            ChainEvent.block_number <= up_to,
        )
        .order_by(col(ChainEvent.id))
    ).all()


def event_before(session: Session, event: ChainEvent) -> ChainEvent | None:
    """Return the event of the same name about the same model that came before one."""
    return session.exec(
        select(ChainEvent)
        .where(
            ChainEvent.name == event.name,
            col(ChainEvent.model_id).is_not_distinct_from(event.model_id),
            col(ChainEvent.id) < event.id,
        )
        .order_by(col(ChainEvent.id).desc())
        .limit(1)
    ).first()


def newest_of_each(session: Session, names: Iterable[str]) -> Sequence[ChainEvent]:
    """Return the newest event of each of these names about each model."""
    newest = (
        select(func.max(ChainEvent.id))
        .where(col(ChainEvent.name).in_(list(names)))
        .group_by(col(ChainEvent.name), col(ChainEvent.model_id))
    )
    return session.exec(
        select(ChainEvent).where(col(ChainEvent.id).in_(newest)).order_by(col(ChainEvent.id))
    ).all()


def known_keys(session: Session, keys: Iterable[str]) -> set[str]:
    """Return those of these keys that the outbox has."""
    return set(session.exec(select(OutboxRow.key).where(col(OutboxRow.key).in_(list(keys)))))


def newest_rows(session: Session, kind: str) -> Sequence[OutboxRow]:
    """Return the newest rows of a kind, in whatever state."""
    return session.exec(
        select(OutboxRow).where(OutboxRow.kind == kind).order_by(col(OutboxRow.id).desc()).limit(NEWEST)
    ).all()


def is_there(session: Session, block_hash: str, log_index: int) -> bool:
    """Return whether the index has an event at this place of this block."""
    found = select(ChainEvent.id).where(
        ChainEvent.block_hash == block_hash, ChainEvent.log_index == log_index
    )
    return session.exec(found).first() is not None
