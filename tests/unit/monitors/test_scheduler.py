"""The clock of a worker, on the real APScheduler."""

from __future__ import annotations

import asyncio
import logging

import pytest

from tribune_monitors.scheduler import run_every


async def test_run_every__look_longer_than_the_pause__one_at_a_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stop = asyncio.Event()
    running, most, looks = 0, 0, 0

    async def look() -> None:
        nonlocal running, most, looks
        running, looks = running + 1, looks + 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1
        if looks == 3:
            stop.set()

    with caplog.at_level(logging.WARNING, "apscheduler"):
        await asyncio.wait_for(run_every(look, 0.01, stop), 5)
    assert (most, running) == (1, 0)
    assert not caplog.records  # a look that takes its time is nothing to warn about


async def test_run_every__first_look__at_once() -> None:
    stop = asyncio.Event()

    async def look() -> None:
        stop.set()

    await asyncio.wait_for(run_every(look, 3600, stop), 5)


async def test_run_every__look_fails__the_next_comes() -> None:
    stop = asyncio.Event()
    looks = 0

    async def look() -> None:
        nonlocal looks
        looks += 1
        if looks == 2:
            stop.set()
        raise RuntimeError("not this time")

    await asyncio.wait_for(run_every(look, 0.01, stop), 5)
    assert looks >= 2


async def test_run_every__stopped_in_a_look__lets_it_end() -> None:
    stop = asyncio.Event()
    ended = False

    async def look() -> None:
        nonlocal ended
        stop.set()
        await asyncio.sleep(0.05)
        ended = True

    await asyncio.wait_for(run_every(look, 3600, stop), 5)
    assert ended


async def test_run_every__stopped_in_an_endless_look__cancels_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stop = asyncio.Event()
    cancelled = False

    async def look() -> None:
        nonlocal cancelled
        stop.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled = True
            raise

    await asyncio.wait_for(run_every(look, 3600, stop, last_look_s=0.05), 5)
    assert cancelled
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_run_every__after_the_stop__no_further_look() -> None:
    stop = asyncio.Event()
    looks = 0

    async def look() -> None:
        nonlocal looks
        looks += 1
        stop.set()

    await asyncio.wait_for(run_every(look, 0.01, stop), 5)
    before = looks
    await asyncio.sleep(0.05)
    assert looks == before
