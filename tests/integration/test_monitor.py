"""Three monitors on a real chain: evaluation, healthy and breaching frames, windows, late labels, restarts."""

from __future__ import annotations

import asyncio


from integration.monitor_world import ACCURACY, DRIFT, INVALID, VERSION, MonitorWorld, monitors
from tribune.ids import FrameIndex, ModelId

ONE = ModelId(1)


async def test_look__new_version__evaluated_and_passed(world: MonitorWorld) -> None:
    async with monitors(world, 0) as (watcher,):
        frame = await watcher.frame(ONE, 0)
        assert (frame.judged, frame.breached) == (True, False)
        assert await watcher.tribune.model_registry.active_version(ONE) == VERSION


async def test_look__healthy_frame__three_equal_digests(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0, 1, 2) as panel:
        await asyncio.gather(*(monitor.look() for monitor in panel))
        rows = [monitor.signed(ONE, frame) for monitor in panel]
        record = await panel[0].frame(ONE, frame)
    assert len({row.digest for row in rows if row}) == 1
    assert len({row.witness for row in rows if row}) == 3
    assert {row.state for row in rows if row} == {"counted"}
    assert (record.reported, record.agreement) == ({0, 1, 2}, 3)
    assert (record.judged, record.breached) == (True, False)
