"""A monitor killed at any step of its work: nothing is lost, nothing is signed or counted twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from integration.monitor_world import Monitor, MonitorWorld, monitors
from tribune.ids import Cid, FrameIndex, ModelId
from tribune.reports.evidence_store import read_evidence

ONE = ModelId(1)
KILLS = 12


class Guillotine:
    """Ends a monitor's work before or after the n-th act that anyone outside of it could notice.

    An act is a request to the node, a transaction of its store, or a document for its evidence stores.
    """

    def __init__(self, monitor: Monitor, at: int, *, after: bool) -> None:
        self.left = at
        self._after = after
        worker = monitor.worker
        for part, name in (
            (monitor.tribune.chain.rpc, "request"),
            (worker.store, "run"),
            (worker._filing, "write"),
            (worker._filing, "publish"),
        ):
            setattr(part, name, self._guarded(getattr(part, name)))

    def _guarded(self, act: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def guarded(*args: Any, **options: Any) -> Any:
            self.left -= 1
            if self.left < 0 or (self.left == 0 and not self._after):
                raise asyncio.CancelledError
            result = await act(*args, **options)
            if self.left == 0:
                raise asyncio.CancelledError
            return result

        return guarded


async def acts(world: MonitorWorld) -> int:
    """Return how many acts one report takes."""
    world.sealed(ONE)
    async with monitors(world, 0) as (monitor,):
        counter = Guillotine(monitor, 10**6, after=True)
        await monitor.look()
        return 10**6 - counter.left


async def times_counted(monitor: Monitor, frame: FrameIndex) -> int:
    head = await monitor.tribune.chain.head()
    return len(await monitor.tribune.report_hub.attested(ONE, frame, 0, head.number))


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_look__killed_at_any_act__the_next_life_reports_exactly_once(
    world: MonitorWorld, after: bool
) -> None:
    most = await acts(world)
    killed = 0
    for at in sorted(random.Random(7).sample(range(1, most + 1), KILLS)):  # noqa: S311 - a choice, not a secret
        frame = world.sealed(ONE)
        async with monitors(world, 0) as (monitor,):
            guillotine = Guillotine(monitor, at, after=after)
            try:
                await monitor.look()
            except asyncio.CancelledError:
                killed += 1
            guillotine.left = 10**6  # what ends a test's monitor is no act of its own
        async with monitors(world, 0) as (monitor,):
            await monitor.look()
            row = monitor.row(ONE, frame)
            assert (row.state, await times_counted(monitor, frame)) == ("counted", 1), at
            assert read_evidence(monitor.settings.evidence_urls[0], Cid(row.cid))["frame"] == frame
    assert killed == KILLS
