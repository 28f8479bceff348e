"""Sequences of anchored frames: what is missing, and what differs in the log."""

from __future__ import annotations

from pathlib import Path

import pytest

from tribune.decisions.anchor import anchor_word, frame_folder, manifest_bytes, read_manifest
from tribune.decisions.frames.sequence import Fault, Span, Time, compare_log, ranges, unanchored
from tribune.decisions.grid import FrameGrid
from tribune.ids import Digest, FrameIndex
from unit.decisions.rows import LATE, VERSION, decision, sealer, write

SPANS = [Span(FrameIndex(i), 100 * (i - 1), 100 * i, 100 * i + 10, 100 * i + 50) for i in range(1, 9)]
ALL = {span.frame: True for span in SPANS}


def _gaps(anchored: dict[FrameIndex, bool], time: Time) -> list[int]:
    found = unanchored(SPANS, anchored, time, now=10_000)
    assert not found.awaited
    return [span.frame for span in found.gaps]


def test_unanchored__every_frame_is__nothing() -> None:
    assert _gaps(ALL, Time(0)) == []


def test_unanchored__some_are_not__each_named() -> None:
    some = {frame: True for frame in ALL if frame not in (3, 8)}
    assert _gaps(some, Time(0)) == [3, 8]


@pytest.mark.parametrize(
    ("now", "gaps", "awaited"), [(809, [], []), (810, [], [8]), (849, [], [8]), (850, [8], [])]
)
def test_unanchored__newest_frame__awaited_until_reports_on_it_count_no_more(
    now: int, gaps: list[int], awaited: list[int]
) -> None:
    found = unanchored(SPANS, {frame: True for frame in ALL if frame != 8}, Time(0), now)
    assert [[span.frame for span in spans] for spans in found] == [gaps, awaited]


@pytest.mark.parametrize(
    ("time", "gaps"),
    [
        (Time(250), [3, 4, 5, 6, 7, 8]),
        (Time(300), [4, 5, 6, 7, 8]),
        (Time(0, [(100, 300)]), [1, 4, 5, 6, 7, 8]),
        (Time(0, [(100, 299)]), [1, 3, 4, 5, 6, 7, 8]),
        (Time(0, [(150, 250), (100, 160), (250, 10**6)]), [1]),
        (Time(0, [(0, 10**6)]), []),
    ],
)
def test_unanchored__while_it_could_not_run__no_gap(time: Time, gaps: list[int]) -> None:
    assert _gaps({}, time) == gaps


def _sealed(root: Path, grid: FrameGrid, count: int) -> dict[FrameIndex, Digest]:
    write(root, *(decision(f"d{i}", grid.epoch + 400 * i) for i in range(1, 10)), grid=grid)
    return {
        frame: anchor_word(sealer(root, grid).seal(frame, now=LATE))
        for frame in map(FrameIndex, range(1, count + 1))
    }


PLAIN = FrameGrid(epoch=5000, step=1000, length=1000, grace=100)
SLIDING = FrameGrid(epoch=5000, step=1000, length=3000, grace=100)


def _compared(
    root: Path, anchored: dict[FrameIndex, Digest], *, files: bool = False
) -> list[tuple[Fault, int]]:
    steps = {frame: SLIDING.steps for frame in anchored}
    folder = sealer(root).folder
    return [(f.fault, f.frame) for f in compare_log(folder, VERSION, anchored, steps, files=files)]


@pytest.mark.parametrize("files", [False, True])
def test_compare_log__as_anchored__nothing(tmp_path: Path, files: bool) -> None:
    assert _compared(tmp_path, _sealed(tmp_path, SLIDING, 4), files=files) == []


def test_compare_log__another_word_or_no_manifest__named(tmp_path: Path) -> None:
    anchored = _sealed(tmp_path, SLIDING, 3)
    anchored[FrameIndex(2)] = Digest(bytes(32))
    anchored[FrameIndex(7)] = Digest(bytes(32))
    assert _compared(tmp_path, anchored) == [(Fault.DIFFERENT, 2), (Fault.NO_MANIFEST, 7)]


def test_compare_log__frame_that_shares_nothing__named(tmp_path: Path) -> None:
    """The operator anchors frame 3 without the earlier decisions that it slides over."""
    anchored = _sealed(tmp_path, PLAIN, 3)
    assert _compared(tmp_path, anchored) == [(Fault.NOT_SHARED, 2), (Fault.NOT_SHARED, 3)]


def test_compare_log__file_changed__only_with_files(tmp_path: Path) -> None:
    anchored = _sealed(tmp_path, SLIDING, 1)
    path = frame_folder(sealer(tmp_path).folder, FrameIndex(1)) / "part-0000.parquet"
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert _compared(tmp_path, anchored) == []
    assert _compared(tmp_path, anchored, files=True) == [(Fault.CHANGED, 1)]


def test_compare_log__manifest_not_canonical__named(tmp_path: Path) -> None:
    anchored = _sealed(tmp_path, SLIDING, 1)
    folder = sealer(tmp_path).folder
    path = frame_folder(folder, FrameIndex(1)) / "manifest.json"
    path.write_bytes(manifest_bytes(read_manifest(folder, FrameIndex(1))) + b"\n")
    assert _compared(tmp_path, anchored) == [(Fault.CHANGED, 1)]


@pytest.mark.parametrize(("frames", "words"), [([], ""), ([3], "3"), ([1, 2, 3, 7, 9, 8], "1-3, 7-9")])
def test_ranges__frames__as_people_write_them(frames: list[int], words: str) -> None:
    assert ranges(map(FrameIndex, frames)) == words
