"""The clock of a worker: APScheduler runs the same look for due work again and again, one at a time.

What is due follows from policy, chain and store at every look, so a run that was missed or killed is simply
made up for by the next one. No other module imports APScheduler.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tribune.log import get_logger


async def run_every(look: Callable[[], Awaitable[None]], seconds: float, stop: asyncio.Event) -> None:
    """Call `look` every so many seconds until `stop` is set; never twice at a time.

    An error of one look is logged, and the next look comes all the same: what is due stays due.
    """
    from apscheduler.schedulers.asyncio import AsyncIOScheduler
    from apscheduler.triggers.interval import IntervalTrigger

    async def guarded() -> None:
        try:
            await look()
        except Exception:
            get_logger(__name__).exception("look failed")

    scheduler = AsyncIOScheduler(timezone="UTC")
    scheduler.add_job(
        guarded,
        IntervalTrigger(seconds=seconds, timezone="UTC"),
        id="look",
        max_instances=1,
        coalesce=True,
        misfire_grace_time=None,
    )
    scheduler.start()
    try:
        await stop.wait()
    finally:
        scheduler.shutdown(wait=False)
