"""Carry out what was promised: outbox rows, in order, each with exactly one effect.

A row is written by `enqueue` in the same database transaction as its cause. Nothing marks a row as taken: it
is queued until it is closed, so one whose process died is done again. Its effect must be idempotent by its
key for that: a handler that finds its work already done says so by `AlreadyDone`. A row of a kind waits for
the rows of that kind before it. A store that fails loses nothing and ends nothing: the outcome of a row that
could not be written is kept in memory and written first of all, before the row could be done a second time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tribune.exceptions import RevertedError, StoreError, TribuneError
from tribune.log import get_logger
from tribune.store.queries import enqueue, postpone, queued, settle
from tribune.store.session import Store
from tribune.store.tables import OutboxRow, OutboxState, now
from tribune.waiting import came_within

__all__ = ["AlreadyDone", "Handler", "Outbox", "PermanentFailure", "enqueue"]

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 60.0

Handler = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any] | None]]
"""Takes a row's key and payload, does it, returns what to keep as its result (JSON)."""


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
    """

    def __init__(self, store: Store, handlers: Mapping[str, Handler]) -> None:
        self._store = store
        self._handlers = dict(handlers)
        self._wake = asyncio.Event()
        self._draining = asyncio.Lock()
        self._unwritten: dict[int, _Outcome] = {}

    def wake(self) -> None:
        """Say that rows were written, so that `run` does not wait for its next look."""
        self._wake.set()

    async def drain(self) -> int:
        """Do every row that is due, kinds side by side; return how many were closed.

        A failed attempt postpones its row with growing pauses and keeps the later rows of its kind
        waiting. A contract's refusal is final: the row is closed as failed, with the reason.

        Raises:
            StoreError: the rows cannot be read or marked.
        """
        async with self._draining:
            closed = await asyncio.gather(
                *(self._drain_kind(kind) for kind in self._handlers), return_exceptions=True
            )
        for one in closed:  # only now: the other kinds were done to their end, not left to themselves
            if isinstance(one, BaseException):
                raise one
        return sum(one for one in closed if isinstance(one, int))

    async def run(self, every_s: float = 1.0) -> None:
        """Drain at each wake and every `every_s` seconds until cancelled, also while the store fails."""
        while True:
            self._wake.clear()
            try:
                await self.drain()
            except StoreError as fault:
                get_logger(__name__).error("the outbox waits for the store", error=str(fault))
            await came_within(every_s, self._wake.wait())

    async def _drain_kind(self, kind: str) -> int:
        closed = 0
        while rows := await self._store.read(queued, [kind]):
            for row in rows:
                if not _due(row) or not await self._attempt(row):
                    return closed
                closed += 1
        return closed

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
            pause_s = min(FIRST_PAUSE_S * 2.0 ** min(row.attempts, 10), LONGEST_PAUSE_S)
            log.warning("outbox row postponed", error=str(fault), pause_s=pause_s)
            return _Outcome(OutboxState.QUEUED, error=str(fault), pause=timedelta(seconds=pause_s))
        except Exception as fault:  # one handler's mistake must not end the others' work
            log.exception("outbox handler broke")
            pause = timedelta(seconds=LONGEST_PAUSE_S)
            return _Outcome(OutboxState.QUEUED, error=f"{type(fault).__name__}: {fault}", pause=pause)


@dataclass(frozen=True)
class _Outcome:
    """What came of an attempt; QUEUED means that another follows after a pause."""

    state: OutboxState
    result: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    pause: timedelta = timedelta()


def _due(row: OutboxRow) -> bool:
    """Return whether a row's time has come.

    A row is never put off by more than the longest pause: a longer wait after an attempt means that the clock
    was set back.
    """
    wait = row.not_before - now()
    return wait <= timedelta() or (row.attempts > 0 and wait > timedelta(seconds=LONGEST_PAUSE_S))
