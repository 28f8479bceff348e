"""Waiting with a limit: for an event, swallowing no cancellation; for a blocking call, not hanging on it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

_T = TypeVar("_T")


class OverdueError(TimeoutError):
    """A blocking call that did not end in time; its thread goes on until it does."""

    def __init__(self, thread: threading.Thread) -> None:
        super().__init__("a blocking call did not end in time")
        self.thread = thread


async def came_within(timeout_s: float, event: Awaitable[object]) -> bool:
    """Wait for an event; False when it did not come in time.

    `asyncio.wait_for` of Python 3.11 returns normally when it is cancelled in the very step in which its
    event comes (python/cpython#86296): a job that waits in a loop then goes on for ever.
    """
    try:
        async with asyncio.timeout(timeout_s):
            await event
    except TimeoutError:
        return False
    return True


def heed_cancellation() -> None:
    """Raise CancelledError where this task was cancelled and what it awaited swallowed that.

    To be called after code of others that waits with `asyncio.wait_for` (see `came_within`).
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def within(timeout_s: float, action: Callable[[], _T]) -> _T:
    """Run a blocking call that knows no limit of its own, and return or raise what it does.

    The call has a daemon thread: one that hangs holds up neither the caller nor the end of the process.

    Raises:
        OverdueError: it did not end in time.
    """
    outcome: list[_T] = []
    faults: list[Exception] = []

    def work() -> None:
        try:
            outcome.append(action())
        except Exception as fault:  # raised again below
            faults.append(fault)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(timeout_s)
    if faults:
        raise faults[0]
    if not outcome:
        raise OverdueError(thread)
    return outcome[0]
