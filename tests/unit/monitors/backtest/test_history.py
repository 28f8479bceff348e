"""Histories cut into frames: every row in one frame, with its label."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tribune.exceptions import ConfigurationError, DataError
from tribune.metrics import Profile
from tribune_monitors.backtest.history import Cut
from unit.metrics.samples import count, profile_of, rows
from unit.monitors.engines.files import write_labels

from .past import counted, cut, write_rows

SAMPLE = rows(230, 3)


@pytest.fixture(scope="module")
def profile() -> Profile:
    return profile_of(rows(500, 1))


def test_cut_history__by_rows__frames_are_the_rows_in_order(profile: Profile, tmp_path: Path) -> None:
    _, frames, told = cut(tmp_path, profile, write_rows(tmp_path / "h.parquet", SAMPLE), Cut(rows=100))
    assert counted(frames, profile) == [count(SAMPLE[:100]), count(SAMPLE[100:200])]
    assert told == ["Left out: 30 rows at the end, which make no whole frame."]


def test_cut_history__by_rows__order_is_that_of_time(profile: Profile, tmp_path: Path) -> None:
    times = [1000 - at for at in range(len(SAMPLE))]
    data = write_rows(tmp_path / "h.parquet", SAMPLE, times)
    _, frames, _ = cut(tmp_path, profile, data, Cut(rows=115))
    assert counted(frames, profile) == [count(SAMPLE[115:]), count(SAMPLE[:115])]


def test_cut_history__by_time__frames_are_half_open_and_gaps_are_empty(
    profile: Profile, tmp_path: Path
) -> None:
    times = [at if at < 100 else at + 200 for at in range(len(SAMPLE))]  # 0 to 99, 300 to 429
    data = write_rows(tmp_path / "h.parquet", SAMPLE, times)
    _, frames, told = cut(tmp_path, profile, data, Cut(step_us=100))
    assert [(frame.start_us, frame.end_us) for frame in frames[:2]] == [(0, 100), (100, 200)]
    assert [tally.rows for tally in counted(frames, profile)] == [100, 0, 0, 100, 30]
    assert not told


def test_cut_history__rows_without_time__are_told(profile: Profile, tmp_path: Path) -> None:
    times = [None if at < 7 else at for at in range(len(SAMPLE))]
    data = write_rows(tmp_path / "h.parquet", SAMPLE, times)
    _, frames, told = cut(tmp_path, profile, data, Cut(step_us=1000))
    assert [tally.rows for tally in counted(frames, profile)] == [223]
    assert told == ["7 rows have no time: of no frame."]


def test_cut_history__labels_apart__each_row_has_its_own(profile: Profile, tmp_path: Path) -> None:
    some = [replace(row, label=None) if place % 3 == 0 else row for place, row in enumerate(SAMPLE)]
    bare = write_rows(tmp_path / "h.parquet", [replace(row, label=None) for row in SAMPLE])
    labels = write_labels(tmp_path / "labels.parquet", some)
    _, frames, _ = cut(tmp_path, profile, bare, Cut(rows=115), labels)
    assert counted(frames, profile) == [count(some[:115]), count(some[115:])]


@pytest.mark.parametrize(("step_us", "frame_rows"), [(0, 0), (5, 5)])
def test_cut__neither_or_both__is_refused(step_us: int, frame_rows: int) -> None:
    with pytest.raises(ConfigurationError, match="by time or by rows"):
        Cut(step_us, frame_rows)


def test_cut_history__more_frames_than_can_be_replayed__is_refused(profile: Profile, tmp_path: Path) -> None:
    data = write_rows(tmp_path / "h.parquet", SAMPLE[:2], [0, 10**9])
    with pytest.raises(DataError, match="at most 10,000"):
        cut(tmp_path, profile, data, Cut(step_us=1))


def test_cut_history__model_without_time__is_not_cut_by_time(profile: Profile, tmp_path: Path) -> None:
    spec = replace(profile.spec, columns=tuple(c for c in profile.spec.columns if c.name != "time"))
    data = write_rows(tmp_path / "h.parquet", SAMPLE)
    with pytest.raises(ConfigurationError, match="its rows have none"):
        cut(tmp_path, replace(profile, spec=spec), data, Cut(step_us=10))


def test_cut_history__no_row_with_a_time__says_so(profile: Profile, tmp_path: Path) -> None:
    data = write_rows(tmp_path / "h.parquet", SAMPLE[:3], [None, None, None])
    with pytest.raises(DataError, match="3 rows have no time: of no frame"):
        cut(tmp_path, profile, data, Cut(step_us=10))


@pytest.mark.parametrize("moment", [2**62, -(2**62)])
def test_cut_history__times_of_no_calendar__are_refused(
    profile: Profile, tmp_path: Path, moment: int
) -> None:
    data = write_rows(tmp_path / "h.parquet", SAMPLE[:3], [moment] * 3)
    with pytest.raises(DataError, match="unit"):
        cut(tmp_path, profile, data, Cut(step_us=10**6))
