"""Carry out what was promised: outbox rows, in order, each with exactly one effect.

A row is written by `enqueue` in the same database transaction as its cause. Nothing marks a row as taken: it
is queued until it is closed, so one whose process died is done again. Its effect must be idempotent by its
key for that: a handler that finds its work already done says so by `AlreadyDone`. A row of a kind waits for
the rows of that kind before it, or, where the kind has lanes, for those of its lane only: so one person whom
a message cannot reach keeps it from nobody else. A store that fails loses nothing and ends nothing: the
outcome of a row that could not be written is kept in memory and written first of all, before the row could be
done a second time.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tribune.exceptions import RevertedError, StoreError, TribuneError
from tribune.log import get_logger
from tribune.store.queries import enqueue, postpone, queued, settle
from tribune.store.session import Store
from tribune.store.states import OutboxState
from tribune.store.tables import OutboxRow, now
from tribune.waiting import came_within

__all__ = ["AlreadyDone", "Handler", "Outbox", "PermanentFailure", "Tries", "enqueue"]

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 60.0
LOOK_S = 1.0
"""Longest time in which lanes at work keep a new lane waiting to be seen."""
AT_ONCE = 16
"""Lanes of a kind that are done side by side."""
AHEAD = 500
"""Rows of a kind that are looked at together."""

Handler = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any] | None]]
"""Takes a row's key and payload, does it, returns what to keep as its result (JSON)."""


@dataclass(frozen=True)
class Tries:
    """How often a row is tried.

    Args:
        first_s, longest_s: the pause after the first try, doubled after each, and its most.
        most: tries after which a row is closed as failed; None: there is no end to them.
        jitter: by which part of it a pause is varied, so that not all who failed together try again together.
    """

    first_s: float
    longest_s: float
    most: int | None = None
    jitter: float = 0.0

    def pause_s(self, before: int) -> float:
        """Return how long to wait after a try, of which there were so many before."""
        pause_s = min(self.first_s * 2.0 ** min(before, 20), self.longest_s)
        return pause_s * random.uniform(1 - self.jitter, 1)  # noqa: S311 - no secret


class AlreadyDone(Exception):
    """Raised by a handler whose work was done before.

    Args:
        result: what is known of it (JSON).
    """

    def __init__(self, result: dict[str, Any] | None = None) -> None:
        super().__init__("already done")
        self.result = result or {}


class PermanentFailure(TribuneError):
    """Raised by a handler for work that no further attempt can do; the row is closed as failed."""


