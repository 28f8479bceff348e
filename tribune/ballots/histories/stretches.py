"""When a model was in service, suspended or paused: the whole of its time, cut where its state changed.

Told from the events of the index alone; a halt of all models is no model's own and is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from tribune.chain.enums import State
from tribune.chain.types import utc, utc_or_none

if TYPE_CHECKING:
    from tribune.store.tables import ChainEvent


@dataclass(frozen=True)
class Stretch:
    """A time in which the state was one."""

    state: State
    begin: datetime
    end: datetime


def stretches(events: Sequence[ChainEvent], at: datetime) -> list[Stretch]:
    """Return the stretches from when its first version took force until `at`; none before that.

    Args:
        events: its `VersionActivated` and `StateChanged`, oldest first; others are passed over.
        at: the time of the newest block.
    """
    changes: list[tuple[datetime, State]] = []
    until: datetime | None = None
    for event in events:
        if event.name == "VersionActivated" and not changes:  # no event says that a first version took force
            changes.append((utc(event.args["from"]), State.ACTIVE))
        elif event.name == "StateChanged" and changes:
            if until is not None and until < event.block_time:
                changes.append((until, State.ACTIVE))
            changes.append((event.block_time, State.of(event.args["current"])))
            until = utc_or_none(event.args["until"])
    if until is not None and until < at:
        changes.append((until, State.ACTIVE))
    found: list[Stretch] = []
    for (begin, state), (end, _) in pairwise([*changes, (at, State.INACTIVE)]):
        if found and found[-1].state is state:
            found[-1] = Stretch(state, found[-1].begin, end)
        elif begin < end:
            found.append(Stretch(state, begin, end))
    return found
