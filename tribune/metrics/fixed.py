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
