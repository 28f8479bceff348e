"""`tribune decisions check` and `tribune labels append` on a real chain and a real log."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet

from integration.monitor_world import MonitorWorld
from integration.test_cli import on_chain
from integration.test_decision_proofs import ran
from tribune.ids import FrameIndex, ModelId

ONE = ModelId(1)


def checked(world: MonitorWorld, *more: str) -> tuple[int, dict[str, Any]]:
    done = ran(world.root, "decisions", "check", "1", "--json", *more, **on_chain(world))
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, found


def about(found: dict[str, Any], first: FrameIndex) -> list[tuple[str, int]]:
    """Return findings from a frame on: earlier ones are of frames that the fixture let pass."""
    return [(f["fault"], f["frame"]) for f in found["findings"] if f["frame"] >= first]


def test_decisions_check__frames_skipped_and_one_halted__only_the_former_are_gaps(
    world: MonitorWorld,
) -> None:
    first = world.sealed(ONE, n=60)
    skipped = world.current_frame(ONE)
    world.until(world.grid(ONE).bounds(skipped)[1] // 1_000_000 + 10)
    switch = world.chain.contracts["KillSwitch"].functions
    world.chain.as_timelock(switch.halt(world.chain.now + 230))
    world.chain.warp(300)
    last = world.sealed(ONE, n=60)
    world.chain.warp(500)
    code, found = checked(world, "--files")
    # Ten seconds pass between the frame's end and the halt, and the halt ends within the third frame.
    gaps = [frame for fault, frame in about(found, first) if fault == "gap" and frame < last]
    assert (code, gaps) == (1, [skipped, skipped + 1, skipped + 3])
    assert found["logs_compared"] == [1]
    assert {fault for fault, _ in about(found, first)} == {"gap"}


def test_decisions_check__log_changed_after_anchoring__named(world: MonitorWorld) -> None:
    frame = world.sealed(ONE, n=60)
    folder = world.log / "1" / "1" / "frames" / str(frame)
    shutil.move(folder, folder.with_name(f"{frame}0"))
    code, found = checked(world)
    assert code == 1
    assert ("no manifest", frame) in about(found, frame)


def test_decisions_check__model_without_frames__says_so(world: MonitorWorld) -> None:
    done = ran(world.root, "decisions", "check", "99", **on_chain(world))
    assert done.returncode == 2
    assert "Model 99 has no frames" in done.stderr


def test_labels_append__whole_file_or_nothing(world: MonitorWorld, tmp_path: Path) -> None:
    good = "case,when,truth\nd1,2026-01-31T12:00:00Z,1\nd2,2026-01-31T12:00:00Z,0\n"
    named = ["--id", "case", "--time", "when", "--label", "truth", "--model", "1", "--version", "1"]
    inbox = world.log / "1" / "1" / "labels"
    (tmp_path / "bad.csv").write_text(good + "d3,yesterday,1\n")
    refused = ran(tmp_path, "labels", "append", "bad.csv", *named, **on_chain(world))
    assert refused.returncode == 3
    assert "Row 3" in refused.stderr
    assert not list(inbox.glob("*"))
    (tmp_path / "good.csv").write_text(good)
    done = ran(tmp_path, "labels", "append", "good.csv", *named, **on_chain(world))
    assert (done.returncode, done.stdout) == (0, "Appended 2 labels to model 1 v1.\n")
    (path,) = inbox.glob("*.parquet")
    assert parquet.read_table(path).column("id").to_pylist() == ["d1", "d2"]
    again = ran(tmp_path, "labels", "append", "good.csv", *named, "--json", **on_chain(world))
    assert json.loads(again.stdout) == {"model": 1, "version": 1, "labels": 2}


def test_labels_append__no_such_log__says_where_it_looked(world: MonitorWorld, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,time,label\na,1,1\n")
    done = ran(tmp_path, "labels", "append", "a.csv", "--model", "77", "--version", "1", **on_chain(world))
    assert done.returncode == 2
    assert "no log of model 77 v1" in done.stderr
