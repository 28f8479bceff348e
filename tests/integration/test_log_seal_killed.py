"""`tribune log seal` killed while its anchor is on its way: in the end it is anchored once, with all rows.

The processes are given the chain's time, which tests set ahead of the machine's.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from eth_account import Account

from integration.gate.test_clock_steps import LIBFAKETIME, set_clock
from integration.monitor_samples import sample
from integration.monitor_world import GRACE, SPEC, VERSION, MonitorWorld
from integration.test_cli import on_chain
from integration.test_decision_proofs import ONE
from support.anvil import KEYS
from support.processes import environment
from tribune.decisions.anchor import anchor_word, log_folder, read_manifest, verify_partitions
from tribune.decisions.leaf import LogSchema
from tribune.decisions.log import DecisionLog
from tribune.ids import FrameIndex, VersionNumber

PATIENCE_S = 240.0

pytestmark = pytest.mark.skipif(not LIBFAKETIME.exists(), reason="needs libfaketime")


@contextmanager
def sealing(
    world: MonitorWorld,
    *,
    version: VersionNumber = VERSION,
    ahead_s: int | None = None,
    more: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the command at the chain's time, or ahead of the machine's; it is killed at the end."""
    set_clock(world.root, world.chain.now - int(time.time()) + 1 if ahead_s is None else ahead_s)
    steward = next(key for key in KEYS if Account.from_key(key).address == world.chain.steward.address)
    given = {
        "LD_PRELOAD": str(LIBFAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(world.root / "clock"),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
        "TRIBUNE_KEYS__LOGGER__ENV": "MY_KEY",
        "MY_KEY": steward,
        **(more or {}),
    }
    command = ["log", "seal", "--model", str(ONE), "--version", str(version)]
    with (world.root / "seal.log").open("ab") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "tribune.cli", *command],
            cwd=world.root, env=environment(**on_chain(world, **given)), stdout=said, stderr=said,
        )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE_S)


def until(world: MonitorWorld, condition: Callable[[], bool], *, mine: bool = False) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < ends, (world.root / "seal.log").read_text()
        if mine:
            world.chain.rpc("evm_mine")
        time.sleep(0.1)


@pytest.mark.parametrize("fate", ["in a block", "forgotten", "still waiting"])
def test_log_seal__killed_with_its_anchor_on_the_way__anchors_once(world: MonitorWorld, fate: str) -> None:
    chain, grid, frame = world.chain, world.grid(ONE), world.current_frame(ONE)
    start, end = grid.bounds(frame)
    log = DecisionLog(world.log, LogSchema.of(SPEC), grid, model_id=ONE, version=VERSION)
    receipts = [log.accept(one).result(10) for one in sample(5, start, n=20).decisions]
    log.close()
    world.until(end // 1_000_000 + GRACE + 1)
    anchors = chain.contracts["DecisionLog"]
    chain.rpc("evm_setAutomine", False)
    try:
        with sealing(world):
            until(world, lambda: chain.rpc("txpool_status")["pending"] != "0x0")
        if fate == "in a block":
            chain.rpc("evm_mine")
        elif fate == "forgotten":
            chain.rpc("anvil_dropAllTransactions")
        with sealing(world):
            sealed = f'"frame": {frame}'.encode()
            until(world, lambda: _says_sealed(world.root / "seal.log", sealed), mine=True)
    finally:
        chain.rpc("anvil_dropAllTransactions")
        chain.rpc("evm_setAutomine", True)
    folder = log_folder(world.log, ONE, VERSION)
    manifest = read_manifest(folder, FrameIndex(frame))
    verify_partitions(folder, manifest, leaves=True)
    assert manifest.rows == len(receipts)
    events = anchors.events.FrameAnchored.get_logs(from_block=0)
    mine = [one for one in events if (one.args.modelId, one.args.frame) == (ONE, frame)]
    assert len(mine) == 1
    assert anchors.functions.anchorOf(ONE, VERSION, frame).call() == anchor_word(manifest)


def _says_sealed(log: Path, frame: bytes) -> bool:
    return any(b"frame sealed" in line and frame in line for line in log.read_bytes().splitlines())
