"""Summaries of any column, for models without right or wrong answers too: means, rates and percentiles.

They are about the values that there are: missing, NaN and infinite ones are quality's, and n says how many
values stood behind. In the column's own units, exact on its cells; a column of whole numbers, or of whole
multiples of a power of two, has cells that lose nothing. Refuses to guess a percentile beyond the reference's
range, where single values are not kept: its bounds say between what it lies.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from tribune.metrics.binning import Categories, Grid
from tribune.metrics.fixed import MICRO, exact, micro
from tribune.metrics.statistics import intervals
from tribune.metrics.statistics.intervals import Interval
from tribune.metrics.statistics.numbers import Numbers, numbers_of
from tribune.metrics.tally import CategoryCounts
from tribune.metrics.value import MAX_VALUE, Metric, Value, unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from tribune.metrics.profile import Profile
    from tribune.metrics.tally import Tally

_NONE_NOW, _NONE_THEN = "no valid values in this frame", "no valid values in the profile"


def mean(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
    """Measure the mean of a number, in its unit. Bounds: the normal interval, from two values on."""
    now = numbers_of(profile, tally, target)
    if not now.n:
        return unavailable(_NONE_NOW)
    found = now.sums[0] / now.n
    note = _joined(_coarse(now, found), _few(now.n, z))
    if z is None or now.n < 2:
        return Value(micro(found), now.n, reason=note)
    with exact():
        return replace(_value(intervals.mean(*now.sums, now.n, z), now.n), reason=note)


def mean_change(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
    """Measure the mean of a number less its mean in the reference, in its unit: 0 as before."""
    now, then = numbers_of(profile, tally, target), numbers_of(profile, profile.reference, target)
    if not now.n or not then.n:
        return unavailable(_NONE_THEN if now.n else _NONE_NOW, now.n)
    if z is None or min(now.n, then.n) < 2:
        change = now.sums[0] / now.n - then.sums[0] / then.n
        return Value(micro(change), now.n, reason=_few(min(now.n, then.n), z))
    with exact():
        means = (intervals.mean(*side.sums, side.n, z) for side in (now, then))
        return _value(next(means) - next(means), now.n)


def rate(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
    """Measure the share of values that are the column's positive one: 0 none, 1 all. Wilson bounds."""
    hits, n = positives(profile, tally, target)
    if not n:
        return unavailable(_NONE_NOW)
    if z is None:
        return Value(micro(Fraction(hits, n)), n)
    with exact():
        return _value(intervals.share(hits, n, z), n)


def rate_change(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
    """Measure the rate less the reference's: 0 as before, 1 all where there were none. Newcombe bounds."""
    (hits, n), (before, m) = (positives(profile, rows, target) for rows in (tally, profile.reference))
    if not n or not m:
        return unavailable(_NONE_THEN if n else _NONE_NOW, n)
    if z is None:
        return Value(micro(Fraction(hits, n) - Fraction(before, m)), n)
    with exact():
        return _value(intervals.share(hits, n, z) - intervals.share(before, m, z), n)


def positives(profile: Profile, tally: Tally, target: str) -> tuple[int, int]:
    """Return (rows with the column's positive value, rows with a value)."""
    categories = profile.scheme.categories(target)
    counts = CategoryCounts.of(categories, tally.columns[target])
    return counts.values[categories.index[profile.spec.column(target).positive]], sum(
        counts.values
    ) + counts.rest


def percentile(percent: int) -> Callable[[Profile, Tally, str, int | None], Value]:
    """Return the measure of the least value that so many of 100 values do not exceed.

    That is definition 1 of Hyndman & Fan 1996, "inverted_cdf" in numpy. Bounds are the values of the ranks
    n·p ∓ z·√(n·p·(1 − p)), which hold for any distribution.
    """

    def measure(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
        now = numbers_of(profile, tally, target)
        if not now.n:
            return unavailable(_NONE_NOW)
        with exact():
            found = now.ranked(-(-now.n * percent // 100))
            reason = "beyond the reference's range, where only the mean is kept" if found.beyond else ""
            reason = reason or _coarse(now, found.value)
            if z is None:
                return Value(micro(found.value), now.n, reason=reason)
            spread = Decimal(z) / MICRO * (Decimal(now.n * percent * (100 - percent)) / 10_000).sqrt()
            middle = Decimal(now.n * percent) / 100
            down = int((middle - spread).to_integral_value(ROUND_FLOOR))
            up = int((middle + spread).to_integral_value(ROUND_CEILING)) + 1
            low = micro(now.ranked(down).low) if down >= 1 else None
            high = micro(now.ranked(up).high) if up <= now.n else None
            if low is None or high is None:
                reason = _joined(reason, "too few values for bounds")
            return Value(micro(found.value), now.n, low, high, reason)

    return measure


def _few(n: int, z: int | None) -> str:
    return "one value has no bounds" if z is not None and n < 2 else ""


def _coarse(numbers: Numbers, value: Fraction | Decimal) -> str:
    """Say how far off a value may be where one cell holds most of the values, and perhaps one value alone.

    Amounts that are mostly 0, in a wide range: the 0 stands in a cell with others and counts as its middle.
    """
    grid, most = numbers.grid, max(numbers.cells)
    if 2 * most < numbers.n:
        return ""
    cell = grid.edges[0] + numbers.cells.index(most)
    width = grid.lower(cell + 1) - grid.lower(cell)
    half = width * grid.half_cell
    if (grid.lattice and width == 1) or abs(float(value)) >= 100 * half:
        return ""
    known = f"known to {float(half):g} either way"
    return f"half of the values or more lie in one cell of {float(2 * half):g}: {known}"


def _joined(*texts: str) -> str:
    return "; ".join(text for text in texts if text)


def _value(interval: Interval, n: int) -> Value:
    return Value(micro(interval.value), n, micro(interval.lower), micro(interval.upper))


def _numeric(profile: Profile) -> tuple[str, ...]:
    measured = profile.spec.measured
    return tuple(column.name for column in measured if isinstance(profile.binnings[column.name], Grid))


def _rated(profile: Profile) -> tuple[str, ...]:
    """Return the columns with a positive value; one that no profile row ever had is still listed by it."""
    return tuple(
        column.name
        for column in profile.spec.measured
        if isinstance(binning := profile.binnings[column.name], Categories)
        and column.positive in binning.index
    )


def _of_numbers(name: str, measure: Callable[[Profile, Tally, str, int | None], Value], words: str) -> Metric:
    return Metric(
        f"summary.{name}",
        -MAX_VALUE,
        MAX_VALUE,
        measure,
        _numeric,
        words,
        bounded=True,
        percent=False,
        has_max=False,  # columns have units of their own
    )


METRICS = (
    _of_numbers("mean", mean, "the mean of {target}"),
    _of_numbers("mean_change", mean_change, "the rise of the mean of {target} against the profile"),
    _of_numbers("percentile_50", percentile(50), "the median of {target}"),
    _of_numbers("percentile_95", percentile(95), "what 95 of 100 values of {target} do not exceed"),
    Metric("summary.rate", 0, MICRO, rate, _rated, "the rate of {target}", bounded=True),
    Metric(
        "summary.rate_change",
        -MICRO,
        MICRO,
        rate_change,
        _rated,
        "the rise of the rate of {target} against the profile",
        bounded=True,
    ),
)
"""Definitions of this family."""
