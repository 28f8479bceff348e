"""Real child processes: handed on, started again, given up, stopped in order, and none left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tribune.operations.parts import Part
from tribune.operations.supervisor import PartEndedError, Patience, Supervisor, is_structured

LIMIT_S = 20.0
SOON = Patience(first_pause_s=0.05, longest_pause_s=0.1, well_s=30.0, tries=3, stop_s=2.0, stop_all_s=5.0)
CHILD = """
import os, signal, subprocess, sys, time
from pathlib import Path
from tribune.operations.lifeline import hold_to

_, lifeline, does, name, folder = sys.argv[1:]
diary = Path(folder, "diary")
def note(what):
    with diary.open("a") as file:
        file.write(f"{name} {what} {os.getpid()}\\n")
def stop(*_):
    note("stops")
    sys.exit(0)
diary.touch()
lives = sum(line.startswith(f"{name} starts") for line in diary.read_text().splitlines())
signal.signal(signal.SIGTERM, signal.SIG_IGN if does == "stubborn" else stop)
hold_to(int(lifeline), stop_limit_s=0.5)
note("starts")
if does == "refuse":
    print("There is no key. Set one.", file=sys.stderr)
    sys.exit(2)
if does == "crash" or (does == "crash-twice" and lives < 2):
    print("cannot", lives, file=sys.stderr)
    sys.exit(1)
if does == "leave":
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    note(f"left {other.pid}")
    sys.exit(1)
if does == "tell":
    note(" ".join(sorted(name for name in os.environ if name.endswith("_KEY"))))
print('{"event": "ready", "process": "%s"}' % name, flush=True)
while True:
    time.sleep(0.05)
"""
SUPERVISE = """
import asyncio, sys
from tribune.operations.parts import Part
from tribune.operations.supervisor import Supervisor
child, folder = sys.argv[1:]
parts = [Part(f"p{i}", (does, f"p{i}", folder)) for i, does in enumerate(("stay", "stubborn"))]
run = Supervisor(parts, lambda *_: None, program=(sys.executable, child)).run
async def main():
    await run(asyncio.Event())
