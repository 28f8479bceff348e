"""All that the index has about one model, votes included, by pages of the newest. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from tribune.store.tables import ChainEvent


@dataclass(frozen=True)
class Trail:
    """What happened to a model.

    Args:
        ids: row ids of its events, newest first.
        cases: proposal → case, of the votes that were held on it.
    """

    ids: tuple[int, ...]
    cases: dict[int, int] = field(default_factory=dict)


def trail_of(session: Session, model_id: int, names: Iterable[str], votes: Iterable[str]) -> Trail:
    """Return a model's trail: events of these names, and of its votes."""
    event = ChainEvent
    own = session.exec(
        select(event.id).where(event.model_id == model_id, col(event.name).in_(list(names)))
    ).all()
    opened = session.exec(
        select(event).where(event.model_id == model_id, event.name == "CaseOpened").order_by(col(event.id))
    ).all()
    of_model = {one.args["case_id"] for one in opened}
    held = [
        one
        for one in session.exec(select(event).where(event.name == "CaseVoteOpened"))
        if one.args["case_id"] in of_model
    ]
    cases = {int(one.args["proposal_id"]): int(one.args["case_id"]) for one in held}
    cast: Sequence[int | None] = []
    if cases:
        about = [one.proposal for one in held]
        cast = session.exec(
            select(event.id).where(col(event.proposal).in_(about), col(event.name).in_(list(votes)))
        ).all()
    ids = {one for one in (*own, *(one.id for one in held), *cast) if one is not None}
    return Trail(tuple(sorted(ids, reverse=True)), cases)


def events_by_id(session: Session, ids: Sequence[int]) -> list[ChainEvent]:
    """Return these events, newest first."""
    found = session.exec(
        select(ChainEvent).where(col(ChainEvent.id).in_(ids)).order_by(col(ChainEvent.id).desc())
    )
    return list(found)
