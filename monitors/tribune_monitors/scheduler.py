"""The clock of a worker: APScheduler runs the same look for due work again and again, one at a time.

What is due follows from policy, chain and store at every look, so a run that was missed or killed is simply
made up for by the next one. No other module imports APScheduler.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from tribune.exceptions import TribuneError
from tribune.log import get_logger

LAST_LOOK_S = 5.0
"""How long a look under way may take to end once the worker is told to stop."""


async def run_every(
    look: Callable[[], Awaitable[None]],
    seconds: float,
    stop: asyncio.Event,
    *,
    last_look_s: float = LAST_LOOK_S,
) -> None:
    """Call `look` now and then every so many seconds until `stop` is set; never twice at a time.

    An error of one look is logged, once as long as it stays the same, and the next look comes all the same:
    what is due stays due. A look that is under way at the stop is waited for, at most `last_look_s`.
    """
    from apscheduler.schedulers.asyncio import AsyncIOScheduler
    from apscheduler.triggers.interval import IntervalTrigger

    log = get_logger(__name__)
    looking = asyncio.Lock()
    last = ""

    async def guarded() -> None:
        nonlocal last
        if looking.locked() or stop.is_set():  # the one under way sees what this one would
            return
        async with looking:
            try:
                await look()
            except asyncio.CancelledError:
                log.info("look given up")  # at the stop; a job that raises would be logged as a fault
            except Exception as fault:
                if str(fault) != last:
                    unforeseen = None if isinstance(fault, TribuneError) else fault
                    log.error("look failed", error=str(fault), exc_info=unforeseen)
                last = str(fault)
            else:
                if last:
                    log.info("looking again")
                last = ""

    scheduler = AsyncIOScheduler(timezone="UTC")
    scheduler.add_job(
        guarded,
        IntervalTrigger(seconds=seconds, timezone="UTC"),
        id="look",
        max_instances=2,  # the second finds the first at work and goes; with 1, each would be a warning
        coalesce=True,
        misfire_grace_time=None,
        next_run_time=datetime.now(UTC),
    )
    scheduler.start()
    try:
        await stop.wait()
        scheduler.pause()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(last_look_s), looking:
                pass
    finally:
        scheduler.shutdown(wait=False)
        await asyncio.sleep(0)  # lets what was cancelled end before its connections are closed
