"""What the index has about a report: by which rules it was judged, of what model, who signed. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from tribune.store.happenings import events_of_model
from tribune.store.incidents import attestations
from tribune.store.tables import ChainEvent


@dataclass(frozen=True)
class ReportFacts:
    """What stands around a report.

    Args:
        name: the model's; empty where it has none.
        profile: sha-256 of the version's profile, 0x-hex; None where the index has no such version.
        policy: arguments of the `PolicySet` by whose rules it was judged; None where the index has none.
        signed: what each monitor signed for the frame, in the order of arrival.
        names: names of monitors by address, dismissed ones included.
    """

    name: str
    profile: str | None
    policy: Mapping[str, Any] | None
    signed: tuple[Signed, ...]
    names: Mapping[str, str]


@dataclass(frozen=True)
class Signed:
    """A monitor's signature under its report of a frame."""

    monitor: str
    digest: str
    """Of the report that it signed."""
    at: datetime


def report_event(session: Session, model_id: int, version: int, frame: int) -> ChainEvent | None:
    """Return the newest `ReportJudged` of a version's frame, None where none was judged."""
    return session.exec(
        select(ChainEvent)
        .where(
            ChainEvent.model_id == model_id,
            ChainEvent.name == "ReportJudged",
            ChainEvent.frame == frame,
            ChainEvent.args["version"].as_integer() == version,
        )
        .order_by(col(ChainEvent.id).desc())
        .limit(1)
    ).first()


def report_facts(session: Session, model_id: int, version: int, frame: int, policy: str) -> ReportFacts:
    """Return what stands around a report that was judged by the policy of this digest (0x-hex)."""
    registered = events_of_model(session, model_id, ["ModelRegistered"], limit=1)
    versions = events_of_model(session, model_id, ["VersionRegistered"])
    policies = events_of_model(session, model_id, ["PolicySet"])
    return ReportFacts(
        name=str(registered[0].args["name"]) if registered else "",
        profile=next(
            (one.args["details"]["profile"] for one in versions if one.args["version"] == version), None
        ),
        policy=next((one.args for one in policies if one.args["digest"] == policy), None),
        signed=tuple(
            Signed(one.args["monitor"], one.args["report"], one.block_time)
            for one in attestations(session, model_id, version, frame)
        ),
        names=monitor_names(session),
    )


def monitor_names(session: Session) -> dict[str, str]:
    """Return address → name of all monitors that were ever admitted."""
    admitted = session.exec(
        select(ChainEvent).where(ChainEvent.name == "MonitorAdmitted").order_by(col(ChainEvent.id))
    )
    return {str(one.args["account"]): str(one.args["name"]) for one in admitted}
