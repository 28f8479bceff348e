"""Carry out what was promised: outbox rows, in order, each with exactly one effect.

A row is written by `enqueue` in the same database transaction as its cause. Its effect must be idempotent
by its key, since a crash between effect and mark repeats it: a handler that finds its work already done
says so by `AlreadyDone`. A row of a kind waits for the rows of that kind before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from tribune.exceptions import RevertedError, TribuneError
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
            return sum(await asyncio.gather(*(self._drain_kind(kind) for kind in self._handlers)))

    async def run(self, every_s: float = 1.0) -> None:
        """Drain at each wake and every `every_s` seconds, until cancelled."""
        while True:
            self._wake.clear()
            await self.drain()
            await came_within(every_s, self._wake.wait())

    async def _drain_kind(self, kind: str) -> int:
        closed = 0
        while rows := await self._store.read(queued, [kind]):
            for row in rows:
                if row.not_before > now() or not await self._attempt(row):
                    return closed
                closed += 1
        return closed

    async def _attempt(self, row: OutboxRow) -> bool:
        """Do a row; return whether it is closed."""
        log = get_logger(__name__).bind(outbox=row.key, kind=row.kind, attempt=row.attempts + 1)
        row_id = row.id or 0
        try:
            result = await self._handlers[row.kind](row.key, row.payload)
        except AlreadyDone as done:
            await self._store.run(settle, row_id, OutboxState.DONE, result=done.result)
            return True
        except (RevertedError, PermanentFailure) as fault:
            log.error("outbox row failed for good", error=str(fault))
            await self._store.run(settle, row_id, OutboxState.FAILED, result={}, error=str(fault))
            return True
        except TribuneError as fault:
            pause = min(FIRST_PAUSE_S * 2.0 ** min(row.attempts, 10), LONGEST_PAUSE_S)
            log.warning("outbox row postponed", error=str(fault), pause_s=pause)
            await self._store.run(postpone, row_id, now() + timedelta(seconds=pause), str(fault))
            return False
        await self._store.run(settle, row_id, OutboxState.DONE, result=result or {})
        return True
