"""Columns read from evidence: shares that are those of raw rows, few rows shown together, ranges in words."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tribune.figures.columns import MOST_SHARES, readable, shares_of
from tribune.figures.distribution import Share
from tribune.metrics import (
    Categories,
    Column,
    ColumnKind,
    Grid,
    ModelSpec,
    Profile,
    Role,
    Tally,
    make_profile,
)
from tribune.metrics.published import published_tally
from tribune.metrics.spec import Task
from unit.metrics.samples import Row, rows

from .documents import UNFAIR, evidence, reference

FEW_OTHERS = [*UNFAIR, Row(None, "new", "3", "1", None, None)]
counts = st.lists(st.integers(0, 40), min_size=16, max_size=16)


def document_of(profile: Profile, tally: Tally, min_cell: int = 10) -> dict[str, object]:
    return {"tally": published_tally(profile, tally, min_cell, columns=True)}


def generic(name: str, binning: Grid | Categories, then: list[int]) -> Profile:
    """A profile of one column that counts these rows."""
    kind = ColumnKind.NUMERIC if isinstance(binning, Grid) else ColumnKind.CATEGORY
    column = Column(name, kind, Role.FEATURE, "waiting time", (("a", "apples"),))
    spec = ModelSpec((column,), task=Task.GENERIC)
    return make_profile(spec, tally_of(name, then), {name: binning})


def counted(cells: list[int]) -> int:
    """Rows of a number's cells: all but the sums of its tails."""
    return sum(cells[:7]) + cells[9] + sum(cells[12:])


def tally_of(name: str, cells: list[int]) -> Tally:
    rows = sum(cells)
    return Tally(rows, {name: tuple(cells)}, {0: rows} if rows else {})


def test_shares_of__number__is_what_the_raw_rows_say() -> None:
    profile = reference()
    shares, (now, then) = shares_of(evidence(profile, UNFAIR), profile, "age")
    assert (now, then) == (700, 1000)
    named = {share.name: share for share in shares}
    share = named["40 to under 50"]
    assert share.now == sum(row.age is not None and 40 <= row.age < 50 for row in UNFAIR)
    assert share.then == sum(row.age is not None and 40 <= row.age < 50 for row in rows(1000, 1))
    assert "below 0" not in named  # an empty tail is not shown


def test_shares_of__category__has_names_for_people() -> None:
    profile = reference()
    shares, _ = shares_of(evidence(profile, UNFAIR), profile, "sex")
    assert shares == [
        Share("men", sum(r.sex == "1" for r in UNFAIR), sum(r.sex == "1" for r in rows(1000, 1))),
        Share("women", sum(r.sex == "2" for r in UNFAIR), sum(r.sex == "2" for r in rows(1000, 1))),
    ]


def test_shares_of__few_rows__are_shown_with_a_neighbour() -> None:
    profile = reference()
    shares, (now, _) = shares_of(evidence(profile, FEW_OTHERS), profile, "job")
    assert shares[-1].name == "c or values never seen before or missing"
    assert sum(share.now for share in shares) == now


@given(counts, counts, st.integers(1, 30))
@settings(max_examples=50)
def test_shares_of__any_number__loses_no_row(now: list[int], then: list[int], min_cell: int) -> None:
    grid = Grid(0, tuple(range(0, 7)))
    for cells in (now, then):  # sums of tails, of as many rows
        cells[7:9] = [-3 * cells[6], 9 * cells[6]]
        cells[10:12] = [9 * cells[9], 81 * cells[9]]
    then[0] += 1
    column = Column("x", ColumnKind.NUMERIC, Role.FEATURE)
    spec = ModelSpec((column,), task=Task.GENERIC)
    profile = make_profile(spec, Tally(counted(then), {"x": tuple(then)}, {0: counted(then)}), {"x": grid})
    tally = Tally(counted(now), {"x": tuple(now)}, {0: counted(now)} if counted(now) else {})
    shares, rows = shares_of(document_of(profile, tally, min_cell), profile, "x")
    assert rows == (counted(now), counted(then))
    enough = counted(now) >= min_cell or counted(now) == 0
    assert sum(share.now for share in shares) == (counted(now) if enough else 0)
    assert len({share.name for share in shares}) == len(shares)


@given(
    st.lists(st.integers(0, 40), min_size=27, max_size=27),
    st.lists(st.integers(1, 40), min_size=27, max_size=27),
)
def test_shares_of__any_category__loses_no_row_and_fits(now: list[int], then: list[int]) -> None:
    profile = generic("x", Categories(tuple("abcdefghijklmnopqrstuvwxy")), then)
    shares, rows = shares_of(document_of(profile, tally_of("x", now)), profile, "x")
    assert len(shares) <= MOST_SHARES
    enough = sum(now) >= 10 or sum(now) == 0
    assert sum(share.now for share in shares) == (sum(now) if enough else 0)
    assert sum(share.then for share in shares) == (rows[1] if shares else 0)


def test_shares_of__many_ranges__are_joined_to_what_a_phone_shows() -> None:
    edges = tuple(range(0, 205, 5))
    cells = [5] * 200 + [0] * 10
    profile = generic("x", Grid(0, edges), cells)
    shares, _ = shares_of(document_of(profile, tally_of("x", cells)), profile, "x")
    assert len(shares) == MOST_SHARES
    assert shares[0].name.startswith("0 to under ")
    assert sum(share.now for share in shares) == 1000


@pytest.mark.parametrize(
    ("grid", "names"),
    [
        (Grid(0, (0, 1, 18, 65), lattice=True), ["0", "1 to 17", "18 to 64"]),
        (Grid(0, (0, 18, 65)), ["0 to under 18", "18 to under 65"]),
        (Grid(3, (0, 1, 2)), ["0 to under 0.125", "0.125 to under 0.25"]),
        (Grid(-10, (1, 2000, 2001)), ["1,024 to under 2.048e+06", "2.048e+06 to under 2.049e+06"]),
    ],
)
def test_shares_of__ranges__read_like_numbers(grid: Grid, names: list[str]) -> None:
    cells = [30] * grid.size + [0] * 10
    profile = generic("x", grid, cells)
    shares, _ = shares_of(document_of(profile, tally_of("x", cells)), profile, "x")
    assert [share.name for share in shares] == names


@given(st.lists(st.integers(-(10**9), 10**9), min_size=2, max_size=12, unique=True), st.integers(-8, 40))
def test_readable__numbers_apart__are_told_apart(cells: list[int], shift: int) -> None:
    numbers = [cell / 2.0**shift for cell in sorted(cells)]
    shown = readable(numbers)
    assert all(low != high for low, high in pairwise(shown))
