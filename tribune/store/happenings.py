"""Events of the index by what they are about: which there are, and those of a model. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import func
from sqlmodel import Session, col, select

from tribune.store.tables import ChainEvent

_AT_A_TIME = 100  # rows read where the reader may stop early


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


def newest_reports(session: Session) -> Sequence[ChainEvent]:
    """Return each model's newest `ReportJudged` in service, in order."""
    newest = (
        select(func.max(ChainEvent.id))
        .where(ChainEvent.name == "ReportJudged", ChainEvent.args["frame"].as_integer() > 0)
        .group_by(col(ChainEvent.model_id))
    )
    return session.exec(
        select(ChainEvent).where(col(ChainEvent.id).in_(newest)).order_by(col(ChainEvent.id))
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


def judged_report(session: Session, model_id: int, frame: int | None) -> ChainEvent | None:
    """Return a frame's newest `ReportJudged`; for None that of the newest frame in service, or frame 0."""
    judged = (
        select(ChainEvent)
        .where(ChainEvent.model_id == model_id, ChainEvent.name == "ReportJudged")
        .order_by(col(ChainEvent.id).desc())
        .limit(1)
    )
    if frame is not None:
        return session.exec(judged.where(ChainEvent.frame == frame)).first()
    return session.exec(judged.where(col(ChainEvent.frame) > 0)).first() or session.exec(judged).first()


def judged_before(session: Session, model_id: int, frame: int) -> Iterator[ChainEvent]:
    """Yield each `ReportJudged` of a model's frames in service before one, newest first, as asked for."""
    yield from session.exec(
        select(ChainEvent)
        .where(
            ChainEvent.model_id == model_id,
            ChainEvent.name == "ReportJudged",
            col(ChainEvent.frame).between(1, frame - 1),
        )
        .order_by(col(ChainEvent.frame).desc(), col(ChainEvent.id))
        .execution_options(yield_per=_AT_A_TIME)
    )


def signatures(session: Session, model_id: int, version: int, frame: int) -> list[tuple[str, str]]:
    """Return (monitor, digest of its report) of each that signed a frame, in the order of their arrival."""
    found = session.exec(
        select(ChainEvent)
        .where(
            ChainEvent.model_id == model_id,
            ChainEvent.name == "Attested",
            ChainEvent.frame == frame,
            ChainEvent.args["version"].as_integer() == version,
        )
        .order_by(col(ChainEvent.id))
    )
    return [(event.args["monitor"], event.args["report"]) for event in found]


def admitted_monitors(session: Session) -> dict[str, str]:
    """Return address → name of the monitors that are admitted."""
    found: dict[str, str] = {}
    for event in all_since(session, 0, ["MonitorAdmitted", "MonitorDismissed"]):
        account = str(event.args["account"])
        if event.name == "MonitorAdmitted":
            found[account] = str(event.args["name"])
        else:
            found.pop(account, None)
    return found


def last_signatures(session: Session, among: int) -> dict[str, ChainEvent]:
    """Return monitor → its newest `Attested`, among so many of the newest of all monitors."""
    newest = session.exec(
        select(ChainEvent)
        .where(ChainEvent.name == "Attested")
        .order_by(col(ChainEvent.id).desc())
        .limit(among)
    )
    found: dict[str, ChainEvent] = {}
    for event in newest:
        found.setdefault(str(event.args["monitor"]), event)
    return found
