"""Trails: who did what, newest first, in pages, of everything or of one model, account, time. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, false, func, union_all
from sqlmodel import Session, col, select

from tribune.store.tables import ChainEvent

_SLOW_LANE = "OversightGovernor"
"""Proposals of the other governor are cases, which have events of their own."""
_PROPOSALS = frozenset(
    ("ProposalCreated", "ProposalExtended", "ProposalCanceled", "ProposalQueued", "ProposalExecuted")
)
_HANDED_OVER = "Transfer"
"""Tokens have events of this name too, and many: those of models are looked up by their model."""


@dataclass(frozen=True)
class Wanted:
    """Which events a trail has.

    Args:
        names: of the events.
        model_id: only about this model, votes on its cases included.
        account: only what this account did, or what was done to it.
        since, until: only from then on, and before then.
    """

    names: frozenset[str]
    model_id: int | None = None
    account: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def trail_size(session: Session, wanted: Wanted) -> int:
    """Return how many events a trail has."""
    found = _ids(session, wanted)
    if found is None:
        return 0
    return int(session.execute(select(func.count()).select_from(found.subquery())).scalar_one())


def trail(
    session: Session, wanted: Wanted, *, limit: int, offset: int = 0, below: int | None = None
) -> Sequence[ChainEvent]:
    """Return events of a trail, newest first.

    Args:
        session: with the index.
        wanted: which.
        limit: how many at most.
        offset: how many of the newest are left out.
        below: only those with a smaller row id: goes on where the last call ended, whatever came since.
    """
    found = _ids(session, wanted, below)
    if found is None:
        return []
    ids = found.subquery()
    newest = select(ids.c.id).order_by(ids.c.id.desc()).limit(limit).offset(offset)
    return session.exec(
        select(ChainEvent)
        .where(col(ChainEvent.id).in_(session.execute(newest).scalars().all()))
        .order_by(col(ChainEvent.id).desc())
    ).all()


def cases_of(session: Session, proposals: Collection[str]) -> dict[int, int]:
    """Return proposal → case, of those that are votes on cases.

    Args:
        session: with the index.
        proposals: as events name them.
    """
    opened = session.exec(
        select(ChainEvent).where(
            col(ChainEvent.proposal).in_(list(proposals)), ChainEvent.name == "CaseVoteOpened"
        )
    )
    return {int(one.args["proposal_id"]): int(one.args["case_id"]) for one in opened}


def _ids(session: Session, wanted: Wanted, below: int | None = None) -> CompoundSelect[Any] | None:
    """Return what selects the row ids, None where nothing can be in the trail."""
    narrowed = [*_bounds(session, wanted)]
    if below is not None:
        narrowed.append(col(ChainEvent.id) < below)
    if wanted.account is not None:
        narrowed.append(col(ChainEvent.account) == wanted.account)
    parts = [select(col(ChainEvent.id)).where(*part, *narrowed) for part in _parts(session, wanted)]
    return union_all(*parts) if parts else None


def _parts(session: Session, wanted: Wanted) -> Iterator[tuple[ColumnElement[bool], ...]]:
    """Return conditions that exclude one another, each of which an index answers."""
    name, model = col(ChainEvent.name), col(ChainEvent.model_id)
    plain = sorted(wanted.names - _PROPOSALS - {_HANDED_OVER})
    if wanted.model_id is not None:
        yield (model == wanted.model_id, name.in_(sorted(wanted.names)))
        if held := _votes_on(session, wanted.model_id):
            yield (col(ChainEvent.proposal).in_(held), name.in_(plain), model.is_(None))
        return
    if plain:
        yield (name.in_(plain),)
    if slow := sorted(wanted.names & _PROPOSALS):
        yield (name.in_(slow), col(ChainEvent.contract) == _SLOW_LANE)
    if _HANDED_OVER in wanted.names:
        registered = select(model).where(name == "ModelRegistered")
        yield (name == _HANDED_OVER, model.in_(registered))


def _votes_on(session: Session, model_id: int) -> list[str]:
    """Return the proposals that were votes on a model's cases."""
    event = ChainEvent
    opened = select(event.case_id).where(event.model_id == model_id, event.name == "CaseOpened")
    held = select(event.proposal).where(event.name == "CaseVoteOpened", col(event.case_id).in_(opened))
    return [one for one in session.exec(held) if one is not None]


def _bounds(session: Session, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    """Return the times as bounds of row ids, which come in the order of blocks."""
    for time, is_start in ((wanted.since, True), (wanted.until, False)):
        if time is None:
            continue
        first = session.exec(
            select(ChainEvent.id)
            .where(ChainEvent.block_time >= time)
            .order_by(col(ChainEvent.block_time), col(ChainEvent.id))
            .limit(1)
        ).first()
        if is_start:
            yield false() if first is None else col(ChainEvent.id) >= first
        elif first is not None:
            yield col(ChainEvent.id) < first