class Outbox:
    """Drains the outbox.

    Args:
        store: where the rows are.
        handlers: what carries out each kind.
        lane_of: the lane of a row, from its key; rows wait only for those of their lane, and lanes are done
            side by side. None: each kind is one lane.
        tries: how often a row is tried.
    """

    def __init__(
        self,
        store: Store,
        handlers: Mapping[str, Handler],
        *,
        lane_of: Callable[[str], str] | None = None,
        tries: Tries | None = None,
    ) -> None:
        self._store = store
        self._handlers = dict(handlers)
        self._lane_of = lane_of or (lambda _key: "")
        self._tries = tries or Tries(FIRST_PAUSE_S, LONGEST_PAUSE_S)
        self._wakes = {kind: asyncio.Event() for kind in self._handlers}
        self._turns = {kind: asyncio.Lock() for kind in self._handlers}
        self._unwritten: dict[int, _Outcome] = {}

    def wake(self) -> None:
        """Say that rows were written, so that `run` does not wait for its next look."""
        for wake in self._wakes.values():
            wake.set()

    async def drain(self) -> int:
        """Do every row that is due, kinds side by side; return how many were closed.

        A failed attempt postpones its row with growing pauses and keeps the later rows of its lane
        waiting. A contract's refusal is final: the row is closed as failed, with the reason.

        Raises:
            StoreError: the rows cannot be read or marked.
        """
        closed = await asyncio.gather(
            *(self._drain_kind(kind) for kind in self._handlers), return_exceptions=True
        )
        for one in closed:  # only now: the other kinds were done to their end, not left to themselves
            if isinstance(one, BaseException):
                raise one
        return sum(one for one in closed if isinstance(one, int))

    async def run(self, every_s: float = 1.0) -> None:
        """Drain at each wake and every `every_s` seconds until cancelled, also while the store fails.

        A kind that is slow, as when Discord does not answer, holds up no other.
        """
        async with asyncio.TaskGroup() as group:
            for kind in self._handlers:
                group.create_task(self._run_kind(kind, every_s))

    async def _run_kind(self, kind: str, every_s: float) -> None:
        while True:
            self._wakes[kind].clear()
            try:
                await self._drain_kind(kind)
            except StoreError as fault:
                get_logger(__name__).error("the outbox waits for the store", kind=kind, error=str(fault))
            await came_within(every_s, self._wakes[kind].wait())

    async def _drain_kind(self, kind: str) -> int:
        """Do what is due of a kind, and what comes meanwhile; return how many rows were closed."""
        closed = 0
        waiting: list[tuple[str, list[OutboxRow]]] = []
        busy: dict[str, asyncio.Task[int]] = {}
        async with self._turns[kind]:
            try:
                while True:
                    waiting = waiting or await self._due_lanes(kind, busy)
                    while waiting and len(busy) < AT_ONCE:
                        lane, rows = waiting.pop(0)
                        busy[lane] = asyncio.create_task(self._drain_lane(rows))
                    if not busy:
                        return closed
                    await asyncio.wait(busy.values(), timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
                    for lane in [lane for lane, task in busy.items() if task.done()]:
                        closed += busy.pop(lane).result()
            except asyncio.CancelledError:
                for task in busy.values():
                    task.cancel()
                raise
            finally:  # a lane that the store fails leaves the others to their end, not to themselves
                await asyncio.gather(*busy.values(), return_exceptions=True)

    async def _due_lanes(self, kind: str, busy: Collection[str]) -> list[tuple[str, list[OutboxRow]]]:
        """Return the rows of each lane that is not being done and whose first row is due."""
        lanes: dict[str, list[OutboxRow]] = {}
        for row in await self._store.read(queued, [kind], AHEAD):
            lanes.setdefault(self._lane_of(row.key), []).append(row)
        return [(lane, rows) for lane, rows in lanes.items() if lane not in busy and self._due(rows[0])]

    async def _drain_lane(self, rows: Sequence[OutboxRow]) -> int:
        """Do these rows in order, up to one that has to wait; return how many were closed."""
        for closed, row in enumerate(rows):
            if not self._due(row) or not await self._attempt(row):
                return closed
        return len(rows)

    async def _attempt(self, row: OutboxRow) -> bool:
        """Do a row, unless only its outcome is still to be written; return whether it is closed."""
        row_id = row.id or 0
        if row_id not in self._unwritten:
            self._unwritten[row_id] = await self._do(row)
        outcome = self._unwritten[row_id]
        if outcome.state is OutboxState.QUEUED:
            await self._store.run(postpone, row_id, now() + outcome.pause, outcome.error)
        else:
            await self._store.run(settle, row_id, outcome.state, result=outcome.result, error=outcome.error)
        del self._unwritten[row_id]
        return outcome.state is not OutboxState.QUEUED

    async def _do(self, row: OutboxRow) -> _Outcome:
        log = get_logger(__name__).bind(outbox=row.key, kind=row.kind, attempt=row.attempts + 1)
        try:
            return _Outcome(OutboxState.DONE, await self._handlers[row.kind](row.key, row.payload) or {})
        except AlreadyDone as done:
            return _Outcome(OutboxState.DONE, done.result)
        except (RevertedError, PermanentFailure) as fault:
            log.error("outbox row failed for good", error=str(fault))
            return _Outcome(OutboxState.FAILED, error=str(fault))
        except TribuneError as fault:
            if row.attempts + 1 == self._tries.most:
                log.error("outbox row given up", error=str(fault))
                return _Outcome(OutboxState.FAILED, error=str(fault))
            pause_s = self._tries.pause_s(row.attempts)
            log.warning("outbox row postponed", error=str(fault), pause_s=pause_s)
            return _Outcome(OutboxState.QUEUED, error=str(fault), pause=timedelta(seconds=pause_s))
        except Exception as fault:  # one handler's mistake must not end the others' work
            log.exception("outbox handler broke")
            pause = timedelta(seconds=self._tries.longest_s)
            return _Outcome(OutboxState.QUEUED, error=f"{type(fault).__name__}: {fault}", pause=pause)

    def _due(self, row: OutboxRow) -> bool:
        """Return whether a row's time has come.

        A row is never put off by more than the longest pause: a longer wait after an attempt means that the
        clock was set back.
        """
        wait = row.not_before - now()
        return wait <= timedelta() or (row.attempts > 0 and wait > timedelta(seconds=self._tries.longest_s))


@dataclass(frozen=True)
class _Outcome:
    """What came of an attempt; QUEUED means that another follows after a pause."""

    state: OutboxState
    result: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    pause: timedelta = timedelta()
