"""Readings: each file once, and again whenever it has changed."""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import pytest

from tribune.reports.witness import PartitionReading, read_partition
from tribune_monitors.sources import readings as module
from tribune_monitors.sources.readings import Readings

TICK_S = 0.05  # the clock of a file system ticks some milliseconds


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bytes, ...]]:
    """The keys of each read of a file's bytes; files count as settled at once."""
    asked: list[tuple[bytes, ...]] = []

    def noted(stream: BinaryIO, keys: Sequence[bytes]) -> PartitionReading:
        asked.append(tuple(keys))
        return read_partition(stream, keys)

    monkeypatch.setattr(module, "read_partition", noted)
    monkeypatch.setattr(module, "_SETTLED_NS", 0)
    return asked


def test_read__again_and_for_its_digest__reads_once(tmp_path: Path, reads: list[tuple[bytes, ...]]) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"ab")
    readings = Readings()
    for _ in range(2):
        with path.open("rb") as stream:
            found = readings.read(stream, (b"mine",))
    assert found.macs == (hmac.digest(b"mine", b"ab", hashlib.sha256),)
    assert readings.sha256(path) == hashlib.sha256(b"ab").digest()
    assert reads == [(b"mine",)]


def test_read__another_key__reads_for_it(tmp_path: Path, reads: list[tuple[bytes, ...]]) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"ab")
    readings = Readings()
    readings.sha256(path)
    with path.open("rb") as stream:
        assert readings.read(stream, (b"peer",)).macs == (hmac.digest(b"peer", b"ab", hashlib.sha256),)
    assert reads == [(), (b"peer",)]


def test_sha256__changed_in_place_with_its_time_set_back__reads_again(
    tmp_path: Path, reads: list[tuple[bytes, ...]]
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"ab")
    readings = Readings()
    readings.sha256(path)
    before = path.stat()
    time.sleep(TICK_S)
    path.write_bytes(b"cd")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert readings.sha256(path) == hashlib.sha256(b"cd").digest()


def test_sha256__just_written__is_not_believed_to_stay(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"ab")
    readings = Readings()
    readings.sha256(path)
    path.write_bytes(b"cd")
    assert readings.sha256(path) == hashlib.sha256(b"cd").digest()


def test_sha256__no_file__says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Readings().sha256(tmp_path / "none")
