"""Frames are half-open, end at epoch + i·step, and are `length` long."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tribune.decisions.grid import FrameGrid, GridHistory, microseconds
from tribune.exceptions import ConfigurationError
from tribune.ids import FrameIndex

GRID = FrameGrid(epoch=1000, step=100, length=100, grace=10)


@given(st.integers(0, 5000))
def test_frame_of__any_time__is_the_frame_whose_bounds_hold_it(time: int) -> None:
    holding = [
        i for i in range(1, 60) if GRID.bounds(FrameIndex(i))[0] <= time < GRID.bounds(FrameIndex(i))[1]
    ]
    assert GRID.frame_of(time) == (holding[0] if holding else None)


def test_frame_of__between_short_frames__is_none() -> None:
    grid = FrameGrid(epoch=0, step=100, length=40, grace=0)
    assert [grid.frame_of(time) for time in (0, 59, 60, 99, 100)] == [None, None, 1, 1, None]


def test_bounds__in_seconds__are_those_of_the_policys_frames() -> None:
    grid = FrameGrid.of_seconds(epoch_s=50, step_s=10, length_s=10, grace_s=1)
    assert grid.bounds(FrameIndex(3)) == (70_000_000, 80_000_000)


@pytest.mark.parametrize(("now", "last"), [(0, 0), (1109, 0), (1110, 1), (1209, 1), (1210, 2)])
def test_last_due__at_a_time__waits_for_end_and_grace(now: int, last: int) -> None:
    assert GRID.last_due(now) == last


@pytest.mark.parametrize("change", [{"step": 0}, {"length": 0}, {"grace": -1}, {"length": 150}])
def test_grid__impossible__is_refused(change: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError):
        FrameGrid(**{"epoch": 0, "step": 100, "length": 100, "grace": 0, **change})


@pytest.mark.parametrize(
    ("time", "micros"),
    [
        ("1970-01-01T00:00:00+00:00", 0),
        ("1969-12-31T23:59:59.999999+00:00", -1),
        ("2026-11-21T14:00:00.123457+01:00", 1_795_266_000_123_457),
    ],
)
def test_microseconds__aware_time__is_exact(time: str, micros: int) -> None:
    assert microseconds(datetime.fromisoformat(time)) == micros


@st.composite
def _histories(draw: st.DrawFn) -> GridHistory:
    """Policies that follow each other as the policy book has it: each from a boundary of the one before."""
    first, base = 1, draw(st.integers(0, 50))
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        step = draw(st.integers(1, 12))
        length = step * draw(st.integers(1, 3))
        grid = FrameGrid(base - (first - 1) * step, step, length, draw(st.integers(0, 20)))
        parts.append((FrameIndex(first), grid))
        frames = draw(st.integers(1, 5))
        first, base = first + frames, base + frames * step
    return GridHistory(tuple(parts))


@given(_histories(), st.integers(0, 200))
def test_frame_of__any_history__is_the_one_frame_whose_step_holds_the_time(
    grids: GridHistory, time: int
) -> None:
    holding = [
        frame
        for frame in map(FrameIndex, range(1, 260))
        if grids.step_of(frame)[0] <= time < grids.step_of(frame)[1]
    ]
    found = grids.frame_of(time)
    assert ([] if found is None else [found]) == holding


@given(_histories(), st.integers(0, 200))
def test_last_due__any_history__is_due_and_what_is_newer_under_its_policy_is_not(
    grids: GridHistory, now: int
) -> None:
    last = grids.last_due(now)
    if last:
        assert grids.due_at(last) <= now
    ruling = max(first for first, _ in grids.parts if first <= last + 1)
    later = [first for first, _ in grids.parts if first > ruling]
    if last + 1 not in later:
        assert grids.due_at(FrameIndex(last + 1)) > now


def test_history__frames_that_do_not_follow__is_refused() -> None:
    grid = FrameGrid(0, 1, 1, 0)
    for parts in ((), ((FrameIndex(2), grid), (FrameIndex(2), grid)), ((FrameIndex(0), grid),)):
        with pytest.raises(ConfigurationError):
            GridHistory(parts)
