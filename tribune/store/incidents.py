"""Events of the index about a case: what happened to it, who signed its frame, who voted. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from tribune.store.about import proposal_key
from tribune.store.tables import ChainEvent

_ORDER = (col(ChainEvent.block_number), col(ChainEvent.log_index))


def _cast_on(governor: str, proposal_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        col(ChainEvent.proposal) == proposal_key(proposal_id),
        col(ChainEvent.name).in_(["VoteCast", "VoteCastWithParams"]),
        col(ChainEvent.address) == governor,
    )


def events_of_case(session: Session, case_id: int, names: Iterable[str]) -> Sequence[ChainEvent]:
    """Return the events of these names that name a case, in chain order."""
    return session.exec(
        select(ChainEvent)
        .where(
            col(ChainEvent.name).in_(list(names)),
            ChainEvent.case_id == case_id,
        )
        .order_by(*_ORDER)
    ).all()


def events_of_cases(
    session: Session, case_ids: Collection[int], names: Iterable[str]
) -> dict[int, list[ChainEvent]]:
    """Return case → its events of these names, in chain order; an empty list where there are none."""
    found: dict[int, list[ChainEvent]] = {case_id: [] for case_id in case_ids}
    events = session.exec(
        select(ChainEvent)
        .where(col(ChainEvent.name).in_(list(names)), col(ChainEvent.case_id).in_(list(case_ids)))
        .order_by(*_ORDER)
    )
    for event in events:
        found[int(event.args["case_id"])].append(event)
    return found


def ballots_cast(session: Session, governor: str, proposal_id: int) -> Sequence[ChainEvent]:
    """Return the ballots of a governor's proposal, in chain order."""
    return session.exec(select(ChainEvent).where(*_cast_on(governor, proposal_id)).order_by(*_ORDER)).all()


def newest_ballots(
    session: Session, governor: str, proposal_id: int, *, limit: int, offset: int
) -> Sequence[ChainEvent]:
    """Return ballots of a governor's proposal, newest first, without so many of the newest."""
    return session.exec(
        select(ChainEvent)
        .where(*_cast_on(governor, proposal_id))
        .order_by(col(ChainEvent.id).desc())
        .limit(limit)
        .offset(offset)
    ).all()


def ballot_count(session: Session, governor: str, proposal_id: int) -> int:
    """Return how many ballots a governor's proposal has."""
    counted = select(func.count()).select_from(ChainEvent).where(*_cast_on(governor, proposal_id))
    return int(session.exec(counted).one())


def attestations(session: Session, model_id: int, version: int, frame: int) -> Sequence[ChainEvent]:
    """Return the signatures of a frame that counted, in chain order."""
    return session.exec(
        select(ChainEvent)
        .where(
            ChainEvent.model_id == model_id,
            ChainEvent.name == "Attested",
            ChainEvent.frame == frame,
            ChainEvent.args["version"].as_integer() == version,
        )
        .order_by(*_ORDER)
    ).all()


def states_of(session: Session, model_id: int) -> Sequence[ChainEvent]:
    """Return a model's changes of state and the cases opened about it, in chain order."""
    return session.exec(
        select(ChainEvent)
        .where(
            ChainEvent.model_id == model_id,
            col(ChainEvent.name).in_(["StateChanged", "CaseOpened"]),
        )
        .order_by(*_ORDER)
    ).all()
