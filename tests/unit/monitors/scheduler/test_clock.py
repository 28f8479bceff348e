"""The clock of a worker, on the real APScheduler with its job table in a real database."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta, tzinfo
from typing import Any

import pytest

from tribune.store.session import Store
from tribune_monitors.scheduler import Schedule
from unit.monitors.scheduler.running import NAME, Runs, ran, until


async def test_run__a_job_longer_than_its_pause__one_at_a_time(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    running, most, runs = 0, 0, 0

    async def do(_: str) -> None:
        nonlocal running, most, runs
        running, runs = running + 1, runs + 1
        most = max(most, running)
        await asyncio.sleep(0.25)
        running -= 1

    schedule = Schedule(NAME, store.engine, do)
    schedule.add("news", 0.1, kept=False)
    with caplog.at_level(logging.WARNING, "apscheduler"):
        await ran(schedule, lambda: until(lambda: runs >= 3))
    assert (most, running) == (1, 0)
    assert not caplog.records  # a run that takes its time is nothing to warn about


async def test_run__two_jobs__side_by_side(store: Store) -> None:
    both = asyncio.Barrier(2)

    async def do(_: str) -> None:
        await both.wait()

    schedule = Schedule(NAME, store.engine, do)
    schedule.add("model/1", 3600)
    schedule.add("model/2", 3600)
    await ran(schedule, lambda: until(lambda: not both.broken and both.n_waiting == 0))


async def test_run__a_job_fails__the_next_run_and_other_jobs_come(store: Store) -> None:
    runs: Runs = []

    async def do(job: str) -> None:
        runs.append(job)
        if job == "model/1":
            raise RuntimeError("not this time")

    schedule = Schedule(NAME, store.engine, do)
    schedule.add("model/1", 0.02)
    schedule.add("model/2", 0.02)
    await ran(schedule, lambda: until(lambda: min(runs.count("model/1"), runs.count("model/2")) >= 2))


async def test_wake__an_idle_job__runs_now(store: Store) -> None:
    runs: Runs = []

    async def do(job: str) -> None:
        runs.append(job)

    schedule = Schedule(NAME, store.engine, do)
    schedule.add("model/1", 3600)

    async def woken() -> None:
        await until(lambda: len(runs) == 1)
        schedule.wake("model/1")
        await until(lambda: len(runs) == 2)

    await ran(schedule, woken)


async def test_wake__a_job_at_work__runs_once_more_after_it(store: Store) -> None:
    runs: Runs = []
    go_on = asyncio.Event()

    async def do(job: str) -> None:
        runs.append(job)
        await go_on.wait()

    schedule = Schedule(NAME, store.engine, do)
    schedule.add("model/1", 3600)

    async def woken() -> None:
        await until(lambda: len(runs) == 1)
        schedule.wake("model/1")
        schedule.wake("model/1")
        go_on.set()
        await until(lambda: len(runs) == 2)
        await asyncio.sleep(0.1)

    await ran(schedule, woken)
    assert len(runs) == 2


async def test_run__a_job_says_when__runs_again_by_then(store: Store) -> None:
    runs: Runs = []

    async def do(job: str) -> float | None:
        runs.append(job)
        return 0.02 if len(runs) < 3 else None

    schedule = Schedule(NAME, store.engine, do)
    schedule.add("settle", 3600)
    await ran(schedule, lambda: until(lambda: len(runs) == 3))


async def test_run__stopped_in_a_run__lets_it_end(store: Store) -> None:
    ended = False
    begun = asyncio.Event()

    async def do(_: str) -> None:
        nonlocal ended
        begun.set()
        await asyncio.sleep(0.05)
        ended = True

    schedule = Schedule(NAME, store.engine, do)
    schedule.add("settle", 3600)
    await ran(schedule, lambda: until(begun.is_set))
    assert ended


async def test_run__stopped_in_an_endless_run__cancels_it(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    cancelled = False
    begun = asyncio.Event()

    async def do(_: str) -> None:
        nonlocal cancelled
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled = True
            raise

    schedule = Schedule(NAME, store.engine, do)
    schedule.add("settle", 3600)
    await ran(schedule, lambda: until(begun.is_set), last_run_s=0.05)
    assert cancelled
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


class WallClock(datetime):
    """The machine's clock, which somebody can set."""

    ahead = timedelta()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        return datetime.now(tz) + cls.ahead


async def test_run__the_machines_clock_is_set_back__goes_on_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("tribune_monitors.scheduler", "apscheduler.schedulers.base"):
        monkeypatch.setattr(f"{place}.datetime", WallClock)
    runs: Runs = []

    async def do(job: str) -> None:
        runs.append(job)

    schedule = Schedule(NAME, store.engine, do)
    schedule.add("news", 0.05, kept=False)
    schedule.add("model/1", 3600)

    async def set_back() -> None:
        await until(lambda: runs.count("news") >= 2)
        monkeypatch.setattr(WallClock, "ahead", timedelta(minutes=-10))
        before = runs.count("news")
        await until(lambda: runs.count("news") >= before + 3 and runs.count("model/1") == 2)

    await ran(schedule, set_back)


async def test_run__a_job_fails__tried_again_before_its_own_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tribune_monitors.scheduler.RETRY_S", 0.02)
    runs: Runs = []

    async def do(job: str) -> None:
        runs.append(job)
        if len(runs) < 3:
            raise RuntimeError("the node does not answer")

    schedule = Schedule(NAME, store.engine, do)
    schedule.add("model/1", 3600)
    await ran(schedule, lambda: until(lambda: len(runs) == 3))
