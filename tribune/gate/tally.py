"""What a gate refused, or would have refused, since it began: the honest summary of a first week.

Counts requests, answers under way that a halt ended, and how long it would have been shut for each reason,
whether or not anybody asked meanwhile. Being blind is counted like a halt, since to askers it is one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Shut:
    """One reason's share: how often and how long the gate was shut for it, and whom that met."""

    times: int = 0
    seconds: float = 0.0
    longest_s: float = 0.0
    requests: int = 0
    under_way: int = 0


class Tally:
    """Counts of one gate in one process.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = self._since = clock()
        self._shut: dict[str, Shut] = {}
        self.cause: str | None = None
        self.requests = 0

    def turn(self, cause: str | None) -> bool:
        """Note why the gate is shut from now on (None: it is open); return whether that is new."""
        if cause == self.cause:
            return False
        self._settle()
        if cause is not None:
            self._shut.setdefault(cause, Shut()).times += 1
        self.cause = cause
        return True

    def refused(self) -> None:
        """Count a request that was, or would have been, refused for the present cause."""
        if (cause := self.cause) is not None:
            self._shut[cause].requests += 1

    def ended(self, connections: int) -> None:
        """Count answers and websockets that were, or would have been, ended for the present cause."""
        if (cause := self.cause) is not None:
            self._shut[cause].under_way += connections

    def summary(self) -> dict[str, Any]:
        """Return the counts as a document: seconds watched, requests, and each reason's share."""
        now = self._clock()
        shut = {}
        for cause, one in self._shut.items():
            open_s = now - self._since if cause == self.cause else 0.0
            shut[cause] = {
                "times": one.times,
                "seconds": round(one.seconds + open_s, 1),
                "longest_s": round(max(one.longest_s, open_s), 1),
                "requests": one.requests,
                "under_way": one.under_way,
            }
        return {"watched_s": round(now - self._began, 1), "requests": self.requests, "shut": shut}

    def _settle(self) -> None:
        now = self._clock()
        if self.cause is not None:
            one, lasted = self._shut[self.cause], now - self._since
            one.seconds += lasted
            one.longest_s = max(one.longest_s, lasted)
        self._since = now
