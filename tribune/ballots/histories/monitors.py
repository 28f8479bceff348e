"""How monitors do: whether they agree with the others, what they missed, which models they are to watch.

From the newest signatures in the index. A frame counts once its outcome is known: it was judged, or somebody
recorded that nobody measured it in time; one that began before the first signature looked at is left out,
so that nobody is said to have missed what was not looked at. An evaluation (frame 0) has no time by which it
is due, so nobody misses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from tribune.chain.types import utc
from tribune.ids import Address

if TYPE_CHECKING:
    from tribune.ballots.watching import Grid, Watching
    from tribune.store.panels import PanelEvents

LOOK_BACK = 2_000
"""Signatures looked at: some dozen of each monitor of a large DAO, all of a small one."""


@dataclass(frozen=True)
class MeasuredFrame:
    """A version's frame."""

    model_id: int
    version: int
    frame: int
    at: datetime
    """When it was signed; where it was missed, until when it could have been."""
    judged: bool = False
    """Whether there is a report of it that counted, as far as was looked."""


@dataclass(frozen=True)
class Watched:
    """A model that a monitor is to watch."""

    model_id: int
    panel: int
    """How many monitors watch it."""


@dataclass
class Monitor:
    """A monitor's record.

    Args:
        address: its account.
        name, uri: as governance admitted it; empty where it was not.
        admitted_at, dismissed_at: when; None: it was not.
    """

    address: Address
    name: str = ""
    uri: str = ""
    admitted_at: datetime | None = None
    dismissed_at: datetime | None = None
    signed: int = 0
    """Frames that it signed, of those looked at."""
    agreed: int = 0
    """Of these, with exactly the result that counted."""
    differed: list[MeasuredFrame] = field(default_factory=list)
    """Of these, with another one; newest first."""
    missed: list[MeasuredFrame] = field(default_factory=list)
    """Frames that it was to measure and did not sign in time; newest first."""
    last: MeasuredFrame | None = None
    """What it signed last."""
    watches: list[Watched] = field(default_factory=list)

    @property
    def known(self) -> bool:
        """Whether governance ever admitted it."""
        return self.admitted_at is not None

    @property
    def active(self) -> bool:
        """Whether it is admitted."""
        return self.known and self.dismissed_at is None

    @property
    def alone(self) -> bool:
        """Whether it is the only monitor of a model that it watches."""
        return any(one.panel == 1 for one in self.watches)

    @property
    def judged(self) -> int:
        """Frames that it signed and whose result is known."""
        return self.agreed + len(self.differed)

    @property
    def due(self) -> int:
        """Frames whose outcome is known and that it was to measure."""
        return self.judged + len(self.missed)


@dataclass(frozen=True)
class Monitors:
    """All monitors.

    Args:
        found: by address, those that are admitted first, each in the order in which they appeared.
        since: from which signature on the records count; None where there is none.
        whole: whether they count everything there is.
    """

    found: Mapping[Address, Monitor]
    since: datetime | None
    whole: bool


def monitors_of(events: PanelEvents, watching: Watching, at: datetime) -> Monitors:
    """Return how each monitor does.

    Args:
        events: what the index has.
        watching: who is to measure which frames.
        at: the time of the chain, by which frames are due or not yet.
    """
    found: dict[Address, Monitor] = {}
    for one in events.registry:
        monitor = _get(found, one.args["account"])
        if one.name == "MonitorAdmitted":
            monitor.name, monitor.uri = one.args["name"], one.args["uri"]
            monitor.admitted_at, monitor.dismissed_at = one.block_time, None
        else:
            monitor.dismissed_at = one.block_time
    for model_id, grids in watching.grids.items():
        panel = grids[-1].panel
        for address in panel:
            _get(found, address).watches.append(Watched(model_id, len(panel)))
    signed: dict[tuple[int, int, int], dict[Address, tuple[str, datetime]]] = {}
    for by in events.signed:
        address, frame = Address(by.monitor), (by.model_id, by.version, by.frame)
        signed.setdefault(frame, {})[address] = (by.report, by.at)
        monitor = _get(found, address)
        monitor.signed += 1
        monitor.last = MeasuredFrame(*frame, by.at)
    since = events.signed[0].at if events.signed else None
    judged = set()
    for measured, digest, grid in _outcomes(events, watching):
        if digest is not None:
            judged.add(_key(measured))
        if since is not None and not events.whole and _began_before(measured, grid, since):
            continue
        _judge(found, signed.get(_key(measured), {}), measured, digest, grid, at)
    for monitor in found.values():
        if monitor.last is not None:
            monitor.last = replace(monitor.last, judged=_key(monitor.last) in judged)
        monitor.differed.reverse()
        monitor.missed.reverse()
        monitor.watches.sort(key=lambda one: one.model_id)
    return Monitors(dict(sorted(found.items(), key=lambda one: not one[1].active)), since, events.whole)


def _judge(
    found: dict[Address, Monitor],
    signed: Mapping[Address, tuple[str, datetime]],
    measured: MeasuredFrame,
    digest: str | None,
    grid: Grid | None,
    at: datetime,
) -> None:
    """Count a frame whose outcome is known; `digest` is the result that counted, None where none did."""
    frame = _key(measured)
    for address, (result, time) in signed.items():
        if digest is not None and result == digest:
            _get(found, address).agreed += 1
        elif digest is not None:
            _get(found, address).differed.append(MeasuredFrame(*frame, time, judged=True))
    if grid is None or not measured.frame or (due := utc(grid.due(measured.frame))) >= at:
        return
    for address in grid.panel:
        if address not in signed:
            late = MeasuredFrame(*frame, due, judged=digest is not None)
            _get(found, address).missed.append(late)


def _outcomes(
    events: PanelEvents, watching: Watching
) -> Iterable[tuple[MeasuredFrame, str | None, Grid | None]]:
    """Return each frame whose outcome is known: the result that counted, and the policy it was due by."""
    for one in events.judged:
        measured = MeasuredFrame(one.model_id, one.version, one.frame, one.at)
        if one.policy is None:
            yield measured, None, watching.of_frame(one.model_id, one.frame)
        else:
            yield measured, one.digest, watching.judging(one.model_id, one.policy)


def _began_before(measured: MeasuredFrame, grid: Grid | None, since: datetime) -> bool:
    """Return whether signatures of a frame may lie before those looked at."""
    return measured.frame > 0 and grid is not None and utc(grid.end(measured.frame)) < since


def _key(measured: MeasuredFrame) -> tuple[int, int, int]:
    return measured.model_id, measured.version, measured.frame


def _get(found: dict[Address, Monitor], address: str) -> Monitor:
    known = found.get(Address(address))
    if known is None:
        known = found[Address(address)] = Monitor(Address(address))
    return known
