"""Events of the index by what they are about: which there are, and those of a model. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import func
from sqlmodel import Session, col, select

from tribune.store.tables import ChainEvent


def extent(session: Session, names: Iterable[str]) -> tuple[int, int]:
    """Return how many events of these names there are, and the newest one's row id (0 where none is)."""
    found = session.exec(
        select(func.count(), func.max(ChainEvent.id)).where(col(ChainEvent.name).in_(list(names)))
    ).one()
    return int(found[0]), int(found[1] or 0)


def all_since(session: Session, event_id: int, names: Iterable[str]) -> Sequence[ChainEvent]:
    """Return every event of these names with a greater row id, in order."""
    return session.exec(
        select(ChainEvent)
        .where(col(ChainEvent.id) > event_id, col(ChainEvent.name).in_(list(names)))
        .order_by(col(ChainEvent.id))
    ).all()


def events_of_model(
    session: Session, model_id: int, names: Iterable[str], *, limit: int | None = None
) -> Sequence[ChainEvent]:
    """Return a model's events of these names, newest first; at most `limit` of them."""
    return session.exec(
        select(ChainEvent)
        .where(ChainEvent.model_id == model_id, col(ChainEvent.name).in_(list(names)))
        .order_by(col(ChainEvent.id).desc())
        .limit(limit)
    ).all()


def count_of_model(session: Session, model_id: int, names: Iterable[str]) -> int:
    """Return how many events of these names a model has."""
    return int(
        session.exec(
            select(func.count())
            .select_from(ChainEvent)
            .where(ChainEvent.model_id == model_id, col(ChainEvent.name).in_(list(names)))
        ).one()
    )
