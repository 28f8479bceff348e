"""What a store says of the monitors that used it, for status and health pages. Reads only."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func
from sqlmodel import Session, col, select

from tribune.store.states import PeerVerdict, ReportState
from tribune.store.tables import Lease, PeerCheck, SignedReport


def monitor_leases(session: Session) -> Sequence[Lease]:
    """Return the leases of monitors, whether or not they ended."""
    return session.exec(select(Lease).where(col(Lease.name).startswith("monitor/"))).all()


def signers(session: Session) -> Sequence[str]:
    """Return the addresses of all monitors that ever signed with this store."""
    return session.exec(select(SignedReport.monitor).distinct()).all()


def report_counts(session: Session, monitor: str) -> dict[int, dict[str, int]]:
    """Return how many reports of a monitor stand where, by model and state."""
    model, state = col(SignedReport.model_id), col(SignedReport.state)
    counted = select(model, state, func.count()).where(SignedReport.monitor == monitor)
    found: dict[int, dict[str, int]] = {}
    for model_id, name, count in session.exec(counted.group_by(model, state).order_by(model)):
        found.setdefault(model_id, {})[name] = count
    return found


def newest_report(session: Session, monitor: str, model_id: int, *states: ReportState) -> SignedReport | None:
    """Return a monitor's report of a model's newest frame; with states, of those in any of them."""
    own = select(SignedReport).where(SignedReport.monitor == monitor, SignedReport.model_id == model_id)
    if states:
        own = own.where(col(SignedReport.state).in_([str(state) for state in states]))
    return session.exec(
        own.order_by(col(SignedReport.frame).desc(), col(SignedReport.id).desc()).limit(1)
    ).first()


def peer_counts(session: Session, monitor: str) -> dict[str, dict[str, int]]:
    """Return how often a monitor found what of each peer's witness, by peer and verdict."""
    peer, verdict = col(PeerCheck.peer), col(PeerCheck.verdict)
    counted = select(peer, verdict, func.count()).where(PeerCheck.monitor == monitor)
    found: dict[str, dict[str, int]] = {}
    for name, said, count in session.exec(counted.group_by(peer, verdict)):
        found.setdefault(name, {})[said] = count
    return found


def differing_witnesses(session: Session, monitor: str) -> dict[int, int]:
    """Return how many witnesses of peers a monitor found to differ from its own data, by model."""
    model = col(PeerCheck.model_id)
    differs = select(model, func.count()).where(
        PeerCheck.monitor == monitor, PeerCheck.verdict == PeerVerdict.DIFFERS
    )
    return dict(session.exec(differs.group_by(model)).all())
