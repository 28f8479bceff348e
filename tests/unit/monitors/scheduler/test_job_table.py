"""The job table of a worker: after a kill, behind a lock, and when another process has a hand in it."""

from __future__ import annotations

import asyncio
import pickle
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from tribune.store.session import Store
from tribune_monitors.scheduler import Schedule
from unit.monitors.scheduler.running import NAME, Runs, ran, until


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
