"""Waiting with a limit that never swallows a cancellation, so that whoever is told to stop does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable


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
