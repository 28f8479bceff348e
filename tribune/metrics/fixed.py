"""Exact arithmetic: from integer counts to millionths with one rounding, the same on every machine.

Refuses binary floating point: its last bits could decide a digit. Rationals are exact, logs and roots use 40
digits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    localcontext,
)
from fractions import Fraction

MICRO = 1_000_000
"""Values are fixed-point integers in millionths."""


@contextmanager
def exact() -> Iterator[None]:
    """Compute decimals at 40 digits, half-even, whatever the surrounding context is."""
    context = Context(
        prec=40,
        rounding=ROUND_HALF_EVEN,
        Emin=-999999,
        Emax=999999,
        capitals=1,
        clamp=0,
        flags=[],
        traps=[InvalidOperation, DivisionByZero, Overflow],
    )
    with localcontext(context):
        yield


def decimal(value: Fraction | int) -> Decimal:
    """Return a rational at 40 digits (inside `exact`)."""
    if isinstance(value, int):
        return Decimal(value)
    return Decimal(value.numerator) / Decimal(value.denominator)


def micro(value: Fraction | Decimal) -> int:
    """Round once, half-even, to millionths."""
    if isinstance(value, Fraction):
        return round(value * MICRO)
    with exact():
        return int((value * MICRO).to_integral_value(rounding=ROUND_HALF_EVEN))


def wilson(hits: int, n: int, z_micro: int) -> tuple[Decimal, Decimal]:
    """Return Wilson's score interval of the rate hits/n (inside `exact`). Wilson 1927, eq. of the roots."""
    z = Decimal(z_micro) / MICRO
    rate, squared = decimal(Fraction(hits, n)), z * z
    middle = rate + squared / (2 * n)
    spread = z * (rate * (1 - rate) / n + squared / (4 * n * n)).sqrt()
    scale = 1 + squared / n
    return max(Decimal(0), (middle - spread) / scale), min(Decimal(1), (middle + spread) / scale)


def newcombe(hits: int, n: int, other_hits: int, other_n: int, z_micro: int) -> tuple[Decimal, Decimal]:
    """Return the hybrid score interval of hits/n − other_hits/other_n (inside `exact`).

    Newcombe 1998, Statistics in Medicine 17:873, method 10.
    """
    rate, other = decimal(Fraction(hits, n)), decimal(Fraction(other_hits, other_n))
    (low, high), (other_low, other_high) = wilson(hits, n, z_micro), wilson(other_hits, other_n, z_micro)
    down = ((rate - low) ** 2 + (other_high - other) ** 2).sqrt()
    up = ((high - rate) ** 2 + (other - other_low) ** 2).sqrt()
    return rate - other - down, rate - other + up
