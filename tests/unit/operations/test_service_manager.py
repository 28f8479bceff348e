"""What a service manager hears at a real unix socket: that we are ready and live, and from nobody else."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from support.processes import environment
from tribune.operations.service_manager import ServiceManager

LIMIT_S = 40.0


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[socket.socket]:
    """Where a service manager listens; its name is the socket's."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(LIMIT_S)
        yield listening


def test_ready__a_socket_is_named__is_told_with_what_runs(heard: socket.socket) -> None:
    ServiceManager(heard.getsockname()).ready("Runs monitor, web")
    assert heard.recv(200).decode().split("\n") == ["READY=1", "STATUS=Runs monitor, web"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has sockets without a file")
def test_ready__a_socket_without_a_file__is_told() -> None:
    name = "tribune-" + secrets.token_hex(8)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0" + name)
        listening.settimeout(LIMIT_S)
        ServiceManager("@" + name).ready("")
        assert listening.recv(200).startswith(b"READY=1\n")


async def test_told_we_live__a_loop_that_turns__says_so_in_time_until_it_ends(heard: socket.socket) -> None:
    async with ServiceManager(heard.getsockname(), patience_s=0.3).told_we_live():
        for _ in range(3):
            assert await asyncio.to_thread(heard.recv, 200) == b"WATCHDOG=1"
    heard.settimeout(0)
    with suppress(BlockingIOError):  # what it said until then
        while heard.recv(200):
            pass
    await asyncio.sleep(0.3)
    with pytest.raises(BlockingIOError):
        heard.recv(200)


async def test_told_we_live__nobody_waits_for_it__says_nothing(heard: socket.socket) -> None:
    async with ServiceManager(heard.getsockname()).told_we_live():
        await asyncio.sleep(0)
    heard.settimeout(0)
    with pytest.raises(BlockingIOError):
        heard.recv(200)


async def test_ready__nobody_listens_there__goes_on(tmp_path: Path) -> None:
    ServiceManager(str(tmp_path / "gone")).ready("")
    async with ServiceManager(str(tmp_path / "gone"), patience_s=0.01).told_we_live():
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("wait", "whose", "patience_s"),
    [("2000000", "ours", 2.0), ("2000000", "", 2.0), ("2000000", "1", 0.0), ("", "", 0.0)],
)
def test_taken_from__a_watchdog__is_ours_only_if_it_waits_for_us(
    wait: str, whose: str, patience_s: float
) -> None:
    process = str(os.getpid()) if whose == "ours" else whose
    given = {"WATCHDOG_USEC": wait, "WATCHDOG_PID": process, "OTHER": "x"}
    assert ServiceManager.taken_from(given) == ServiceManager("", patience_s)
    assert given == {"OTHER": "x"}


def test_up__started_by_a_service_manager__tells_it_and_lets_no_part_speak(
    heard: socket.socket, tmp_path: Path
) -> None:
    (tmp_path / "tribune.toml").write_text('[web]\nport = 0\n[chain]\nhttp_url = "http://127.0.0.1:1"\n')
    given = environment(NOTIFY_SOCKET=heard.getsockname(), WATCHDOG_USEC="300000")
    command = [sys.executable, "-m", "tribune.cli", "up"]
    with subprocess.Popen(command, cwd=tmp_path, env=given, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        try:
            told = [heard.recv(200).decode() for _ in range(4)]
            assert sorted({line for one in told for line in one.split("\n")}) == [
                "READY=1", "STATUS=Runs web", "WATCHDOG=1",
            ]  # fmt: skip
            events = (json.loads(line) for line in running.stderr)
            part = next(one["pid"] for one in events if one["event"] == "a part starts")
            names = {
                one.partition(b"=")[0] for one in Path(f"/proc/{part}/environ").read_bytes().split(b"\0")
            }
            assert not names & {b"NOTIFY_SOCKET", b"WATCHDOG_USEC"}
        finally:
            running.terminate()
            running.communicate(timeout=LIMIT_S)
        assert running.returncode == 0
