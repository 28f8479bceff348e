"""What a model has behind it: how long it was in service, how often it broke a rule and was stopped.

Told from the events of the index alone; a halt of all models is no model's own and is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tribune.chain.enums import CaseKind, State
from tribune.chain.types import utc, utc_or_none

if TYPE_CHECKING:
    from tribune.store.tables import ChainEvent

EVENTS = ("VersionActivated", "StateChanged", "CaseOpened", "CaseJoined")
_STOPPED = (State.SUSPENDED, State.PAUSED)


@dataclass(frozen=True)
class TrackRecord:
    """A model's record.

    Args:
        since: when its first version took force; None where none has.
        active: how long it was in service in all.
        breaches: broken rules that opened a case or joined one.
        halts: how often it was stopped while in service.
    """

    since: datetime | None
    active: timedelta
    breaches: int
    halts: int


def track_record(events: Sequence[ChainEvent], at: datetime) -> TrackRecord:
    """Return the record that a model's events give.

    Args:
        events: of the names in `EVENTS`, oldest first.
        at: up to when; the time of the newest block.
    """
    since: datetime | None = None
    active, breaches, halts = timedelta(0), 0, 0
    state, began, until = State.INACTIVE, at, None
    for event in events:
        if event.name == "VersionActivated":
            if since is None:  # no event says that a first version has taken force
                since = began = utc(event.args["from"])
                state = State.ACTIVE
        elif event.name == "StateChanged":
            active += _in_service(state, began, until, event.block_time)
            before, state = _at(state, until, event.block_time), State.of(event.args["current"])
            began, until = event.block_time, utc_or_none(event.args["until"])
            halts += before is State.ACTIVE and state in _STOPPED
        else:
            kind = event.args["kind"] if event.name == "CaseOpened" else event.args["breach"]["kind"]
            breaches += CaseKind.of(kind) is CaseKind.BREACH
    active += _in_service(state, began, until, at)
    if since is not None and since > at:
        since = None
    return TrackRecord(since, active, breaches, halts)


def _at(state: State, until: datetime | None, time: datetime) -> State:
    """Return what a state has become: a suspension ends by time alone."""
    over = state is State.SUSPENDED and until is not None and until <= time
    return State.ACTIVE if over else state


def _in_service(state: State, began: datetime, until: datetime | None, end: datetime) -> timedelta:
    """Return how much of a stretch the model was in service."""
    if state is State.SUSPENDED and until is not None:
        return max(end - max(until, began), timedelta(0))
    return max(end - began, timedelta(0)) if state is State.ACTIVE else timedelta(0)
