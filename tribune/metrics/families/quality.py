"""Quality: are there rows, and are their values ones that the model has been profiled on?

Missing (null or NaN), unseen (a category that the reference never had) and out of range (a number beyond
the reference's, or infinite) exclude each other; invalid is all three. Refuses to guess: where the profile
bounds a column's categories, unseen is not available.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from tribune.metrics.binning import Categories, Grid
from tribune.metrics.fixed import MICRO, exact, micro
from tribune.metrics.statistics.intervals import newcombe, wilson
from tribune.metrics.tally import CategoryCounts, NumericCounts
from tribune.metrics.value import MAX_VALUE, Metric, Value, unavailable

if TYPE_CHECKING:
    from tribune.metrics.profile import Profile
    from tribune.metrics.tally import Tally


def missing_rows(profile: Profile, tally: Tally, target: str) -> int:
    """Count rows whose value is null or NaN."""
    binning, column = profile.binnings[target], tally.columns[target]
    if isinstance(binning, Grid):
        counts = NumericCounts.of(binning, column)
        return counts.missing + counts.nan
    return CategoryCounts.of(binning, column).missing


def unseen_rows(profile: Profile, tally: Tally, target: str) -> int:
    """Count rows with a category that the reference never had (0 for numbers and bounded categories)."""
    binning = profile.binnings[target]
    if isinstance(binning, Grid) or binning.rest:
        return 0
    return CategoryCounts.of(binning, tally.columns[target]).rest


def out_of_range_rows(profile: Profile, tally: Tally, target: str) -> int:
    """Count rows with a number below or above the reference's range (0 for categories)."""
    binning = profile.binnings[target]
    if isinstance(binning, Categories):
        return 0
    counts = NumericCounts.of(binning, tally.columns[target])
    return counts.low + counts.high + counts.positive_infinity + counts.negative_infinity


def invalid_rows(profile: Profile, tally: Tally, target: str) -> int:
    """Count rows that are missing, unseen or out of range."""
    return sum(count(profile, tally, target) for count in (missing_rows, unseen_rows, out_of_range_rows))


def rate(hits: int, n: int, z: int | None) -> Value:
    """Return a share of rows with Wilson bounds."""
    value = micro(Fraction(hits, n))
    if z is None:
        return Value(value, n)
    with exact():
        low, high = wilson(hits, n, z)
        return Value(value, n, micro(low), micro(high))


def missing_rate(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
    """Measure the share of rows without a value: 0 none, 1 all."""
    return rate(missing_rows(profile, tally, target), tally.rows, z)


def unseen_rate(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
    """Measure the share of rows with a category that the reference never had: 0 none, 1 all."""
    binning = profile.binnings[target]
    if isinstance(binning, Categories) and binning.rest:
        return unavailable(
            f"{target} has too many values to list, so an unseen one cannot be told", tally.rows
        )
    return rate(unseen_rows(profile, tally, target), tally.rows, z)


def out_of_range_rate(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
    """Measure the share of rows with a number beyond the reference's range: 0 none, 1 all."""
    return rate(out_of_range_rows(profile, tally, target), tally.rows, z)


def invalid_rate(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
    """Measure the share of rows whose value is missing, unseen or out of range: 0 none, 1 all."""
    return rate(invalid_rows(profile, tally, target), tally.rows, z)


def invalid_rate_increase(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
    """Measure the invalid rate less the reference's: 0 as before, 1 all became invalid. Newcombe bounds."""
    hits, n = invalid_rows(profile, tally, target), tally.rows
    before, m = invalid_rows(profile, profile.reference, target), profile.reference.rows
    value = micro(Fraction(hits, n) - Fraction(before, m))
    if z is None:
        return Value(value, n)
    with exact():
        low, high = newcombe(hits, n, before, m, z)
        return Value(value, n, micro(low), micro(high))


def volume(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
    """Measure the number of rows."""
    return Value(tally.rows * MICRO, tally.rows)


def _columns(profile: Profile) -> tuple[str, ...]:
    return tuple(column.name for column in profile.spec.measured)


def _numeric(profile: Profile) -> tuple[str, ...]:
    return tuple(name for name in _columns(profile) if isinstance(profile.binnings[name], Grid))


def _categories(profile: Profile) -> tuple[str, ...]:
    return tuple(name for name in _columns(profile) if isinstance(profile.binnings[name], Categories))


METRICS = (
    Metric(
        "quality.missing_rate", 0, MICRO, missing_rate, _columns, "the share of rows without {target}", True
    ),
    Metric(
        "quality.unseen_rate",
        0,
        MICRO,
        unseen_rate,
        _categories,
        "the share of rows with a value of {target} never seen before",
        True,
    ),
    Metric(
        "quality.out_of_range_rate",
        0,
        MICRO,
        out_of_range_rate,
        _numeric,
        "the share of rows with {target} beyond its known range",
        True,
    ),
    Metric(
        "quality.invalid_rate",
        0,
        MICRO,
        invalid_rate,
        _columns,
        "the share of rows with an invalid value of {target}",
        True,
    ),
    Metric(
        "quality.invalid_rate_increase",
        -MICRO,
        MICRO,
        invalid_rate_increase,
        _columns,
        "the rise in rows with an invalid value of {target}",
        True,
    ),
    Metric(
        "quality.volume", 0, MAX_VALUE, volume, None, "the number of decisions", any_size=True, percent=False
    ),
)
"""Definitions of this family."""
