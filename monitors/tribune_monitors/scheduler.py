"""The clock of a worker: APScheduler keeps its jobs in the worker's database and runs each one at a time.

A job is a name ("model/3", "settle"): what is due for it follows from policy, chain and store at every run,
so a run that was missed or killed is made up for by the next one. APScheduler forgets a run that was killed
with its process, so every job is asked for anew at the start; it goes by the machine's clock, so all jobs run
when that is set back. No other module imports APScheduler.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tribune.exceptions import TribuneError
from tribune.log import get_logger
from tribune.waiting import came_within

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler
    from sqlalchemy import Engine

LAST_RUN_S = 5.0
"""How long runs under way may take to end once the worker is told to stop."""
RETRY_S = 2.0
"""Pause after which a job that failed is tried again."""
STORE_RETRY_S = 5.0
"""Pause after which the clock tries again where its database did not answer."""
SET_BACK = timedelta(seconds=1)
"""From how much on the machine's clock is taken as set back, and not only adjusted."""

Do = Callable[[str], Awaitable[float | None]]
"""Does a job by its name; returns in how many seconds it must run again at the latest, if that matters."""

_RUNNING: dict[str, Schedule] = {}


async def run_job(schedule: str, job: str) -> None:
    """Run a job of a schedule of this process: the one function that the job table names."""
    if (found := _RUNNING.get(schedule)) is not None:
        await found.carry_out(job)


class Schedule:
    """The jobs of one worker.

    Args:
        name: the worker's address; one job table a worker.
        engine: the worker's database; waited for in the event loop, so it must not make us wait long.
        do: does a job. An error is logged, once as long as it stays the same; the job is tried again soon.
    """

    def __init__(self, name: str, engine: Engine, do: Do) -> None:
        self._name = name
        self._do = do
        self._jobs: dict[str, tuple[float, bool]] = {}
        self._faults: dict[str, str] = {}
        self._at_work: set[str] = set()
        self._again: set[str] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._stopping = False
        self._clock = _make_clock(engine, f"jobs_{name.removeprefix('0x')[:8].lower()}")

    def add(self, job: str, every_s: float, *, kept: bool = True) -> None:
        """Run a job now and then every so many seconds.

        Args:
            job: its name.
            every_s: seconds between two runs.
            kept: whether it stands in the database, which is written at every run.
        """
        self._jobs[job] = (every_s, kept)
        self._clock.add_job(
            run_job,
            "interval",
            seconds=every_s,
            args=(self._name, job),
            id=job,
            jobstore="default" if kept else "memory",
            replace_existing=True,
            next_run_time=datetime.now(UTC),
        )

    def keep(self, jobs: Collection[str]) -> None:
        """Drop every other job, such as one of a model that is no longer watched."""
        self._jobs = {job: how for job, how in self._jobs.items() if job in jobs}
        for job in self._clock.get_jobs():
            if job.id not in jobs:
                self._clock.remove_job(job.id)

    def wake(self, job: str, in_s: float = 0.0) -> None:
        """Run a job in so many seconds at the latest; one that runs just now runs once more after it.

        One that another process of the same key dropped from the table is added again.
        """
        from apscheduler.jobstores.base import JobLookupError
        from sqlalchemy.exc import SQLAlchemyError

        if job in self._at_work:
            self._again.add(job)
            return
        at = datetime.now(UTC) + timedelta(seconds=in_s)
        try:
            known = self._clock.get_job(job)
            if known is None and job in self._jobs:
                every_s, kept = self._jobs[job]
                self.add(job, every_s, kept=kept)
            elif known is not None and (known.next_run_time is None or known.next_run_time > at):
                self._clock.modify_job(job, next_run_time=at)
        except JobLookupError:
            pass
        except SQLAlchemyError as fault:  # it runs in its own time
            get_logger(__name__).warning("a job could not be woken", job=job, error=type(fault).__name__)

    async def run(self, stop: asyncio.Event, *, last_run_s: float = LAST_RUN_S) -> None:
        """Run jobs until `stop` is set; runs under way are waited for, at most `last_run_s`."""
        while not self._start():
            if await came_within(STORE_RETRY_S, stop.wait()):
                return
        _RUNNING[self._name] = self
        try:
            await stop.wait()
            self._stopping = True
            self._clock.pause()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(last_run_s):
                    await self._idle.wait()
        finally:
            self._clock.shutdown(wait=False)
            del _RUNNING[self._name]
            await asyncio.sleep(0)  # lets what was cancelled end before its connections are closed

    def _start(self) -> bool:
        """Make the job table where there is none and start the clock; False: it must be tried again."""
        from sqlalchemy.exc import SQLAlchemyError

        try:
            self._clock.start()
        except SQLAlchemyError as fault:
            get_logger(__name__).warning("the job table did not answer", error=type(fault).__name__)
            return False
        return True

    async def carry_out(self, job: str) -> None:
        """Do a job now, unless it is being done: then once more after that."""
        if self._stopping:
            return
        if job in self._at_work:
            self._again.add(job)
            return
        self._at_work.add(job)
        self._idle.clear()
        in_s = None
        try:
            in_s = await self._do(job)
        except asyncio.CancelledError:
            get_logger(__name__).info("run given up", job=job)  # at the stop
        except Exception as fault:
            self._note(job, fault)
            in_s = RETRY_S
        else:
            if self._faults.pop(job, None):
                get_logger(__name__).info("running again", job=job)
        finally:
            self._at_work.discard(job)
            if not self._at_work:
                self._idle.set()
        if job in self._again:
            self._again.discard(job)
            in_s = 0.0
        if in_s is not None and not self._stopping:
            self.wake(job, in_s)

    def _note(self, job: str, fault: Exception) -> None:
        if self._faults.get(job) != str(fault):
            unforeseen = None if isinstance(fault, TribuneError) else fault
            get_logger(__name__).error("job failed", job=job, error=str(fault), exc_info=unforeseen)
        self._faults[job] = str(fault)


def _make_clock(engine: Engine, table: str) -> AsyncIOScheduler:
    from apscheduler.jobstores.memory import MemoryJobStore
    from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

    class Clock(AsyncIOScheduler):  # type: ignore[misc]
        """A clock that neither its database nor the machine's clock stops: its timer is always set again."""

        _latest = datetime.fromtimestamp(0, UTC)

        def _process_jobs(self) -> Any:
            try:
                self._follow()
                return super()._process_jobs()
            except Exception as fault:  # full, locked, or a job was dropped by another process meanwhile
                get_logger(__name__).warning("the job table did not answer", error=type(fault).__name__)
                return STORE_RETRY_S

        def _follow(self) -> None:
            """Run all jobs now if the machine's clock was set back: else they would wait for hours."""
            moment = datetime.now(UTC)
            if moment < self._latest - SET_BACK:
                get_logger(__name__).warning("the machine's clock was set back", to=moment.isoformat())
                for job in self.get_jobs():
                    job.modify(next_run_time=moment)
            self._latest = moment

    return Clock(
        timezone="UTC",
        jobstore_retry_interval=STORE_RETRY_S,
        jobstores={"default": SQLAlchemyJobStore(engine=engine, tablename=table), "memory": MemoryJobStore()},
        # A further run finds the first at work, leaves it a note and ends; beyond so many, each is a warning.
        job_defaults={"coalesce": True, "max_instances": 9, "misfire_grace_time": None},
    )
