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
from typing import TYPE_CHECKING, Any

from tribune.chain.types import utc
from tribune.ids import Address

if TYPE_CHECKING:
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


@dataclass(frozen=True)
class _Policy:
    """A policy, as far as it says who is to measure a frame until when."""

    panel: tuple[Address, ...]
    base: int
    first_frame: int
    step: int
    deadline: int

    @classmethod
    def of(cls, args: Mapping[str, Any]) -> _Policy:
        policy = args["policy"]
        panel = tuple(Address(one) for one in policy["panel"])
        return cls(panel, args["base"], args["first_frame"], policy["step"], policy["deadline"])

    def end(self, frame: int) -> datetime:
        return utc(self.base + (frame - self.first_frame + 1) * self.step)

    def due(self, frame: int) -> datetime:
        return utc(self.base + (frame - self.first_frame + 1) * self.step + self.deadline)


def monitors_of(events: PanelEvents, at: datetime) -> Monitors:
    """Return how each monitor does.

    Args:
        events: what the index has.
        at: the time of the chain, by which frames are due or not yet.
    """
    found: dict[Address, Monitor] = {}
    for one in events.registry:
        monitor = _get(found, one.args["account"])
        if one.name == "MonitorAdmitted":
            monitor.name, monitor.uri = one.args["name"], one.args["uri"]
            monitor.admitted_at, monitor.dismissed_at = one.at, None
        else:
            monitor.dismissed_at = one.at
    for one in events.policies:
        if one.id in events.current:
            panel = one.args["policy"]["panel"]
            for address in panel:
                _get(found, address).watches.append(Watched(one.args["model_id"], len(panel)))
    signed: dict[tuple[int, int, int], dict[Address, tuple[str, datetime]]] = {}
    for one in events.signed:
        frame = (one.args["model_id"], one.args["version"], one.args["frame"])
        address = Address(one.args["monitor"])
        signed.setdefault(frame, {})[address] = (one.args["report"], one.at)
        monitor = _get(found, address)
        monitor.signed += 1
        monitor.last = MeasuredFrame(*frame, one.at)
    since = events.signed[0].at if events.signed else None
    judged = set()
    for measured, digest, policy in _outcomes(events):
        if digest is not None:
            judged.add(_key(measured))
        if since is not None and not events.whole and _began_before(measured, policy, since):
            continue
        _judge(found, signed.get(_key(measured), {}), measured, digest, policy, at)
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
    policy: _Policy | None,
    at: datetime,
) -> None:
    """Count a frame whose outcome is known; `digest` is the result that counted, None where none did."""
    frame = _key(measured)
    for address, (result, time) in signed.items():
        if digest is not None and result == digest:
            _get(found, address).agreed += 1
        elif digest is not None:
            _get(found, address).differed.append(MeasuredFrame(*frame, time, judged=True))
    if policy is None or not measured.frame or policy.due(measured.frame) >= at:
        return
    for address in policy.panel:
        if address not in signed:
            late = MeasuredFrame(*frame, policy.due(measured.frame), judged=digest is not None)
            _get(found, address).missed.append(late)


def _outcomes(events: PanelEvents) -> Iterable[tuple[MeasuredFrame, str | None, _Policy | None]]:
    """Return each frame whose outcome is known: the result that counted, and the policy it was due by."""
    by_digest: dict[tuple[int, str], _Policy] = {}
    of_model: dict[int, list[_Policy]] = {}
    for one in events.policies:
        policy, model_id = _Policy.of(one.args), one.args["model_id"]
        by_digest[model_id, one.args["digest"]] = policy
        of_model.setdefault(model_id, []).append(policy)
    for one in events.judged:
        model_id, frame = one.args["model_id"], one.args["frame"]
        measured = MeasuredFrame(model_id, one.args["version"], frame, one.at)
        if one.name == "ReportJudged":
            yield measured, one.args["digest"], by_digest.get((model_id, one.args["report"]["policy"]))
        else:
            covering = [known for known in of_model.get(model_id, []) if known.first_frame <= frame]
            yield measured, None, covering[-1] if covering else None


def _began_before(measured: MeasuredFrame, policy: _Policy | None, since: datetime) -> bool:
    """Return whether signatures of a frame may lie before those looked at."""
    return measured.frame > 0 and policy is not None and policy.end(measured.frame) < since


def _key(measured: MeasuredFrame) -> tuple[int, int, int]:
    return measured.model_id, measured.version, measured.frame


def _get(found: dict[Address, Monitor], address: str) -> Monitor:
    return found.setdefault(Address(address), Monitor(Address(address)))
