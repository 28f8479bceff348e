"""`tribune gate serve` tells of a halt and its end, over its own death."""

from __future__ import annotations

import json
import time
from pathlib import Path

from integration.gate.world import GateWorld, sidecar_process


def _variables(folder: Path, *, takes: bool = True) -> dict[str, str]:
    tell = ["sh", "-c", f'echo "$HOOK_EVENT $HOOK_ID" >> "{folder}/told"; {"true" if takes else "exit 1"}']
    return {
        "TRIBUNE_GATE__MODELS": "[1]",
        "TRIBUNE_GATE__HOOKS__ON_HALT": json.dumps(tell),
        "TRIBUNE_GATE__HOOKS__ON_RESUME": json.dumps(tell),
        "TRIBUNE_GATE__HOOKS__STATE": str(folder / "state"),
    }


def _told(folder: Path) -> list[list[str]]:
    file = folder / "told"
    return [line.split() for line in file.read_text().splitlines()] if file.exists() else []


def _wait(folder: Path, *events: str) -> None:
    deadline = time.monotonic() + 30
    while [event for event, _ in _told(folder)] != list(events):
        assert time.monotonic() < deadline, _told(folder)
        time.sleep(0.05)


def test_serve__halted_freed_and_killed_in_between__tells_each_once(world: GateWorld, tmp_path: Path) -> None:
    with sidecar_process(world, tmp_path, **_variables(tmp_path)) as (_, process):
        time.sleep(2)  # it sees the model run, of which there is nothing to tell
        world.halt()
        _wait(tmp_path, "halt")
        while json.loads((tmp_path / "state" / "1-command.json").read_text())["told"] != "halt":
            time.sleep(0.02)
        process.kill()
    with sidecar_process(world, tmp_path, **_variables(tmp_path)):
        time.sleep(2)
        _wait(tmp_path, "halt")
        world.free()
        _wait(tmp_path, "halt", "resume")


def test_serve__killed_before_the_halt_was_taken__goes_on_under_the_same_id(
    world: GateWorld, tmp_path: Path
) -> None:
    world.halt()
    with sidecar_process(world, tmp_path, **_variables(tmp_path, takes=False)) as (_, process):
        deadline = time.monotonic() + 30
        while not _told(tmp_path):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.kill()
    before = len(_told(tmp_path))
    with sidecar_process(world, tmp_path, **_variables(tmp_path)):
        _wait(tmp_path, *["halt"] * (before + 1))
    assert len({name for _, name in _told(tmp_path)}) == 1
