"""What the index has about all monitors at once: who is admitted, on which panel, and signed what last.

Only so many of the newest signatures are looked at, so that an answer takes as long in ten years as today.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session, col

from tribune.store.tables import ChainEvent


@dataclass(frozen=True)
class Happened:
    """An event, as far as it matters here."""

    id: int
    name: str
    at: datetime
    args: Mapping[str, Any]


@dataclass(frozen=True)
class PanelEvents:
    """Events, each kind oldest first.

    Args:
        registry: monitors admitted and dismissed.
        policies: the newest policy of each model, and earlier ones by which what follows was judged.
        current: row ids of those that are the newest of their models.
        signed: the newest signatures under reports.
        judged: reports that were judged since the first of these, and frames that nobody measured in time.
        whole: whether `signed` are all there are.
    """

    registry: Sequence[Happened]
    policies: Sequence[Happened]
    current: frozenset[int]
    signed: Sequence[Happened]
    judged: Sequence[Happened]
    whole: bool


def panel_events(session: Session, newest: int) -> PanelEvents:
    """Return what is needed to say how monitors do, from so many of the newest signatures."""
    row, name, model = col(ChainEvent.id), col(ChainEvent.name), col(ChainEvent.model_id)
    signed = _read(session, (name == "Attested",), newest)
    first = signed[0].id if signed else 0
    judged = _read(session, (name.in_(["ReportJudged", "FrameStale"]), row > first))
    current = select(func.max(row)).where(name == "PolicySet").group_by(model)
    policies = _read(session, (row.in_(current),))
    newest_of = frozenset(one.id for one in policies)
    known = {one.args["digest"] for one in policies}
    older = {
        one.args["model_id"]
        for one in judged
        if one.name == "FrameStale" or one.args["report"]["policy"] not in known
    }
    if older:
        earlier = _read(session, (model.in_(older), name == "PolicySet"))
        policies = sorted({one.id: one for one in (*policies, *earlier)}.values(), key=lambda one: one.id)
    return PanelEvents(
        registry=_read(session, (name.in_(["MonitorAdmitted", "MonitorDismissed"]),)),
        policies=policies,
        current=newest_of,
        signed=signed,
        judged=judged,
        whole=len(signed) < newest,
    )


def _read(
    session: Session, conditions: Sequence[ColumnElement[bool]], newest: int | None = None
) -> list[Happened]:
    """Return events, oldest first; of more than `newest` only the newest."""
    event = ChainEvent
    found = (
        select(col(event.id), col(event.name), col(event.block_time), col(event.args))
        .where(*conditions)
        .order_by(col(event.id).desc())
        .limit(newest)
    )
    return [Happened(int(row or 0), name, at, args) for row, name, at, args in session.execute(found)][::-1]
