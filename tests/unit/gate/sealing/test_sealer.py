"""The steward's loop: what is sealed, what is skipped, and what failures cost."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from tribune.decisions.anchor import Manifest, anchor_word
from tribune.decisions.grid import FrameGrid, GridHistory
from tribune.exceptions import ChainError, ChainUnreachableError, RevertedError
from tribune.gate.sealing.sealer import FrameSealer
from tribune.ids import Digest, FrameIndex
from unit.decisions.rows import GRID, decision, sealer, write
from unit.gate.chain import until


class Steward:
    """Anchors into a list."""

    def __init__(
        self, root: Path, *, now: int = 10**9, operational: bool = True, grid: FrameGrid = GRID
    ) -> None:
        self.now = now
        self.operational = operational
        self.fault: ChainError | None = None
        self.anchored: list[tuple[int, int]] = []
        self.log = sealer(root, grid)
        self.loop = self.started(FrameIndex(1))

    def started(self, first: FrameIndex, **options: Any) -> FrameSealer:
        return FrameSealer(
            self.log,
            first=first,
            anchor=self.anchor,
            was_operational=self.was_operational,
            clock=lambda: self.now,
            **options,
        )

    async def anchor(self, manifest: Manifest, word: Digest) -> None:
        if self.fault is not None:
            raise self.fault
        assert word == anchor_word(manifest)
        self.anchored.append((manifest.frame, manifest.rows))

    async def was_operational(self, frame: FrameIndex) -> bool:
        return self.operational


async def test_step__before_end_and_grace__does_nothing(tmp_path: Path) -> None:
    steward = Steward(tmp_path, now=1099)
    assert await steward.loop.step() is None
    assert (steward.loop.next_frame, steward.anchored) == (1, [])


async def test_step__frames_due__seals_and_anchors_them_in_order(tmp_path: Path) -> None:
    write(tmp_path, decision("a", 1), decision("b", 2001))
    steward = Steward(tmp_path)
    for _ in range(3):
        await steward.loop.step()
    assert steward.anchored == [(1, 1), (2, 0), (3, 1)]


async def test_step__stopped_and_empty__is_skipped_and_closed(tmp_path: Path) -> None:
    steward = Steward(tmp_path, operational=False)
    assert await steward.loop.step() is None
    assert (steward.loop.next_frame, steward.anchored) == (2, [])
    assert write(tmp_path, decision("late", 1))[0].frame is None


async def test_step__stopped_with_rows__is_sealed(tmp_path: Path) -> None:
    write(tmp_path, decision("a", 1))
    steward = Steward(tmp_path, operational=False)
    await steward.loop.step()
    assert steward.anchored == [(1, 1)]


async def test_step__chain_unreachable__keeps_the_frame_for_the_next_try(tmp_path: Path) -> None:
    write(tmp_path, decision("a", 1))
    steward = Steward(tmp_path)
    steward.fault = ChainUnreachableError("The node does not answer.")
    with pytest.raises(ChainUnreachableError):
        await steward.loop.step()
    steward.fault = None
    await steward.loop.step()
    assert steward.anchored == [(1, 1)]


async def test_step__restarted_between_seal_and_anchor__anchors_the_same_word(tmp_path: Path) -> None:
    write(tmp_path, decision("a", 1))
    steward = Steward(tmp_path)
    sealed = steward.log.seal(FrameIndex(1), now=steward.now)
    assert await steward.started(FrameIndex(1)).step() == sealed


@pytest.mark.parametrize(
    "fault",
    [
        ChainUnreachableError("The node does not answer."),
        RevertedError("The chain's clock is behind.", error="LogFrameNotOver"),
    ],
)
async def test_run__in_real_time__seals_each_frame_once_it_is_due(tmp_path: Path, fault: ChainError) -> None:
    now = time.time_ns() // 1000
    grid = FrameGrid(epoch=now, step=100_000, length=100_000, grace=20_000)
    steward = Steward(tmp_path, grid=grid)
    loop = FrameSealer(
        steward.log,
        first=FrameIndex(1),
        anchor=steward.anchor,
        was_operational=steward.was_operational,
        retry_s=0.02,
    )
    steward.fault = fault
    task = asyncio.create_task(loop.run())
    await asyncio.sleep(0.2)
    steward.fault = None
    await until(lambda: len(steward.anchored) >= 3)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert steward.anchored[:3] == [(1, 0), (2, 0), (3, 0)]


async def test_step__another_policy_took_force__seals_by_its_frames_and_tells_writers(tmp_path: Path) -> None:
    write(tmp_path, decision("old", 500), decision("new", 1150))
    shorter = FrameGrid(epoch=900, step=100, length=100, grace=10)
    told = GridHistory(((FrameIndex(1), GRID),))
    steward = Steward(tmp_path, now=1100)

    async def grids() -> GridHistory:
        return told

    loop = steward.started(FrameIndex(1), grids=grids)
    await loop.step()
    told = GridHistory((*told.parts, (FrameIndex(2), shorter)))
    steward.now = 1209
    await loop.step()  # frame 2 is [1000, 1100) now, frame 3 [1100, 1200)
    assert await loop.step() is None
    steward.now = 1210
    await loop.step()
    (receipt,) = write(tmp_path, decision("later", 1290))
    assert receipt.frame == 4
    assert steward.anchored == [(1, 1), (2, 0), (3, 1)]


async def test_step__chains_clock_is_behind_ours__closes_no_frame_yet(tmp_path: Path) -> None:
    steward = Steward(tmp_path, now=1100)
    reached = asyncio.Event()

    async def waits(seconds: int) -> None:
        await reached.wait()

    loop = steward.started(FrameIndex(1), reached=waits)
    step = asyncio.create_task(loop.step())
    await asyncio.sleep(0.1)
    (receipt,) = await asyncio.to_thread(write, tmp_path, decision("a", 999))
    assert receipt.frame == 1
    reached.set()
    await step
    assert steward.anchored == [(1, 1)]
