"""Bounds over pairs of groups: against all pairs, against roots found by search, and by simulation."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import norm

from tribune.metrics.fixed import exact, micro
from tribune.metrics.statistics.gaps import gap_bounds, ratio_bounds
from tribune.metrics.statistics.intervals import Interval, newcombe, share

Z = 2_500_000
Rate = tuple[int, int]
RATE = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
GROUPS = st.lists(RATE, min_size=2, max_size=7)


def shares(rates: list[Rate]) -> list[Interval]:
    return [share(hits, rows, Z) for hits, rows in rates]


@settings(max_examples=40, deadline=None)
@given(GROUPS)
def test_gap_bounds__any_groups__are_newcombes_of_all_ordered_pairs(rates: list[Rate]) -> None:
    with exact():
        pairs = [newcombe(*a, *b, Z) for a, b in permutations(rates, 2)]
        expected = max(0, *(low for low, _ in pairs)), max(high for _, high in pairs)
        assert gap_bounds(shares(rates)) == expected


def mover_ratio(a: Interval, b: Interval) -> tuple[float, float]:
    """Where the bounds of a − θ·b cross 0, by search."""
    p, p_low, p_high = (float(x) for x in (a.value, a.lower, a.upper))
    q, q_low, q_high = (float(x) for x in (b.value, b.lower, b.upper))

    def lower(t: float) -> float:
        return float(p - t * q - np.hypot(p - p_low, t * (q_high - q)))

    def upper(t: float) -> float:
        return float(p - t * q + np.hypot(p_high - p, t * (q - q_low)))

    low = 0.0 if lower(0) <= 0 else brentq(lower, 0, p / q if q else 1e6, xtol=1e-14)
    high = np.inf if q == 0 or q_low <= 0 else brentq(upper, p / q, 1e9, xtol=1e-14)
    return float(low), float(high)


@settings(max_examples=40, deadline=None)
@given(GROUPS)
def test_ratio_bounds__any_groups__are_the_least_roots_of_all_ordered_pairs(rates: list[Rate]) -> None:
    with exact():
        groups = shares(rates)
        if not any(group.value for group in groups):
            return
        low, high = ratio_bounds(groups)
    pairs = [mover_ratio(a, b) for a, b in permutations(groups, 2)]
    assert float(low) == pytest.approx(min(1, *(down for down, _ in pairs)), abs=1e-9)
    assert float(high) == pytest.approx(min(1, *(up for _, up in pairs)), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(GROUPS)
def test_ratio_bounds__any_groups__contain_the_ratio(rates: list[Rate]) -> None:
    values = [hits / rows for hits, rows in rates]
    if max(values) == 0:
        return
    with exact():
        low, high = ratio_bounds(shares(rates))
    assert micro(low) - 1 <= min(values) / max(values) * 1e6 <= micro(high) + 1


def test_ratio_bounds__one_group_never_chosen__may_still_be_chosen_rarely() -> None:
    with exact():
        low, high = ratio_bounds(shares([(0, 100), (50, 100)]))
        assert low == 0
        assert 0 < micro(high) < 300_000


def test_ratio_bounds__more_rows__are_closer() -> None:
    with exact():
        widths = [
            high - low
            for n in (100, 1000, 10000)
            for low, high in [ratio_bounds(shares([(n // 5, n), (n // 2, n)]))]
        ]
    assert widths[0] > widths[1] > widths[2]


def test_ratio_bounds__many_samples__surely_below_is_rarely_wrong() -> None:
    dice, truth, wrong = np.random.default_rng(1), 0.8, 0
    with exact():
        for _ in range(400):
            rates = [(int(dice.binomial(300, rate)), 300) for rate in (0.5, 0.5 * truth)]
            wrong += float(ratio_bounds([share(*rate, 1_645_000) for rate in rates])[1]) < truth
    assert 5 <= wrong <= 38  # 5 % of 400 are 20, give or take four deviations


def test_gap_bounds__groups_alike_at_the_stated_z__are_rarely_told_apart() -> None:
    """z = Φ⁻¹(1 − α/2G) for α = 5 % and the 10 pairs of 5 groups, as rules on groups have it."""
    dice, wrong = np.random.default_rng(3), 0
    z = round(norm.ppf(1 - 0.05 / 20) * 1e6)
    with exact():
        for _ in range(300):
            groups = [share(int(dice.binomial(n, 0.3)), n, z) for n in (100, 150, 200, 800, 3000)]
            wrong += gap_bounds(groups)[0] > 0
    assert wrong <= 30  # 5 % of 300 are 15, and four deviations


def test_gap_bounds__thousands_of_groups__look_at_few_pairs() -> None:
    dice = np.random.default_rng(2)
    with exact():
        groups = shares([(int(hits), 100) for hits in dice.binomial(100, 0.5, 3000)])
        low, high = gap_bounds(groups)
        assert 0 < low < max(g.value for g in groups) - min(g.value for g in groups) < high
        assert 0 < ratio_bounds(groups)[1] < 1


@pytest.mark.parametrize("rate", [(0, 100), (50, 100)])
def test_bounds__thousands_of_groups_that_are_alike__are_those_of_two(rate: Rate) -> None:
    with exact():
        many, two = shares([rate] * 4_000), shares([rate] * 2)
        assert gap_bounds(many) == gap_bounds(two)
        if rate[0]:
            assert ratio_bounds(many) == ratio_bounds(two)
