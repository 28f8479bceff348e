"""Exact arithmetic: one rounding, half-even."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from tribune.metrics.fixed import micro


def test_micro__a_tie__rounds_to_even() -> None:
    assert micro(Fraction(5, 10_000_000)) == 0
    assert micro(Fraction(15, 10_000_000)) == 2
    assert micro(Decimal("0.0000025")) == 2
