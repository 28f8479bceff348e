"""Confidence intervals of shares, means and areas, and of differences and sums of what has one.

All at 40 digits, inside `exact`. A difference is bounded from the intervals of its two sides by squaring and
adding (Newcombe 1998, method 10; Zou & Donner 2008), so that no bound of a share leaves its range and skewed
sides stay skewed. z is in millionths: 1,959,964 for 95 %, two-sided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tribune.metrics.fixed import MICRO, decimal


@dataclass(frozen=True)
class Interval:
    """An estimate between its bounds."""

    value: Decimal
    lower: Decimal
    upper: Decimal

    def __sub__(self, other: Interval) -> Interval:
        """Return the difference of two independent estimates."""
        value = self.value - other.value
        down = ((self.value - self.lower) ** 2 + (other.upper - other.value) ** 2).sqrt()
        up = ((self.upper - self.value) ** 2 + (other.value - other.lower) ** 2).sqrt()
        return Interval(value, value - down, value + up)

    def within(self, low: int, high: int | None = None) -> Interval:
        """Return the interval cut to what the estimate can be."""
        upper = self.upper if high is None else min(self.upper, Decimal(high))
        return Interval(self.value, max(self.lower, Decimal(low)), upper)

    def through(self, rising: Callable[[Decimal], Decimal]) -> Interval:
        """Return the interval of a rising function of the estimate."""
        return Interval(rising(self.value), rising(self.lower), rising(self.upper))


def total(parts: Iterable[tuple[Fraction, Interval]]) -> Interval:
    """Return the interval of Σ weight · estimate, of independent estimates and weights of at least 0."""
    value = down = up = Decimal(0)
    for share, part in parts:
        weight = decimal(share)
        value += weight * part.value
        down += (weight * (part.value - part.lower)) ** 2
        up += (weight * (part.upper - part.value)) ** 2
    return Interval(value, value - down.sqrt(), value + up.sqrt())


def mean_of(parts: Iterable[Interval]) -> Interval:
    """Return the mean of estimates that may depend on each other, with the means of their bounds.

    That is never too narrow: the deviation of a sum is at most the sum of the deviations (Minkowski).
    """
    listed = list(parts)
    ends = ([part.value for part in listed], [part.lower for part in listed], [part.upper for part in listed])
    return Interval(*(sum(end, Decimal(0)) / len(listed) for end in ends))


def share(hits: int, n: int, z_micro: int) -> Interval:
    """Return the rate hits/n in Wilson's score interval."""
    return score(Fraction(hits, n), Fraction(n), z_micro)


def score(rate: Fraction, n: Fraction, z_micro: int) -> Interval:
    """Return a rate of n rows, n perhaps no whole number, in Wilson's score interval.

    The roots p of |p − rate| = z·√(p(1 − p)/n): Wilson 1927, J. American Statistical Association 22:209.
    """
    z, rows, value = Decimal(z_micro) / MICRO, decimal(n), decimal(rate)
    squared = z * z
    middle = value + squared / (2 * rows)
    spread = z * (value * (1 - value) / rows + squared / (4 * rows * rows)).sqrt()
    scale = 1 + squared / rows
    return Interval(
        value, max(Decimal(0), (middle - spread) / scale), min(Decimal(1), (middle + spread) / scale)
    )


def mean(sum_: Fraction, squares: Fraction, n: int, z_micro: int) -> Interval:
    """Return the mean of n ≥ 2 numbers, given their sum and sum of squares, in its normal interval."""
    value = sum_ / n
    variance = (squares - sum_ * value) / (n - 1)
    spread = Decimal(z_micro) / MICRO * decimal(variance / n).sqrt()
    return Interval(decimal(value), decimal(value) - spread, decimal(value) + spread)


def wilson(hits: int, n: int, z_micro: int) -> tuple[Decimal, Decimal]:
    """Return the bounds of `share`."""
    interval = share(hits, n, z_micro)
    return interval.lower, interval.upper


def newcombe(hits: int, n: int, other_hits: int, other_n: int, z_micro: int) -> tuple[Decimal, Decimal]:
    """Return the bounds of hits/n − other_hits/other_n: Newcombe 1998, Statistics in Medicine 17:873."""
    difference = share(hits, n, z_micro) - share(other_hits, other_n, z_micro)
    return difference.lower, difference.upper
