"""A worker's jobs: which there are, what wakes them, and when each must run again.

One job per model, so that a model that cannot be looked at holds up no other. News of the chain wakes what it
is about; whatever the news, every job also runs in its own time.
"""

from __future__ import annotations

import asyncio

from tribune.exceptions import TribuneError
from tribune.ids import ModelId
from tribune.log import get_logger
from tribune.telemetry import Telemetry
from tribune.waiting import came_within
from tribune_monitors.scheduler import Schedule
from tribune_monitors.watching.news import News, Newsreader
from tribune_monitors.worker import Worker

NEWS, SETTLE, PEERS, VOTES = "news", "settle", "peers", "votes"
_MODEL = "model/"
OWN_TIME_S = 60.0
"""Longest pause between two runs of a job, for what no event tells: a deadline, a policy that takes force."""

TABLE_TIMEOUT_MS = 500
"""Longest wait for the job table; all else of this process waits meanwhile."""
STAND_S = 2.0
"""Pause of a second process of our key between two looks whether the first one is gone."""
LATE_AFTER = 5
"""A job that has not succeeded in so many of its times stands still."""


class Desk:
    """Runs a worker.

    Args:
        worker: does the work.
        poll_s: pause between two looks for a new block.
        telemetry: is told of each run.
    """

    def __init__(self, worker: Worker, poll_s: float, telemetry: Telemetry | None = None) -> None:
        self._worker = worker
        self._telemetry = telemetry or Telemetry()
        self._poll_s = poll_s
        self._reader = Newsreader(worker.tribune)
        table = worker.store.brief_engine(TABLE_TIMEOUT_MS)
        self._schedule = Schedule(worker.monitor, table, self.do)
        self._watched: list[ModelId] = []

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, once no other process acts for our key: the job table is its, too."""
        while await self._stands_down():
            if await came_within(STAND_S, stop.wait()):
                return
        self._add(NEWS, self._poll_s, kept=False)
        for job in (SETTLE, PEERS, VOTES):
            self._add(job, OWN_TIME_S)
        await self._schedule.run(stop)

    async def _stands_down(self) -> bool:
        try:
            return not await self._worker.may_act()
        except TribuneError:  # whatever cannot be looked at, the jobs will say so and try again
            return False

    async def do(self, job: str) -> float | None:
        """Do a job by its name; return in how many seconds it must run again, if that is sooner than else."""
        with self._telemetry.work(job):
            return await self._do(job)

    def _add(self, job: str, every_s: float, *, kept: bool = True) -> None:
        self._telemetry.health.expect(job, LATE_AFTER * OWN_TIME_S)
        self._schedule.add(job, every_s, kept=kept)

    async def _do(self, job: str) -> float | None:
        worker = self._worker
        if job == NEWS:
            await self._take_in()
        elif job == SETTLE:
            await worker.settle()
            return worker.retry_s if await worker.has_unsettled() else None
        elif job == PEERS:
            await worker.check_peers()
        elif job == VOTES:
            return await worker.open_votes()
        else:
            model_id = ModelId(int(job.removeprefix(_MODEL)))
            await worker.look_at(model_id)
            if any(subject.model_id == model_id for subject in worker.faults.words):
                return worker.retry_s
        return None

    async def _take_in(self) -> None:
        news = await self._reader.read()
        if news is None:
            return
        try:
            await self._heed(news)
        except BaseException:
            self._reader.forget()  # or a model would be looked at only once it is in the news again
            raise

    async def _heed(self, news: News) -> None:
        if news.models is None or not news.models <= set(self._watched):
            await self._watch()
        for model_id in self._watched:
            if news.models is None or model_id in news.models:
                self._schedule.wake(f"{_MODEL}{model_id}")
        self._schedule.wake(SETTLE)
        if news.models is None or news.models:
            self._schedule.wake(PEERS)
            self._schedule.wake(VOTES)

    async def _watch(self) -> None:
        """Give each watched model its job, and no other model one."""
        watched = await self._worker.watched()
        for model_id in watched:
            if model_id not in self._watched:
                self._add(f"{_MODEL}{model_id}", OWN_TIME_S)
        for model_id in set(self._watched) - set(watched):
            self._telemetry.health.forget(f"{_MODEL}{model_id}")
        self._schedule.keep({NEWS, SETTLE, PEERS, VOTES, *(f"{_MODEL}{one}" for one in watched)})
        if watched != self._watched:
            get_logger(__name__).info("watching", models=list(watched))
        self._watched = watched
