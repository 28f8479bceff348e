"""`tribune up` with real parts on a real chain: one file, one command, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlmodel import select

from integration.monitor_world import MonitorWorld
from support.anvil import KEYS
from support.processes import environment, free_port
from tribune.ids import FrameIndex, ModelId
from tribune.store.session import Store
from tribune.store.tables import SignedReport

T = TypeVar("T")
LIMIT_S = 40.0
ONE = ModelId(1)


@dataclass
class Up:
    """A running `tribune up`."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def events(self) -> list[dict[str, Any]]:
        """Its log, which must be structured line by line."""
        lines = self.log.read_text().split("\n")[:-1]
        return [json.loads(line) for line in lines if line.startswith("{")]

    def pids(self) -> dict[str, int]:
        """Return the newest process of each part."""
        return {one["part"]: one["pid"] for one in self.events if one["event"] == "a part starts"}

    def said(self, process: str, event: str) -> list[dict[str, Any]]:
        return [one for one in self.events if (one["process"], one["event"]) == (process, event)]

    def until(self, found: Callable[[], T | None]) -> T:
        ends = time.monotonic() + LIMIT_S
        while not (value := found()):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < ends, self.log.read_text()
            time.sleep(0.05)
        return value


@contextmanager
def up(folder: Path, **secrets: str) -> Iterator[Up]:
    log = folder / "up.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tribune.cli", "up"],
            cwd=folder, env=environment(**secrets), stdout=out, stderr=out,
        )  # fmt: skip
    running = Up(process, log)
    try:
        yield running
    finally:
        process.kill()
        process.wait(LIMIT_S)
        ends = time.monotonic() + LIMIT_S
        while any(alive(pid) for pid in running.pids().values()) and time.monotonic() < ends:
            time.sleep(0.05)
        for pid in running.pids().values():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def health(port: int) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return str(answer.read().decode())
    except (urllib.error.URLError, OSError):
        return ""


def settings_file(world: MonitorWorld, port: int, *names: str, same_store: bool = False) -> None:
    """Write a file with the pages and named monitors; monitor i has the i-th key of the panel."""
    general = world.settings("cli")
    lines = [
        f"deployments = {json.dumps(str(general.deployments))}",
        'store_url = "sqlite:///tribune.db"',
        f"evidence_read_urls = [{json.dumps(str(world.steward_store))}]",
        f"log_folder = {json.dumps(str(world.log))}",
        "frames_poll_s = 0.2",
        "[chain]",
        f"http_url = {json.dumps(general.chain.http_url)}",
        "[web]",
        f"port = {port}",
    ]
    for name in names:
        store = "tribune" if same_store else name
        lines += [
            f"[monitors.{name}]",
            f'store_url = "sqlite:///{store}.db"',
            f'evidence_urls = ["evidence-{name}"]',
            f'tally_folder = "tallies-{name}"',
            f'key = {{ env = "KEY_{name.upper()}" }}',
        ]
    (world.root / "tribune.toml").write_text("\n".join(lines) + "\n")


def reported(folder: Path, name: str, frame: FrameIndex) -> bool:
    """Whether a monitor's own store has its report of a frame."""
    if not (folder / f"{name}.db").exists():
        return False
    with Store(f"sqlite:///{folder / name}.db") as store, store.session(readonly=True) as session:
        return session.exec(select(SignedReport).where(SignedReport.frame == frame)).first() is not None


def test_up__pages_and_two_monitors__report_go_on_after_a_kill_and_stop_in_order(world: MonitorWorld) -> None:
    port = free_port()
    settings_file(world, port, "a", "b")
    with up(world.root, KEY_A=KEYS[7], KEY_B=KEYS[8]) as running:
        running.until(lambda: all(running.said(f"monitor-{name}", "monitor ready") for name in "ab"))
        frame = world.sealed(ONE)
        running.until(lambda: all(reported(world.root, name, frame) for name in "ab"))
        assert running.until(lambda: health(port)).startswith("ok, block")

        before = running.pids()["web"]
        os.kill(before, signal.SIGKILL)
        running.until(lambda: running.pids()["web"] != before and health(port))

        running.process.terminate()
        assert running.process.wait(LIMIT_S) == 0
        assert not any(alive(pid) for pid in running.pids().values())
    assert KEYS[7][2:] not in running.log.read_text()


def test_up__is_killed__no_part_goes_on(world: MonitorWorld) -> None:
    port = free_port()
    settings_file(world, port, "a")
    with up(world.root, KEY_A=KEYS[7]) as running:
        running.until(lambda: health(port))
        running.until(lambda: running.said("monitor-a", "monitor ready"))
        running.process.kill()
        running.process.wait(LIMIT_S)
        parts = running.pids()
        ends = time.monotonic() + LIMIT_S
        while any(alive(pid) for pid in parts.values()):
            assert time.monotonic() < ends
            time.sleep(0.05)
    assert set(parts) == {"web", "monitor-a"}


def test_up__a_part_lacks_its_key__ends_with_its_error_and_mend(world: MonitorWorld) -> None:
    settings_file(world, free_port(), "a")
    with up(world.root) as running:
        assert running.process.wait(LIMIT_S) == 2
        said = running.log.read_text().strip().splitlines()[-1]
        assert "monitor-a cannot start (code 2): The environment variable KEY_A" in said
        assert "Set it, or name another one" in said
        assert not any(alive(pid) for pid in running.pids().values())


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "The settings name nothing to run."), ('seal = ["1"]\n', "seal")],
)
def test_up__nothing_to_run__says_what_to_name(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "tribune.toml").write_text(text)
    with up(tmp_path) as running:
        assert running.process.wait(LIMIT_S) == 2
        assert words in running.log.read_text()
