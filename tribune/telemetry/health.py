"""Whether a process makes progress: each thing it should do again and again, and when it last did.

A process that is up and does nothing is not well. Says what stands still and since when, never why: errors
are in the log, where they are redacted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

LONGEST_RUN_S = 3600.0
"""How long one run may take before it counts as stuck: a first count of a large log takes its time."""


@dataclass
class _Part:
    within_s: float
    since: float
    last: float | None = None
    """When it last succeeded, as Unix time; None: not yet."""
    running_since: float | None = None


class Health:
    """Progress by part.

    Args:
        clock: monotonic seconds.
        wall: Unix time, for people.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time
    ) -> None:
        self._clock = clock
        self._wall = wall
        self._parts: dict[str, _Part] = {}

    def expect(self, part: str, within_s: float) -> None:
        """Ask of a part to succeed once in so many seconds, from now on if it is a new one."""
        known = self._parts.get(part)
        if known is None:
            self._parts[part] = _Part(within_s, self._clock())
        else:
            known.within_s = within_s

    def forget(self, part: str) -> None:
        """Ask nothing of a part any more."""
        self._parts.pop(part, None)

    def started(self, part: str) -> None:
        """Note that a part is at work: until it is done it is not called late, within reason."""
        if (known := self._parts.get(part)) is not None and known.running_since is None:
            known.running_since = self._clock()

    def done(self, part: str) -> None:
        """Note that a part succeeded."""
        if (known := self._parts.get(part)) is not None:
            known.since, known.last, known.running_since = self._clock(), self._wall(), None

    def failed(self, part: str) -> None:
        """Note that a part ended without success."""
        if (known := self._parts.get(part)) is not None:
            known.running_since = None

    @property
    def last(self) -> dict[str, float]:
        """When each part last succeeded, as Unix time."""
        return {name: part.last for name, part in self._parts.items() if part.last is not None}

    @property
    def late(self) -> list[str]:
        """The parts that stand still."""
        return [name for name, part in self._parts.items() if self._is_late(part)]

    def document(self) -> dict[str, Any]:
        """Return what `/health` shows: `status` (ok or stale), `late`, and per part its last success."""
        now, late = self._clock(), self.late
        parts = {
            name: {
                "ok": name not in late,
                "last": _iso(part.last),
                "seconds": round(now - part.since, 1),
                "within_seconds": part.within_s,
            }
            for name, part in sorted(self._parts.items())
        }
        return {"status": "stale" if late else "ok", "late": sorted(late), "parts": parts}

    def _is_late(self, part: _Part) -> bool:
        now = self._clock()
        if part.running_since is not None:
            return now - part.running_since > max(LONGEST_RUN_S, part.within_s)
        return now - part.since > part.within_s


def _iso(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
