"""What the index has about all monitors at once: who is admitted, and signed what last.

Only so many of the newest signatures are looked at, so that an answer takes as long in ten years as today; of
what was judged since, only what says how it ended: rules and values are most of a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from tribune.store.happenings import all_since
from tribune.store.tables import ChainEvent


class Signature(NamedTuple):
    """A monitor's signature under a report."""

    id: int
    at: datetime
    monitor: str
    model_id: int
    version: int
    frame: int
    report: str
    """Digest of the report."""


class Outcome(NamedTuple):
    """How a frame ended: with a report that counted, or with none."""

    at: datetime
    model_id: int
    version: int
    frame: int
    digest: str | None
    """Of the report that counted; None: nobody measured the frame in time."""
    policy: str | None
    """Digest of the policy that it was judged by; None: likewise."""


@dataclass(frozen=True)
class PanelEvents:
    """Events, each kind oldest first.

    Args:
        registry: monitors admitted and dismissed.
        signed: the newest signatures under reports.
        judged: how frames ended since the first of these.
        whole: whether `signed` are all there are.
    """

    registry: Sequence[ChainEvent]
    signed: Sequence[Signature]
    judged: Sequence[Outcome]
    whole: bool


def panel_events(session: Session, newest: int) -> PanelEvents:
    """Return what is needed to say how monitors do, from so many of the newest signatures."""
    event, args = ChainEvent, ChainEvent.args
    row, at, frame = col(event.id), col(event.block_time), col(event.frame)
    which = (col(event.model_id), args["version"].as_integer(), frame)
    found = session.execute(
        select(row, at, col(event.account), *which, args["report"].as_string())
        .where(col(event.name) == "Attested")
        .order_by(row.desc())
        .limit(newest)
    )
    signed = [Signature._make(one) for one in found][::-1]
    first = signed[0].id if signed else 0
    ended = session.execute(
        select(at, *which, args["digest"].as_string(), args["report"]["policy"].as_string())
        .where(col(event.name).in_(["ReportJudged", "FrameStale"]), row > first)
        .order_by(row)
    )
    return PanelEvents(
        registry=all_since(session, 0, ["MonitorAdmitted", "MonitorDismissed"]),
        signed=signed,
        judged=[Outcome._make(row) for row in ended],
        whole=len(signed) < newest,
    )
