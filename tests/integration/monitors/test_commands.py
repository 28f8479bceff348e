"""`tribune monitor run --once`, its dry run, and `tribune monitor status`, as a person calls them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from integration.monitor_world import POLICY, MonitorWorld, monitors
from support.processes import environment, variables
from tribune.ids import ModelId

ONE = ModelId(1)


def called(world: MonitorWorld, *arguments: str, key: bool = False, fails: bool = False) -> str:
    """Call a command of monitor 0's; return what it printed."""
    given = variables(world.settings("monitor-0")) | {"TRIBUNE_MONITOR__MODELS": "[1]"}
    if key:
        given |= {"TRIBUNE_KEYS__MONITOR__ENV": "MY_KEY", "MY_KEY": world.chain.monitors[0].key.hex()}
    ran = subprocess.run(
        [sys.executable, "-m", "tribune.cli", "monitor", *arguments],
        cwd=world.root, env=environment(**given), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert bool(ran.returncode) is fails, ran.stderr
    assert "Traceback" not in ran.stderr
    return ran.stdout


def kept(world: MonitorWorld) -> dict[Path, bytes]:
    """Return the monitor's store and evidence; what it counted may be kept."""
    files = (world.root / "monitor-0").rglob("*")
    return {path: path.read_bytes() for path in files if path.is_file() and "tallies" not in path.parts}


async def test_run_once__a_due_frame__is_signed_and_it_ends(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    world.pass_deadline(ONE, frame, but_s=60)  # past half of it, a monitor waits for no other
    called(world, "run", "--once", key=True)
    async with monitors(world, 0) as (monitor,):
        assert 0 in (await monitor.frame(ONE, frame)).reported


@pytest.mark.parametrize("key", [False, True])
async def test_dry_run__a_due_frame__shows_what_is_signed_later_and_stores_nothing(
    world: MonitorWorld, *, key: bool
) -> None:
    frame = world.sealed(ONE)
    before = kept(world)
    said = called(world, "run", *(["--dry-run"] if key else []), key=key, fails=not key)
    assert f"model 1, frame {frame}:" in said
    assert "within" in said
    assert kept(world) == before
    async with monitors(world, 0) as (monitor,):
        assert not (await monitor.frame(ONE, frame)).reported
        await monitor.look()
        assert f"evidence {monitor.row(ONE, frame).cid}" in said


async def test_dry_run__as_json__has_the_values_that_are_signed_later(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    (told,) = json.loads(called(world, "run", "--dry-run", "--json"))["frames"]
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        row = monitor.row(ONE, frame)
    assert (told["model"], told["version"], told["frame"], told["why"]) == (1, 1, frame, None)
    assert told["evidence"] == row.cid
    assert [rule["metric"] for rule in told["rules"]] == [rule.metric for rule in POLICY.rules]
    assert [rule["beyond"] for rule in told["rules"]] == [False] * len(POLICY.rules)


def test_dry_run__nothing_due__says_so(world: MonitorWorld) -> None:
    assert "Nothing is due" in called(world, "run", "--dry-run")
    assert json.loads(called(world, "run", "--dry-run", "--json")) == {"frames": []}


def test_run__json_without_a_dry_run__is_refused(world: MonitorWorld) -> None:
    assert called(world, "run", "--json", fails=True) == ""


async def test_status__after_a_report__names_frame_state_and_no_process(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        running = called(world, "status")
        address, row = monitor.worker.monitor, monitor.row(ONE, frame)
    assert f"monitor {address}" in running
    assert "process" in running
    assert f"model 1: newest frame {frame}" in running
    document = json.loads(called(world, "status", "--json"))
    (one,) = document["monitors"]
    assert one["monitor"] == address
    assert (one["models"][0]["frame"], one["models"][0]["reports"][row.state]) == (frame, 2)
    assert int(one["balance_wei"]) > 0