asyncio.run(main())
"""


@dataclass
class Place:
    """Where children write their diary."""

    folder: Path
    said: list[tuple[str, str]] = field(default_factory=list)

    @property
    def diary(self) -> list[list[str]]:
        path = self.folder / "diary"
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    def pids(self, what: str) -> list[int]:
        return [int(line[-1]) for line in self.diary if line[1] == what]

    async def until(self, found: Callable[[], bool], task: asyncio.Task[None] | None = None) -> None:
        ends = time.monotonic() + LIMIT_S
        while not found():
            assert time.monotonic() < ends, (self.diary, self.said)
            if task is not None and task.done():
                task.result()
            await asyncio.sleep(0.02)

    def supervisor(self, *does: str, patience: Patience = SOON, **options: object) -> Supervisor:
        child = self.folder / "child.py"
        child.write_text(CHILD)
        parts = [Part(f"p{i}", (one, f"p{i}", str(self.folder))) for i, one in enumerate(does)]
        program = (sys.executable, str(child))
        return Supervisor(
            parts,
            lambda name, line: self.said.append((name, line)),
            program=program,
            patience=patience,
            **options,  # type: ignore[arg-type]
        )

    @asynccontextmanager
    async def running(self, *does: str, **options: object) -> AsyncIterator[asyncio.Task[None]]:
        stop = asyncio.Event()
        task = asyncio.create_task(self.supervisor(*does, **options).run(stop))  # type: ignore[arg-type]
        try:
            yield task
        finally:
            stop.set()
            await asyncio.wait_for(task, LIMIT_S)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_run__told_to_stop__stops_all_the_last_first(place: Place) -> None:
    async with place.running("stay", "stay", "stay") as task:
        await place.until(lambda: len(place.said) == 3, task)
    assert [name for name, what, *_ in place.diary if what == "stops"] == ["p2", "p1", "p0"]


async def test_run__part_ends_by_itself__is_started_again_while_others_go_on(place: Place) -> None:
    async with place.running("stay", "crash-twice") as task:
        await place.until(lambda: ("p1", '{"event": "ready", "process": "p1"}') in place.said, task)
        assert [name for name, what, *_ in place.diary if what == "starts"].count("p1") == 3
        assert [name for name, what, *_ in place.diary if what == "starts"].count("p0") == 1


async def test_run__part_is_killed__is_started_again(place: Place) -> None:
    async with place.running("stay") as task:
        await place.until(lambda: len(place.said) == 1, task)
        os.kill(place.pids("starts")[0], signal.SIGKILL)
        await place.until(lambda: len(place.said) == 2, task)
        assert len(set(place.pids("starts"))) == 2


async def test_run__part_refuses_its_settings__all_stop_with_what_it_said(place: Place) -> None:
    with pytest.raises(
        PartEndedError, match=r"p1 cannot start \(code 2\): There is no key. Set one."
    ) as told:
        await place.supervisor("stay", "refuse").run(asyncio.Event())
    assert told.value.exit_code == 2
    assert not any(alive(pid) for pid in place.pids("starts"))


async def test_run__part_never_gets_up__is_given_up_after_so_many_tries(place: Place) -> None:
    with pytest.raises(PartEndedError, match="cannot 2"):
        await place.supervisor("crash").run(asyncio.Event())
    assert len(place.pids("starts")) == SOON.tries


async def test_run__part_was_well_once__is_never_given_up(place: Place) -> None:
    well_at_once = Patience(first_pause_s=0.01, longest_pause_s=0.01, well_s=0.0, tries=1, stop_s=2.0)
    async with place.running("refuse", patience=well_at_once) as task:
        await place.until(lambda: len(place.pids("starts")) > 3, task)


@pytest.mark.alone
async def test_run__part_ignores_its_end__is_killed_in_time(place: Place) -> None:
    began = 0.0
    async with place.running("stubborn") as task:
        await place.until(lambda: len(place.said) == 1, task)
        began = time.monotonic()
    assert time.monotonic() - began < SOON.stop_all_s
    assert not alive(place.pids("starts")[0])


async def test_run__part_leaves_a_process_of_its_own__that_is_ended_too(place: Place) -> None:
    with pytest.raises(PartEndedError):
        await place.supervisor("leave").run(asyncio.Event())
    left = [int(line[2]) for line in place.diary if line[1] == "left"]
    assert len(left) == SOON.tries
    await place.until(lambda: not any(alive(pid) for pid in left))


async def test_run__others_secrets__are_not_seen(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHERS_KEY", "x")
    monkeypatch.setenv("OPEN_KEY", "y")
    async with place.running("tell", secrets=["OTHERS_KEY"]) as task:
        await place.until(lambda: len(place.said) == 1, task)
    assert place.diary[1][:2] == ["p0", "OPEN_KEY"]


async def test_run__killed_itself__leaves_no_part_behind(place: Place) -> None:
    (place.folder / "child.py").write_text(CHILD)
    command = [sys.executable, "-c", SUPERVISE, str(place.folder / "child.py"), str(place.folder)]
    supervisor = subprocess.Popen(command)  # noqa: ASYNC220 - starts at once
    try:
        await place.until(lambda: len(place.pids("starts")) == 2)
    finally:
        supervisor.kill()
        supervisor.wait(LIMIT_S)
    parts = place.pids("starts")
    try:
        await place.until(lambda: not any(alive(pid) for pid in parts))
    finally:
        for pid in parts:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    assert [name for name, what, *_ in place.diary if what == "stops"] == ["p0"]  # in order, where it can


@pytest.mark.parametrize(
    ("line", "structured"),
    [
        ('{"event": "x", "process": "web"}', True),
        ('{"event": "x"}', False),
        ("{broken", False),
        ('["process"]', False),
        ("Traceback (most recent call last):", False),
    ],
)
def test_is_structured__a_line__told_by_its_process(line: str, structured: bool) -> None:
    assert is_structured(line) is structured


async def test_run__all_parts_run__says_so_once(place: Place) -> None:
    told: list[int] = []
    ready = lambda: told.append(len(place.pids("starts")))  # noqa: E731
    async with place.running("stay", "crash-twice", ready=ready) as task:
        await place.until(lambda: ("p1", '{"event": "ready", "process": "p1"}') in place.said, task)
    assert len(told) == 1
