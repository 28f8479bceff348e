"""The published form of a tally: nothing of few people, and what is shown is exact."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tribune.metrics import Profile
from tribune.metrics.published import (
    merged,
    published_rates,
    published_tally,
    read_column,
    read_rates,
    unmerged,
)
from unit.metrics.samples import Row, count, profile_of, rows

FRAME = [*rows(700, 2), Row(None, "new", "3", "1", None, None)]


@pytest.fixture(scope="module")
def profile() -> Profile:
    return profile_of(rows(1000, 1))


def test_published_tally__small_cells__are_merged(profile: Profile) -> None:
    document = {"tally": published_tally(profile, count(FRAME), 10, columns=True)}
    cells = read_column(document, profile, "job")
    assert cells["value 'c'"] is not None
    assert cells["other values"] is None
    shown = [count for count in cells.values() if count is not None]
    assert sum(shown) == len(FRAME)
    assert all(count == 0 or count >= 10 for count in shown)


def test_read_rates__large_groups__are_exact_and_small_ones_absent(profile: Profile) -> None:
    said = {sex: [row.prediction for row in FRAME if row.sex == sex] for sex in "12"}
    tally = count(FRAME)
    assert read_rates({"rates": published_rates(profile, tally, tally)}, profile, "sex") == {
        "men": (said["1"].count("1"), len(said["1"])),
        "women": (said["2"].count("1"), len(said["2"])),
    }


@given(st.lists(st.integers(0, 30), min_size=1, max_size=12), st.integers(1, 20))
def test_merged__any_cells__keeps_the_sum_and_shows_no_small_cell(cells: list[int], least: int) -> None:
    result = merged(cells, least)
    assert len(result) == len(cells)
    shown = [count for count in result if count is not None]
    assert all(count == 0 or count >= least for count in shown)
    assert sum(shown) == (sum(cells) if sum(cells) >= least else 0)


def test_merged__small_cells__join_the_successor_the_last_the_predecessor() -> None:
    assert merged([3, 20, 0, 2, 0, 9, 40, 1], 10) == [None, 23, 0, None, None, 11, 41, None]


def test_unmerged__merged_cells__says_which_are_shown_together() -> None:
    parts = unmerged([None, 23, 0, None, None, 11, 41, None])
    assert parts == [((0, 1), 23), ((2,), 0), ((3, 4, 5), 11), ((6, 7), 41)]


def test_unmerged__nothing_shown__is_empty() -> None:
    assert unmerged([None, None]) == []


@given(st.lists(st.integers(0, 30), min_size=1, max_size=12), st.integers(1, 20))
def test_unmerged__of_merged__has_the_rows_of_its_cells(cells: list[int], least: int) -> None:
    for places, shown in unmerged(merged(cells, least)):
        assert shown == sum(cells[place] for place in places)
