"""`tribune log seal` after it stood still for long, and before a version that is not in force yet."""

from __future__ import annotations

import time

import pytest

from integration.gate.test_clock_steps import LIBFAKETIME, set_clock
from integration.monitor_samples import sample
from integration.monitor_world import DEADLINE, GRACE, SPEC, STEP, VERSION, MonitorWorld, looks, monitors
from integration.test_decision_proofs import ONE
from integration.test_log_seal_killed import sealing, until
from tribune.decisions.anchor import anchor_word, log_folder, read_manifest
from tribune.decisions.leaf import LogSchema
from tribune.decisions.log import DecisionLog
from tribune.ids import FrameIndex, VersionNumber

pytestmark = pytest.mark.skipif(not LIBFAKETIME.exists(), reason="needs libfaketime")


def served(world: MonitorWorld, version: VersionNumber = VERSION) -> FrameIndex:
    """Let decisions into the frame that is under way, and let it pass."""
    frame, grid = world.current_frame(ONE), world.grid(ONE)
    log = DecisionLog(world.log, LogSchema.of(SPEC), grid, model_id=ONE, version=version)
    start, end = grid.bounds(frame)
    for one in sample(5, start, n=20).decisions:
        assert log.accept(one).result(10).frame == frame
    log.close()
    world.until(end // 1_000_000 + GRACE + 1)
    return frame


def anchored(world: MonitorWorld, frame: FrameIndex, version: VersionNumber = VERSION) -> bool:
    word: bytes = world.chain.contracts["DecisionLog"].functions.anchorOf(ONE, version, frame).call()
    if not any(word):
        return False
    return word == anchor_word(read_manifest(log_folder(world.log, ONE, version), frame))


def test_log_seal__stood_still_past_every_deadline__keeps_what_receipts_promised(world: MonitorWorld) -> None:
    before = served(world)
    world.chain.warp(DEADLINE + 6 * STEP)
    after = served(world)
    with sealing(world):
        until(world, lambda: anchored(world, after))
    assert anchored(world, before)


async def test_log_seal__decisions_before_the_version_is_in_force__hold_up_no_frame_after(
    world: MonitorWorld,
) -> None:
    version = world.register_version(ONE)
    async with monitors(world, 0, 1, 2) as panel:
        await looks(panel)
    early = served(world, version)
    with sealing(world, version=version):
        until(world, lambda: b"not in force" in (world.root / "seal.log").read_bytes())
        world.activate(ONE, version)
        world.warp_to_force()
        set_clock(world.root, world.chain.now - int(time.time()) + 1)
        then = served(world, version)
        set_clock(world.root, world.chain.now - int(time.time()) + 1)
        until(world, lambda: anchored(world, then, version))
    assert not anchored(world, early, version)
    assert read_manifest(log_folder(world.log, ONE, version), early).rows == 20
