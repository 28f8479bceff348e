"""Frames of a model that are due at the same time are brought to the hub oldest first."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from integration.monitor_world import Monitor, MonitorWorld, monitors
from tribune.ids import FrameIndex, ModelId

ONE = ModelId(1)
LIMIT_S = 20.0


async def signs(monitor: Monitor, frame: FrameIndex) -> None:
    async with asyncio.timeout(LIMIT_S):
        while monitor.signed(ONE, frame) is None:  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.02)


def hold_up(monitor: Monitor, frame: FrameIndex, until: asyncio.Event, patch: pytest.MonkeyPatch) -> None:
    """Let a frame's files take their time to be read."""
    measurer = monitor.worker.measurer
    measure = measurer.measure

    async def measured(due: Any) -> Any:
        if due.frame == frame:
            await until.wait()
        return await measure(due)

    patch.setattr(measurer, "measure", measured)


async def counted_order(monitor: Monitor) -> list[int]:
    """Return which frames of a monitor counted, in the order of their blocks."""
    head = await monitor.tribune.chain.head()
    logs = await monitor.tribune.chain.logs([monitor.tribune.report_hub.address], 0, head.number)
    events = monitor.tribune.report_hub.events(logs)
    return [event.frame for event in events if getattr(event, "frame", 0) and event.model_id == ONE]


async def test_look_at__signed_while_another_was_on_its_way__counts_before_the_next(
    world: MonitorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (world.sealed(ONE) for _ in range(3))
    sent = asyncio.Event()
    async with monitors(world, 0) as (monitor,):
        hold_up(monitor, third, sent, monkeypatch)
        world.chain.rpc("evm_setAutomine", False)
        try:
            ended = asyncio.create_task(monitor.worker.look_at(ONE))
            await signs(monitor, first)
            ended.cancel()  # the first report is signed and in no block
            await asyncio.wait([ended])
            settling = asyncio.create_task(monitor.worker.settle())
            await asyncio.sleep(0.2)
            looking = asyncio.create_task(monitor.worker.look_at(ONE))
            await signs(monitor, second)
        finally:
            world.chain.rpc("evm_setAutomine", True)
            world.chain.rpc("evm_mine")
        await settling
        sent.set()
        await looking
        await monitor.worker.settle()
        assert await counted_order(monitor) == [first, second, third]
