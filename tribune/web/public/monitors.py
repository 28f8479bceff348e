"""`/monitors` and `/monitors/{address}`: who measures, how often it agreed and what it missed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from tribune.ballots.histories.monitors import MeasuredFrame, Monitor, Monitors
from tribune.ids import Address
from tribune.web.public.cursor import Place
from tribune.web.public.operation import Look, Operation, unknown
from tribune.web.public.paging import page_of
from tribune.web.public.shapes import Account, Asked, AskedAccount, Indexed, Moment, Page, Paged, Shape


class Frame(Shape):
    """A frame that a monitor signed or missed."""

    model: int
    """Number of the model."""
    version: int
    """Version of the model."""
    frame: int
    """The frame, counted from 1; 0 is the evaluation before service."""
    at: Moment
    """When it was signed; of a missed one, until when it could have been."""


class MonitorItem(Shape):
    """A monitor. Its figures count the newest signatures of all monitors, from `since` on."""

    address: Account
    """Its account."""
    name: str
    """As governance admitted it; empty where it was not."""
    uri: str
    """Where it says who it is."""
    admitted_at: Moment | None
    """When governance admitted it; null where it never did."""
    dismissed_at: Moment | None
    """When governance dismissed it; null where it did not."""
    signed: int = Field(ge=0)
    """Frames that it signed."""
    agreed: int = Field(ge=0)
    """Of these, with exactly the result that counted."""
    differed: int = Field(ge=0)
    """Of these, with another one."""
    missed: int = Field(ge=0)
    """Frames that it was to measure and did not sign in time."""
    since: Moment | None
    """From which signature on this was counted; null where there is none."""
    last: Frame | None
    """What it signed last."""


class WatchedModel(Shape):
    """A model that a monitor is to measure."""

    model: int
    """Number of the model."""
    panel: int
    """How many monitors measure it."""


class MonitorDetail(MonitorItem):
    """A monitor with what it watches and where it fell short."""

    watches: tuple[WatchedModel, ...]
    """Models whose newest policy names it."""
    differed_frames: tuple[Frame, ...]
    """Frames with another result than the one that counted, newest first."""
    missed_frames: tuple[Frame, ...]
    """Frames that it missed, newest first."""
    index: Indexed
    """Up to where the chain was read."""


class AskedMonitors(Paged):
    """Filters."""


class AskedMonitor(Asked):
    """Which monitor."""

    address: AskedAccount
    """Its account."""


async def _list(look: Look, asked: AskedMonitors) -> Page[MonitorItem]:
    known = await look.records.look(look.listing)
    # In the order in which the contracts and signatures first named them, the newest first.
    found = sorted(known.found.values(), key=_place, reverse=True)

    async def shown(monitors: list[Monitor]) -> Sequence[MonitorItem]:
        return [MonitorItem(**_facts(one, known)) for one in monitors]

    return await page_of(look, asked, found, _place, shown)


def _place(monitor: Monitor) -> Place:
    """Return a place that stays a monitor's whatever others do: its admission, then its account."""
    admitted = 0 if monitor.admitted_at is None else int(monitor.admitted_at.timestamp())
    return Place(admitted, int(monitor.address[-8:], 16))


async def _one(look: Look, asked: AskedMonitor) -> MonitorDetail:
    known = await look.records.look(look.listing)
    monitor = known.found.get(Address(asked.address))
    if monitor is None:
        raise unknown(f"/monitors/{asked.address}")
    return MonitorDetail(
        **_facts(monitor, known),
        watches=tuple(WatchedModel(model=one.model_id, panel=one.panel) for one in monitor.watches),
        differed_frames=tuple(map(_frame, monitor.differed)),
        missed_frames=tuple(map(_frame, monitor.missed)),
        index=look.index,
    )


def _facts(monitor: Monitor, known: Monitors) -> dict[str, Any]:
    return {
        "address": monitor.address,
        "name": monitor.name,
        "uri": monitor.uri,
        "admitted_at": monitor.admitted_at,
        "dismissed_at": monitor.dismissed_at,
        "signed": monitor.signed,
        "agreed": monitor.agreed,
        "differed": len(monitor.differed),
        "missed": len(monitor.missed),
        "since": known.since,
        "last": None if monitor.last is None else _frame(monitor.last),
    }


def _frame(one: MeasuredFrame) -> Frame:
    return Frame(model=one.model_id, version=one.version, frame=one.frame, at=one.at)


OPERATIONS = (
    Operation("/monitors", "listMonitors", "Monitors, newest first", AskedMonitors, Page[MonitorItem], _list),
    Operation(
        "/monitors/{address}", "getMonitor", "A monitor with its record", AskedMonitor, MonitorDetail, _one
    ),
)
