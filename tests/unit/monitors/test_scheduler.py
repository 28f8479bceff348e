"""The clock of a worker, on the real APScheduler with its job table in a real database."""

from __future__ import annotations

import asyncio
import logging
import pickle
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from tribune.store.session import Store
from tribune_monitors.scheduler import Schedule

NAME = "0xABCDEF0123456789abcdef0123456789abcdef01"
Runs = list[str]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path / 'monitor.db'}") as store:
        yield store


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


async def test_run__killed_in_a_run__the_next_process_runs_it(store: Store) -> None:
    runs: Runs = []

    async def hang(job: str) -> None:
        runs.append(job)
        await asyncio.Event().wait()

    first = Schedule(NAME, store.engine, hang)
    first.add("model/1", 3600)
    await ran(first, lambda: until(lambda: len(runs) == 1), last_run_s=0.01)

    async def do(job: str) -> None:
        runs.append(job)

    second = Schedule(NAME, store.engine, do)
    second.add("model/1", 3600)
    await ran(second, lambda: until(lambda: len(runs) == 2))


async def test_add__kept__table_of_the_worker_holds_names_only(store: Store) -> None:
    begun = asyncio.Event()

    async def do(_: str) -> None:
        begun.set()

    schedule = Schedule(NAME, store.engine, do)
    schedule.add("model/1", 3600)

    async def looked() -> None:
        await begun.wait()
        with store.engine.connect() as connection:
            (row,) = connection.execute(text("select id, job_state from jobs_abcdef01")).all()
        state = pickle.loads(row.job_state)  # noqa: S301 - our own
        assert (row.id, state["func"]) == ("model/1", "tribune_monitors.scheduler:run_job")
        assert (state["args"], state["kwargs"]) == ((NAME, "model/1"), {})

    await ran(schedule, looked)


async def test_keep__a_model_no_longer_watched__is_dropped(store: Store) -> None:
    runs: Runs = []

    async def do(job: str) -> None:
        runs.append(job)

    first = Schedule(NAME, store.engine, do)
    first.add("model/1", 3600)
    first.add("model/2", 3600)
    await ran(first, lambda: until(lambda: len(runs) == 2))
    second = Schedule(NAME, store.engine, do)
    second.add("model/2", 3600)

    async def kept() -> None:
        second.keep(["model/2"])
        await until(lambda: len(runs) == 3)

    await ran(second, kept)
    assert runs[2:] == ["model/2"]


async def test_run__database_locked_for_a_while__runs_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tribune_monitors.scheduler.STORE_RETRY_S", 0.05)
    runs: Runs = []

    async def do(job: str) -> None:
        runs.append(job)

    schedule = Schedule(NAME, store.engine, do)
    schedule.add("model/1", 0.05)

    async def locked() -> None:
        await until(lambda: len(runs) >= 1)
        with store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 10")
        blocker = sqlite3.connect(tmp_path / "monitor.db", isolation_level=None)
        blocker.execute("BEGIN EXCLUSIVE")
        await asyncio.sleep(0.3)
        blocker.execute("ROLLBACK")
        blocker.close()
        before = len(runs)
        await until(lambda: len(runs) >= before + 2)

    await ran(schedule, locked)


async def test_run__database_locked_at_the_start__runs_once_it_is_free(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: Runs = []

    async def do(job: str) -> None:
        runs.append(job)

    monkeypatch.setattr("tribune_monitors.scheduler.STORE_RETRY_S", 0.1)
    schedule = Schedule(NAME, store.brief_engine(50), do)
    schedule.add("settle", 3600)
    locked = sqlite3.connect(tmp_path / "monitor.db", isolation_level=None)
    locked.execute("BEGIN IMMEDIATE")

    async def free() -> None:
        await asyncio.sleep(0.3)
        assert not runs
        locked.close()
        await until(lambda: runs == ["settle"])

    await ran(schedule, free)


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


async def test_wake__another_process_dropped_the_job__runs(store: Store) -> None:
    runs: Runs = []

    async def do(job: str) -> None:
        runs.append(job)

    schedule = Schedule(NAME, store.engine, do)
    schedule.add("model/1", 3600)

    async def dropped() -> None:
        await until(lambda: len(runs) == 1)
        with store.session() as session:
            session.connection().exec_driver_sql("DELETE FROM jobs_abcdef01")
        schedule.wake("model/1")
        await until(lambda: len(runs) == 2)

    await ran(schedule, dropped)


async def test_wake__a_model_no_longer_watched__does_not_come_back(store: Store) -> None:
    runs: Runs = []

    async def do(job: str) -> None:
        runs.append(job)

    schedule = Schedule(NAME, store.engine, do)
    schedule.add("model/1", 3600)

    async def kept() -> None:
        await until(lambda: len(runs) == 1)
        schedule.keep([])
        schedule.wake("model/1")
        await asyncio.sleep(0.1)

    await ran(schedule, kept)
    assert runs == ["model/1"]


async def test_run__another_process_drops_a_job_that_just_begins__other_jobs_go_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tribune_monitors.scheduler.STORE_RETRY_S", 0.05)
    runs: Runs = []
    dropped = False

    async def do(job: str) -> None:
        runs.append(job)

    def drop(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal dropped
        if statement.startswith("UPDATE jobs_") and not dropped:
            dropped = True
            connection.exec_driver_sql("DELETE FROM jobs_abcdef01")

    event.listen(store.engine, "before_cursor_execute", drop)
    schedule = Schedule(NAME, store.engine, do)
    schedule.add("model/1", 3600)
    schedule.add("news", 0.02, kept=False)
    await ran(schedule, lambda: until(lambda: dropped and runs.count("news") >= 3))
