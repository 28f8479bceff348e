"""How a monitor stands: what its store says it did, and what the chain says of it. Needs no key.

Shows what is known and says what could not be looked at; judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tribune.chain import Tribune
from tribune.chain.types import COIN
from tribune.exceptions import ChainError
from tribune.ids import Address, FrameIndex, ModelId
from tribune.reports.oversight import independence
from tribune.settings import Settings
from tribune.store.monitors import monitor_leases, newest_report, peer_counts, report_counts, signers
from tribune.store.session import Session, Store
from tribune.store.states import ReportState
from tribune_monitors.reporting.filing import copies_owed


@dataclass(frozen=True)
class ModelStatus:
    """What a monitor said of a model.

    Args:
        model_id: the model.
        frame: newest frame that was signed.
        signed_at: when that was.
        states: how many reports stand where.
        refused: why the newest refused one was; empty if none was.
    """

    model_id: int
    frame: int
    signed_at: datetime
    states: dict[str, int]
    refused: str = ""


@dataclass(frozen=True)
class MonitorStatus:
    """How one monitor of a store stands.

    Args:
        monitor: its address.
        running: process and machine that act for it, empty if none does.
        models: what it said, by model.
        peers: how often the witness of each peer was looked at, by verdict.
        balance: of its key, in wei; None: the chain could not be looked at.
    """

    monitor: str
    running: str
    models: tuple[ModelStatus, ...]
    peers: dict[str, dict[str, int]]
    balance: int | None = None


@dataclass(frozen=True)
class Status:
    """All monitors of a store.

    Args:
        monitors: those that ever signed or ran.
        owed: copies that evidence stores still wait for.
        head: number and time of the newest block; None: the chain could not be looked at.
        unseen: why not.
        panels: how many monitors measure each model; a model without a policy is not in it.
    """

    monitors: tuple[MonitorStatus, ...]
    owed: int
    head: tuple[int, datetime] | None = None
    unseen: str = ""
    panels: Mapping[int, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return it as a document."""
        return {
            "head": None if self.head is None else {"block": self.head[0], "time": _said(self.head[1])},
            "unseen": self.unseen,
            "owed": self.owed,
            "monitors": [
                {
                    "monitor": one.monitor,
                    "running": one.running,
                    "balance_wei": None if one.balance is None else str(one.balance),
                    "models": [
                        {
                            "model": model.model_id,
                            "panel": self.panels.get(model.model_id),
                            "frame": model.frame,
                            "signed_at": _said(model.signed_at),
                            "reports": model.states,
                            "refused": model.refused,
                        }
                        for model in one.models
                    ],
                    "peers": one.peers,
                }
                for one in self.monitors
            ],
        }


async def read_status(settings: Settings) -> Status:
    """Return how the monitors of the settings' store stand.

    Raises:
        StoreError: the store cannot be read.
        ConfigurationError: no deployment.
    """
    with Store(settings.store_url) as store:
        monitors, owed = await store.read(_read)
    try:
        async with await Tribune.connect(settings) as tribune:
            head = await tribune.chain.head()
            balances = [await tribune.chain.balance(Address(one.monitor)) for one in monitors]
            models = {model.model_id for one in monitors for model in one.models}
            panels = {model: await _panel(tribune, ModelId(model)) for model in sorted(models)}
    except ChainError as fault:
        return Status(tuple(monitors), owed, unseen=str(fault))
    held = zip(monitors, balances, strict=True)
    return Status(
        tuple(MonitorStatus(m.monitor, m.running, m.models, m.peers, balance) for m, balance in held),
        owed,
        (head.number, head.time),
        panels={model: size for model, size in panels.items() if size},
    )


async def _panel(tribune: Tribune, model_id: ModelId) -> int:
    """Return how many monitors measure a model; 0 where it has no policy."""
    if not await tribune.policy_book.has_policy(model_id):
        return 0
    return (await tribune.policy_book.terms(model_id, FrameIndex(0))).panel_size


def _read(session: Session) -> tuple[list[MonitorStatus], int]:
    leases = {
        lease.name.removeprefix("monitor/"): f"process {lease.pid} on {lease.host}"
        for lease in monitor_leases(session)
    }
    known = {name.lower(): name for name in (*leases, *signers(session))}
    return [
        MonitorStatus(name, leases.get(lower, ""), _models(session, name), peer_counts(session, name))
        for lower, name in sorted(known.items())
    ], copies_owed(session)


def _models(session: Session, monitor: str) -> tuple[ModelStatus, ...]:
    found = []
    for model_id, states in report_counts(session, monitor).items():
        newest = newest_report(session, monitor, model_id)
        refused = newest_report(session, monitor, model_id, ReportState.REFUSED)
        if newest is not None:
            why = "" if refused is None else refused.error
            found.append(ModelStatus(model_id, newest.frame, newest.created_at, states, why))
    return tuple(found)


def lines(status: Status) -> Iterator[str]:
    """Say it for people."""
    if status.head is not None:
        age = (datetime.now(UTC) - status.head[1]).total_seconds()
        yield f"chain: block {status.head[0]:,} of {_said(status.head[1])}, {age:,.0f} s ago"
    if status.unseen:
        yield f"chain: could not be looked at. {status.unseen}"
    if not status.monitors:
        yield "no monitor has run on this store yet"
    for one in status.monitors:
        yield f"monitor {one.monitor}"
        yield f"  {one.running or 'not running'}"
        if one.balance is not None:
            yield f"  holds {one.balance / COIN:.6f} of the chain's coin"
        for model in one.models:
            stand = ", ".join(f"{count:,} {state}" for state, count in sorted(model.states.items()))
            alone = independence(status.panels.get(model.model_id, 0))
            named = f"model {model.model_id} ({alone})" if alone else f"model {model.model_id}"
            yield f"  {named}: newest frame {model.frame}, {_said(model.signed_at)}; {stand}"
            if model.refused:
                yield f"    refused last: {model.refused}"
        yield from _peer_lines(one.peers)
    if status.owed:
        yield f"owed to evidence stores: {status.owed:,}"


def _peer_lines(peers: dict[str, dict[str, int]]) -> Iterator[str]:
    for peer, verdicts in sorted(peers.items()):
        said = ", ".join(f"{count:,} {verdict}" for verdict, count in sorted(verdicts.items()))
        yield f"  witness of {peer}: {said}"


def _said(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"
