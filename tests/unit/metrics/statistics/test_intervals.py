"""Intervals, against published figures, scipy and statistics on raw numbers."""

from __future__ import annotations

import math
import statistics
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from tribune.metrics.fixed import exact, micro
from tribune.metrics.statistics.intervals import (
    Interval,
    mean,
    mean_of,
    newcombe,
    score,
    share,
    total,
    wilson,
)

Z = 1_959_964


def test_wilson__against_scipy__agrees() -> None:
    z = round(norm.ppf(0.975) * 1e6)
    for hits, n in ((0, 10), (3, 10), (10, 10), (480, 1000)):
        with exact():
            low, high = wilson(hits, n, z)
        expected = binomtest(hits, n).proportion_ci(0.95, method="wilson")
        assert float(low) == pytest.approx(expected.low, abs=1e-6)
        assert float(high) == pytest.approx(expected.high, abs=1e-6)


@pytest.mark.parametrize(
    ("counts", "interval"),
    [  # Newcombe 1998, table II, method 10
        ((56, 70, 48, 80), (0.0524, 0.3339)),
        ((9, 10, 3, 10), (0.1705, 0.8090)),
        ((10, 10, 0, 10), (0.6075, 1.0000)),
    ],
)
def test_newcombe__published_examples__agrees(
    counts: tuple[int, int, int, int], interval: tuple[float, float]
) -> None:
    with exact():
        low, high = newcombe(*counts, 1_959_964)
    assert float(low) == pytest.approx(interval[0], abs=6e-5)
    assert float(high) == pytest.approx(interval[1], abs=6e-5)


@given(st.integers(1, 400), st.integers(1, 400), st.data(), st.integers(1, 5_000_000))
def test_newcombe__any_counts__contains_the_difference(n: int, m: int, data: st.DataObject, z: int) -> None:
    hits, other = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    with exact():
        low, high = newcombe(hits, n, other, m, z)
        assert micro(low) <= micro(Fraction(hits, n) - Fraction(other, m)) <= micro(high)


@given(st.integers(1, 400), st.data(), st.integers(1, 5_000_000))
def test_share__any_count__contains_the_rate_and_shrinks_with_n(n: int, data: st.DataObject, z: int) -> None:
    hits = data.draw(st.integers(0, n))
    with exact():
        one, many = share(hits, n, z), share(10 * hits, 10 * n, z)
    assert micro(one.lower) <= micro(one.value) <= micro(one.upper)
    assert many.upper - many.lower < one.upper - one.lower


def test_score__a_whole_number_of_rows__is_the_share() -> None:
    with exact():
        assert score(Fraction(3, 10), Fraction(10), Z) == share(3, 10, Z)


def test_mean__raw_numbers__is_the_normal_interval() -> None:
    numbers = [0, 3, 4, 4, 9, 17, -2]
    with exact():
        found = mean(Fraction(sum(numbers)), Fraction(sum(x * x for x in numbers)), len(numbers), Z)
    spread = norm.ppf(0.975) * statistics.stdev(numbers) / math.sqrt(len(numbers))
    assert float(found.value) == pytest.approx(statistics.mean(numbers))
    assert float(found.upper - found.value) == pytest.approx(spread, abs=1e-6)
    assert float(found.value - found.lower) == pytest.approx(spread, abs=1e-6)


ONE, OTHER = (
    Interval(Decimal(5), Decimal(2), Decimal(6)),
    Interval(Decimal(10), Decimal(6), Decimal(14)),
)


def test_total__a_weighted_sum__adds_squared_distances() -> None:
    with exact():
        found = total([(Fraction(1), ONE), (Fraction(1, 2), OTHER)])
    assert found.value == 10
    assert float(found.lower) == pytest.approx(10 - math.hypot(3, 2))
    assert float(found.upper) == pytest.approx(10 + math.hypot(1, 2))


def test_mean_of__dependent_estimates__has_the_means_of_their_bounds() -> None:
    with exact():
        assert mean_of([ONE, OTHER]) == Interval(Decimal("7.5"), Decimal(4), Decimal(10))


def test_through__a_rising_function__moves_value_and_bounds() -> None:
    with exact():
        assert ONE.through(lambda x: 2 * x) == Interval(Decimal(10), Decimal(4), Decimal(12))
