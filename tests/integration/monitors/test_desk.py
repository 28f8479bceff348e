"""Workers on their schedules, on a real chain: woken by what happens there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from integration.monitor_world import Monitor, MonitorWorld, monitors
from tribune.chain.enums import State
from tribune.decisions.anchor import log_folder
from tribune.ids import ModelId
from tribune_monitors.desk import Desk

ONE, TWO = ModelId(1), ModelId(2)


@asynccontextmanager
async def at_work(*panel: Monitor) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = [asyncio.create_task(Desk(monitor.worker, 0.05).run(stop)) for monitor in panel]
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(20):
            await asyncio.gather(*running)


async def until(done: Callable[[], Awaitable[bool]], timeout_s: float = 60.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not await done():  # noqa: ASYNC110 - the chain tells nobody
            await asyncio.sleep(0.1)


async def test_run__a_frame_anchored_meanwhile__is_judged(world: MonitorWorld) -> None:
    async with monitors(world, 0, 1, 2) as panel, at_work(*panel):
        for _ in range(2):
            frame = world.sealed(ONE)

            async def judged(frame: int = frame) -> bool:
                return (await panel[0].frame(ONE, frame)).judged

            await until(judged)


async def test_run__a_file_that_comes_late__is_reported_then(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    folder = log_folder(world.log, ONE, 1)  # type: ignore[arg-type]
    away = folder.with_name("away")
    folder.rename(away)
    async with monitors(world, 0) as (monitor,), at_work(monitor):

        async def failed() -> bool:
            return bool(monitor.why)

        async def reported() -> bool:
            return 0 in (await monitor.frame(ONE, frame)).reported

        await until(failed)
        away.rename(folder)
        await until(reported)


async def test_run__a_model_that_cannot_be_looked_at__holds_up_no_other(world: MonitorWorld) -> None:
    world.sealed(ONE)
    frame = world.sealed(TWO)
    log_folder(world.log, ONE, 1).rename(world.log / "away")  # type: ignore[arg-type]
    async with monitors(world, 0) as (monitor,), at_work(monitor):

        async def reported() -> bool:
            return 0 in (await monitor.frame(TWO, frame)).reported

        await until(reported)


async def test_run__a_second_process_of_the_key__leaves_the_job_table_alone(world: MonitorWorld) -> None:
    async with monitors(world, 0) as (first,), monitors(world, 0) as (second,), at_work(first):
        await until(first.worker.may_act)

        async def stands_down() -> bool:
            return bool(second.why)

        ran: list[str] = []
        desk = Desk(second.worker, 0.05)
        do, stop = desk.do, asyncio.Event()

        async def noted(job: str) -> float | None:
            ran.append(job)
            return await do(job)

        desk._schedule._do = noted
        running = asyncio.create_task(desk.run(stop))
        await until(stands_down)
        frame = world.sealed(ONE)

        async def reported() -> bool:
            return 0 in (await first.frame(ONE, frame)).reported

        await until(reported)
        assert not ran
        stop.set()
        await running


async def test_run__a_case_comes_to_its_quarter_and_nothing_else_happens__its_vote_is_opened(
    world: MonitorWorld,
) -> None:
    world.sealed(ONE, age=10_000.0)
    async with monitors(world, 0, 1) as panel, at_work(*panel):
        switch = panel[0].tribune.kill_switch

        async def suspended() -> bool:
            return (await switch.status(ONE)).state is State.SUSPENDED

        await until(suspended)
        case = await switch.case((await switch.status(ONE)).case_id)
        quarter = case.opened_at + (case.open_until - case.opened_at) / 4

        async def waiting() -> bool:
            return not any([await monitor.worker.has_unsettled() for monitor in panel])

        await until(waiting)
        await asyncio.sleep(1)  # what the case's own news woke is done
        world.until(int(quarter.timestamp()))

        async def opened() -> bool:
            return (await switch.case(case.case_id)).vote != 0

        await until(opened)
