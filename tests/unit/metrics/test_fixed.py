"""Exact arithmetic, against published figures and scipy."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from tribune.metrics.fixed import exact, micro, newcombe, wilson


def test_micro__a_tie__rounds_to_even() -> None:
    assert micro(Fraction(5, 10_000_000)) == 0
    assert micro(Fraction(15, 10_000_000)) == 2
    assert micro(Decimal("0.0000025")) == 2


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
