"""The clock of a machine is set while it serves: the gate goes on as before, and the log by the new time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as parquet
import pytest

from integration.gate.clocked import GRID, HOUR_US
from support.processes import environment
from tribune.decisions.anchor import log_folder
from tribune.decisions.frames.sealing import LogSealer
from tribune.ids import FrameIndex
from unit.gate.chain import MODEL, VERSION

LIBFAKETIME = Path("/usr/lib") / f"{os.uname().machine}-linux-gnu" / "faketime" / "libfaketimeMT.so.1"
PATIENCE_S = 30.0

pytestmark = pytest.mark.skipif(not LIBFAKETIME.exists(), reason="needs libfaketime")


class Served:
    """A server whose clock a test sets."""

    def __init__(self, folder: Path, client: httpx.Client) -> None:
        self.folder = folder
        self._client = client

    def set_clock(self, off_s: int) -> None:
        """Set its clock so many seconds off the true time, at once."""
        set_clock(self.folder, off_s)

    def predict(self) -> tuple[int, dict[str, Any]]:
        """Ask for a decision; return the status and the receipt, or why there is none."""
        answer = self._client.get("/predict")
        return answer.status_code, answer.json()

    def blind(self) -> None:
        """Let no further block come to the gate."""
        self._client.get("/blind").raise_for_status()


def set_clock(folder: Path, off_s: int) -> None:
    (folder / "clock.new").write_text(f"{off_s:+d}\n")
    (folder / "clock.new").rename(folder / "clock")


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    set_clock(folder, 0)
    faked = {
        "LD_PRELOAD": str(LIBFAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(folder / "clock"),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    command = [sys.executable, "-m", "integration.gate.clocked", str(folder / "log")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment(**faked), text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            port = process.stdout.readline().strip()
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as client:
                served = Served(folder, client)
                ends = time.monotonic() + PATIENCE_S
                while served.predict()[0] != 200 and time.monotonic() < ends:
                    time.sleep(0.02)
                yield served
        finally:
            process.stdin.close()
            process.wait(PATIENCE_S)


@pytest.mark.parametrize("hours", [1, -1])
def test_set_clock__while_serving__answers_and_keeps_each_in_the_frame_of_its_time(
    tmp_path: Path, hours: int
) -> None:
    told = []
    with serving(tmp_path) as served:
        for off_s in (0, hours * 3600, 0):
            served.set_clock(off_s)
            now = time.time_ns() // 1000 + off_s * 1_000_000
            status, receipt = served.predict()
            assert status == 200
            assert abs(receipt["time"] - now) < HOUR_US // 8
            told.append(receipt)
        for frame in {FrameIndex(receipt["frame"]) for receipt in told}:  # its writer lets every seal in
            LogSealer(tmp_path / "log", GRID, MODEL, VERSION).seal(frame, now=GRID.due_at(frame))
    for receipt in told:
        assert receipt["frame"] == GRID.frame_of(receipt["time"])
        frames = log_folder(tmp_path / "log", MODEL, VERSION) / "frames"
        table = parquet.read_table(frames / str(receipt["frame"]) / "part-0000.parquet", columns=["leaf"])
        assert bytes.fromhex(receipt["leaf"][2:]) in table.column("leaf").to_pylist()


def test_set_clock__back_while_the_chain_is_away__makes_nothing_younger(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        served.blind()
        served.set_clock(-3600)
        ends = time.monotonic() + PATIENCE_S
        while (answer := served.predict())[0] == 200 and time.monotonic() < ends:
            time.sleep(0.05)
    assert (answer[0], answer[1]["state"]) == (503, "Unknown")
