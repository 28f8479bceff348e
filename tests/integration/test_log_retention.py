"""`log_keep_days`: who seals a log erases what is too old, on a real chain and in real log folders."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pyarrow.parquet as parquet
import pytest

from integration.gate.test_clock_steps import LIBFAKETIME
from integration.monitor_world import VERSION, MonitorWorld
from integration.test_decision_proofs import ONE
from integration.test_log_seal_killed import sealing, until
from tribune.chain import Tribune
from tribune.decisions.anchor import log_folder, read_manifest
from tribune.decisions.erasures import NAME
from tribune.decisions.frames.erasing import holds_bodies
from tribune.decisions.proofs.finding import find_decision
from tribune.decisions.typed import LogContract
from tribune.exceptions import EvidenceError
from tribune.gate.sealing.retention import Retention
from tribune.ids import Address, FrameIndex

DAY_S = 86_400
ROWS = 20


@asynccontextmanager
async def retention(world: MonitorWorld, days: int) -> AsyncIterator[Retention]:
    settings = world.settings("cli", log_keep_days=days)
    async with await Tribune.connect(settings) as tribune:
        found = Retention.of(settings, tribune, ONE, VERSION)
        assert found is not None
        yield found


def bodies(world: MonitorWorld, frame: FrameIndex) -> int:
    """Count the rows of a frame that still have their body, salt and all."""
    (path,) = (log_folder(world.log, ONE, VERSION) / "frames" / str(frame)).glob("part-*.parquet")
    table = parquet.read_table(path)
    blank = {table.column(name).null_count for name in ("age", "prediction", "score", "salt")}
    assert len(blank) == 1
    return int(table.num_rows - blank.pop())


def seen_by(world: MonitorWorld, frame: FrameIndex) -> bool:
    folder = log_folder(world.log, ONE, VERSION)
    return holds_bodies(folder, read_manifest(folder, frame))


def proven(world: MonitorWorld, frame: FrameIndex) -> bool:
    """Return whether the contract proves the first and last decision of a frame, without what was decided."""
    chain_log = world.chain.contracts["DecisionLog"]
    contract = LogContract(world.chain.web3.eth.chain_id, Address(chain_log.address))
    for place in (0, -1):
        id_ = world.samples[frame].decisions[place].id
        found = find_decision(world.log, id_, model_id=ONE, version=VERSION, frame=frame)
        proof = found.proof(contract)
        assert proof.opened is None
        decided, word = (proof.id, proof.time, proof.body), (proof.manifest, proof.root, proof.rows)
        if not chain_log.functions.verify(ONE, VERSION, frame, decided, word, list(proof.path)).call():
            return False
    return True


async def test_erase__old_frames__go_once_anchored_and_needed_by_no_report_and_no_case(
    world: MonitorWorld,
) -> None:
    chain = world.chain
    anchored = [world.sealed(ONE, n=ROWS) for _ in range(2)]
    open_ = world.current_frame(ONE)
    world.seal(ONE, open_, n=ROWS)
    async with retention(world, days=3) as kept:
        chain.warp(5 * DAY_S)  # one that nobody reported can be made a case for a week
        waits = await kept.erase(chain.now * 1_000_000)
        assert (waits.rows, waits.needed, waits.unanchored, waits.faults) == (0, 3, 0, [])
        chain.warp(10 * DAY_S)
        silent = world.current_frame(ONE) - 5
        chain.send(chain.contracts["ReportHub"].functions.pokeStale(ONE, silent))
        voted = await kept.erase(chain.now * 1_000_000)
        assert (voted.rows, voted.needed) == (0, 3)
        assert all(seen_by(world, frame) and bodies(world, frame) == ROWS for frame in (*anchored, open_))
        chain.warp(60 * DAY_S)  # by now nobody can vote on it any more
        young = await kept.erase((chain.now - 74 * DAY_S) * 1_000_000)
        assert (young.rows, young.needed) == (0, 0)
        done = await kept.erase(chain.now * 1_000_000)
        assert (done.rows, done.needed, done.unanchored, done.faults) == (2 * ROWS, 0, 1, [])
        assert [bodies(world, frame) for frame in (*anchored, open_)] == [0, 0, ROWS]
        assert not any(seen_by(world, frame) for frame in anchored)
        again = await kept.erase(chain.now * 1_000_000)
        assert (again.rows, again.unanchored) == (0, 1)
    assert all(proven(world, frame) for frame in anchored)


async def test_erase__a_damaged_frame__is_told_and_holds_no_other_back(world: MonitorWorld) -> None:
    frames = [world.sealed(ONE, n=ROWS) for _ in range(3)]
    (path,) = (log_folder(world.log, ONE, VERSION) / "frames" / str(frames[1])).glob("part-*.parquet")
    path.write_bytes(path.read_bytes()[:-20])
    world.chain.warp(40 * DAY_S)
    async with retention(world, days=30) as kept:
        done = await kept.erase(world.chain.now * 1_000_000)
    assert done.rows == 2 * ROWS
    (fault,) = done.faults
    assert isinstance(fault, EvidenceError)
    assert [bodies(world, frame) for frame in (frames[0], frames[2])] == [0, 0]


@pytest.mark.skipif(not LIBFAKETIME.exists(), reason="needs libfaketime")
def test_log_seal__keeps_for_30_days__erases_though_killed_and_believes_no_clock_alone(
    world: MonitorWorld,
) -> None:
    frames = [world.sealed(ONE, n=ROWS) for _ in range(3)]
    log = world.root / "seal.log"
    given = {
        "TRIBUNE_LOG_KEEP_DAYS": "30",
        "TRIBUNE_EVIDENCE_READ_URLS": json.dumps([str(world.steward_store)]),
    }
    looked = b"old decisions looked through"
    with sealing(world, ahead_s=40 * DAY_S, more=given):  # the machine's clock is wrong, the chain's is not
        until(world, lambda: log.exists() and looked in log.read_bytes())
    world.chain.warp(40 * DAY_S)
    with sealing(world, ahead_s=0, more=given):  # a node shows a time that is far ahead of the machine's
        until(world, lambda: log.read_bytes().count(looked) == 2)
    assert [bodies(world, frame) for frame in frames] == [ROWS] * 3
    folder = log_folder(world.log, ONE, VERSION)
    with sealing(world, more=given):
        until(world, lambda: any((folder / "frames" / str(frame) / NAME).exists() for frame in frames))
    with sealing(world, more=given):
        until(world, lambda: log.read_bytes().count(looked) == 3)
    assert [bodies(world, frame) for frame in frames] == [0] * 3
    said = [json.loads(line) for line in log.read_bytes().splitlines() if looked in line]
    assert [(one["keep_days"], one["frames_needed"], one["frames_unanchored"]) for one in said] == [
        (30, 0, 0)
    ] * 3
    assert all(proven(world, frame) for frame in frames)
