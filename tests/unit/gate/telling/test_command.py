"""What becomes of a command that an operator is told by, and of all that it starts."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tribune.gate.telling.channels import Command
from tribune.gate.telling.notices import HALT, Notice
from tribune.webhooks import NotTakenError
from unit.gate.chain import until, view_of
from unit.gate.telling.notified import AGAIN, HALTED, command, lines, telling, update


def _notice() -> Notice:
    return Notice("msg_1", HALT, 0.0, {"model_id": 1})


async def _written(file: Path) -> str:
    """Return what a command writes into a file, once it has."""
    await until(lambda: file.exists() and file.read_text().strip())
    return file.read_text()  # noqa: ASYNC240 - a line


def _is_there(pid: int) -> bool:
    """Whether a process runs, or has ended and not been waited for."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().split()[2] if sys.platform == "linux" else "R"
    except FileNotFoundError:
        return False
    return state != "Z" and _is_there(pid)


async def test_command__takes_too_long__is_killed_with_what_it_started(told: Path, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    slow = Command(["sh", "-c", f'sleep 60 & echo $! $$ > "{pids}"; wait'], [], timeout_s=0.3)
    async with telling(view_of(HALTED), slow, tmp_path / "state", attempts=1):
        child, own = map(int, (await _written(pids)).split())
        await until(lambda: not _alive(child))
        await until(lambda: not _is_there(own))  # it was waited for, too


ESCAPES = (
    "import os, time; os.fork() and os._exit({code}) or os.setsid(); "
    "print(os.getpid(), file=open({pid!r}, 'w'), flush=True); time.sleep(60)"
)
"""A program that leaves another behind, which holds its pipes and is in no group of its own."""


@pytest.mark.parametrize(("code", "owed"), [(0, 0), (3, 1)])
async def test_command__leaves_a_process_behind__is_at_its_end_all_the_same(
    code: int, owed: int, tmp_path: Path
) -> None:
    pid = tmp_path / "pid"
    leaves = Command([sys.executable, "-c", ESCAPES.format(code=code, pid=str(pid))], [], timeout_s=20)
    view = view_of(HALTED)
    async with telling(view, leaves, tmp_path / "state", attempts=1) as hooks:
        left = int(await _written(pid))
        try:
            await asyncio.sleep(1.5)
            assert hooks.owed == owed
            update(view, AGAIN)  # who waited for the pipes would never come to this
            await until(lambda: not hooks.owed)
            assert _is_there(left)
        finally:
            os.kill(left, signal.SIGKILL)


async def test_command__takes_too_long_and_its_child_escapes__next_transition_is_told(
    told: Path, tmp_path: Path
) -> None:
    pid = tmp_path / "pid"
    stuck = f'"{sys.executable}" -c "{ESCAPES.format(code=0, pid=str(pid))}"; sleep 60'
    one = Command(["sh", "-c", stuck], command(told)._commands[False], timeout_s=1.5)
    view = view_of(HALTED)
    async with telling(view, one, tmp_path / "state", attempts=1):
        left = int(await _written(pid))
        try:
            update(view, AGAIN)
            await until(lambda: lines(told))
        finally:
            os.kill(left, signal.SIGKILL)
    assert lines(told)[-1][1][0] == "resume"


async def test_command__cancelled_at_any_moment__ends_and_leaves_nothing_running(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f'echo $$ >> "{pids}"; cat; sleep 60 & echo $! >> "{pids}"; wait'
    slow = Command(["sh", "-c", script], [], timeout_s=60)
    for turn in range(40):
        telling = asyncio.create_task(slow.deliver(_notice()))
        if turn % 4:
            await asyncio.sleep(turn / 2000)
        else:
            for _ in range(turn // 4):
                await asyncio.sleep(0)
        telling.cancel()
        async with asyncio.timeout(10):
            with pytest.raises(asyncio.CancelledError):
                await telling
    for pid in map(int, pids.read_text().split()):
        await until(lambda pid=pid: not _alive(pid))


async def test_command__may_not_be_killed__is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids = []

    def refused(pid: int, _: int) -> None:
        pids.append(pid)
        raise PermissionError

    monkeypatch.setattr("os.killpg", refused)
    monkeypatch.setattr("tribune.gate.telling.channels._KILLED_S", 0.1)
    slow = Command(["sleep", "60"], [], timeout_s=0.1)
    async with asyncio.timeout(10):
        with pytest.raises(NotTakenError, match="longer than"):
            await slow.deliver(_notice())
    await until(lambda: not _is_there(pids[0]))  # asyncio kills it by itself, as nobody forbids it here
    await asyncio.sleep(0.05)


async def test_command__not_there__is_tried_again(tmp_path: Path) -> None:
    missing = Command([str(tmp_path / "missing")], [], timeout_s=1)
    async with telling(view_of(HALTED), missing, tmp_path / "state") as hooks:
        await asyncio.sleep(0.1)
        assert hooks.owed == 1


async def test_command__gets_no_secret_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "0x" + "11" * 32)
    monkeypatch.setenv("HARMLESS", "yes")
    seen = tmp_path / "seen"
    shows = Command(
        ["sh", "-c", f'env > "{seen}.tmp"; mv "{seen}.tmp" "{seen}"'], [], timeout_s=5, secrets=["MY_KEY"]
    )
    async with telling(view_of(HALTED), shows, tmp_path / "state"):
        await until(seen.exists)
    assert "HARMLESS=yes" in seen.read_text()
    assert "MY_KEY" not in seen.read_text()
