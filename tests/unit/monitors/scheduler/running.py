"""A worker's clock, let run for as long as a test needs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tribune_monitors.scheduler import Schedule

NAME = "0xABCDEF0123456789abcdef0123456789abcdef01"
Runs = list[str]


async def until(done: Callable[[], bool], timeout_s: float = 5.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not done():  # noqa: ASYNC110 - nothing tells us
            await asyncio.sleep(0.005)


async def ran(
    schedule: Schedule, while_running: Callable[[], Awaitable[None]], *, last_run_s: float = 5.0
) -> None:
    """Run a schedule for as long as something takes."""
    stop = asyncio.Event()
    running = asyncio.create_task(schedule.run(stop, last_run_s=last_run_s))
    try:
        await while_running()
    finally:
        stop.set()
        await asyncio.wait_for(running, 10)
