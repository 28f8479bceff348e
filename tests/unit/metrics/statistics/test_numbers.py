"""Sums, ranks and distances of cells and tails, against the numbers themselves."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from tribune.metrics import Grid
from tribune.metrics.fixed import exact
from tribune.metrics.statistics.numbers import Numbers, _kept, distance, numbers_of
from tribune_monitors.engines.classify import numeric_column
from unit.metrics.samples import count, profile_of, rows

WHOLE = Grid(0, (0, 4, 10), lattice=True)
FINE = Grid(3, (0, 40, 80))  # eighths of 0 to 10, of which cells stand for their middles
VALUES = st.lists(st.integers(-5, 15), min_size=1, max_size=40)
INSIDE = st.lists(st.integers(0, 9), min_size=1, max_size=40)


def numbers(grid: Grid, values: list[int] | list[float]) -> Numbers:
    return Numbers(grid, numeric_column(grid, ((math.floor(x * grid.scale), 1) for x in values)))


@given(VALUES)
def test_sums__whole_numbers_in_and_beyond_the_range__are_exact(values: list[int]) -> None:
    assert list(numbers(WHOLE, values).sums) == [sum(values), sum(x * x for x in values)]


@given(VALUES)
def test_sums__numbers_in_cells__are_those_of_their_middles(values: list[int]) -> None:
    middles = [Fraction(x) + Fraction(1, 16) for x in values]
    assert numbers(FINE, values).sums == (sum(middles), sum(x * x for x in middles))


def test_numbers_of__a_tally__is_worked_out_once_and_goes_with_it() -> None:
    profile = profile_of(rows(50))
    tally = count(rows(60, 2))
    made = numbers_of(profile, tally, "age")
    assert numbers_of(profile, tally, "age") is made
    other = replace(profile.scheme.grid("age"), lattice=True)
    assert numbers_of(replace(profile, binnings={**profile.binnings, "age": other}), tally, "age") is not made
    before = len(_kept)
    del tally
    assert len(_kept) == before - 1


@given(INSIDE)
def test_ranked__in_range__is_the_sorted_value(values: list[int]) -> None:
    made = numbers(WHOLE, values)
    with exact():
        found = [made.ranked(rank) for rank in range(1, len(values) + 1)]
    assert [ranked.value for ranked in found] == sorted(values)
    assert all((r.low, r.high, r.beyond) == (r.value, r.value, False) for r in found)


@given(VALUES)
def test_ranked__tails__contain_the_sorted_value(values: list[int]) -> None:
    made = numbers(WHOLE, values)
    with exact():
        for rank, value in enumerate(sorted(values), start=1):
            found = made.ranked(rank)
            assert found.beyond is (not 0 <= value < 10)
            assert float(found.low) - 1e-9 <= value <= float(found.high) + 1e-9
            assert found.low <= found.value <= found.high


@settings(max_examples=200)
@given(VALUES, INSIDE)
def test_distance__one_sample_beyond_the_range__is_scipys(values: list[int], other: list[int]) -> None:
    found = distance(numbers(WHOLE, values), numbers(WHOLE, other))
    assert float(found) == pytest.approx(wasserstein_distance(values, other), rel=1e-12, abs=1e-12)


@given(VALUES, VALUES)
def test_distance__samples_swapped__is_the_same(values: list[int], other: list[int]) -> None:
    one, two = numbers(FINE, values), numbers(FINE, other)
    assert distance(one, two) == distance(two, one)


@given(VALUES, st.integers(1, 4))
def test_distance__the_same_values_more_often__is_zero(values: list[int], times: int) -> None:
    assert distance(numbers(WHOLE, values), numbers(WHOLE, values * times)) == 0


@pytest.mark.parametrize("away", [0.3, 2.0, 30.0])
def test_distance__both_have_tails_one_further_out__is_scipys(away: float) -> None:
    dice = np.random.default_rng(1)
    one = dice.normal(5, 4, 3000)
    other = np.sort(dice.normal(5, 4, 3000)) + 0.2 + away
    grid = Grid(9, (0, 5120))
    found = distance(numbers(grid, one.tolist()), numbers(grid, other.tolist()))
    assert float(found) == pytest.approx(wasserstein_distance(one, other), rel=1e-3)
