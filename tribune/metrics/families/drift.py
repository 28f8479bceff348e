"""Drift: how far a column has moved from the reference, on cells with an expected count of at least 5.

Quality cells (missing, NaN, ±inf, unseen) stay apart, so that drift is about values, not about holes; tails
of a number belong to its outermost bins. Drift is not harm: a rule on it alone should never suspend a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from tribune.metrics.binning import Binning, Grid
from tribune.metrics.fixed import MICRO, decimal, exact, micro
from tribune.metrics.statistics.numbers import Numbers, distance, numbers_of
from tribune.metrics.tally import CategoryCounts, NumericCounts
from tribune.metrics.value import MAX_VALUE, Metric, Value, unavailable

if TYPE_CHECKING:
    from tribune.metrics.profile import Profile
    from tribune.metrics.tally import Tally

MIN_EXPECTED = 5
"""Cochran's rule: the chi-squared approximation holds from an expected count of about 5 in each cell."""


_NOTABLE = MICRO // 10
"""A column counts as drifted beyond 0.1: a small effect (Cohen 1988), and how other distances are read."""


def cells(binning: Binning, column: Sequence[int]) -> list[int]:
    """Return the counts that drift compares: bins of a number, values (and the rest) of a category."""
    if isinstance(binning, Grid):
        return NumericCounts.of(binning, column).bins(binning)
    counts = CategoryCounts.of(binning, column)
    return [*counts.values, counts.rest] if binning.rest else list(counts.values)


def joined(now: Sequence[int], then: Sequence[int]) -> tuple[list[int], list[int]]:
    """Join cells in order until each expects at least 5 rows in the smaller sample; the last joins back."""
    n, m = sum(now), sum(then)
    if n + m == 0:
        return [0], [0]
    a: list[int] = []
    b: list[int] = []
    open_a = open_b = 0
    for count_a, count_b in zip(now, then, strict=True):
        open_a, open_b = open_a + count_a, open_b + count_b
        if (open_a + open_b) * min(n, m) >= MIN_EXPECTED * (n + m):
            a.append(open_a)
            b.append(open_b)
            open_a = open_b = 0
    if open_a or open_b:
        if a:
            a[-1], b[-1] = a[-1] + open_a, b[-1] + open_b
        else:
            a, b = [open_a], [open_b]
    return a, b


def chi_squared(now: Sequence[int], then: Sequence[int]) -> tuple[Fraction, int]:
    """Return Pearson's X² of two samples over the same cells, exact, and its degrees of freedom."""
    n, m = sum(now), sum(then)
    if not n or not m:
        return Fraction(0), 0
    total = sum(
        (Fraction((a * m - b * n) ** 2, a + b) for a, b in zip(now, then, strict=True) if a + b), Fraction(0)
    )
    return total / (n * m), sum(1 for a, b in zip(now, then, strict=True) if a + b) - 1


def _pair(profile: Profile, tally: Tally, target: str) -> tuple[list[int], list[int]] | Value:
    binning = profile.binnings[target]
    now, then = cells(binning, tally.columns[target]), cells(binning, profile.reference.columns[target])
    if not sum(now) or not sum(then):
        return unavailable("no valid values in this frame" if sum(then) else "no valid values in the profile")
    return joined(now, then)


def effect(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
    """Measure the effect size φ = √(X²·(1/n + 1/m)): 0 none, 0.1 small, 0.3 medium, 0.5 large (Cohen's w).

    Lower bound: √(max(0, max(0, √(X²/overdispersion) − z)² − df)·(1/n + 1/m)), from √X² being close to normal
    with variance 1 around √(df + noncentrality). Upper: the same with + z, never under φ.
    """
    pair = _pair(profile, tally, target)
    if isinstance(pair, Value):
        return pair
    n, m = sum(pair[0]), sum(pair[1])
    squared, freedom = chi_squared(*pair)
    per_row = Fraction(1, n) + Fraction(1, m)
    with exact():
        value = micro(decimal(squared * per_row).sqrt())
        if z is None:
            return Value(value, n)
        root = decimal(squared * MICRO / profile.overdispersion[target]).sqrt()
        margin, zero = Decimal(z) / MICRO, Decimal(0)
        low = max(zero, max(zero, root - margin) ** 2 - freedom) * decimal(per_row)
        high = max(zero, (root + margin) ** 2 - freedom) * decimal(per_row)
        return Value(value, n, micro(low.sqrt()), max(value, micro(high.sqrt())))


def psi(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
    """Measure the population stability index Σ (p − q)·ln(p/q): 0 equal; no fixed cut-off holds at every n.

    A cell that is empty on one side counts half a row there.
    """
    pair = _pair(profile, tally, target)
    if isinstance(pair, Value):
        return pair
    n, m = sum(pair[0]), sum(pair[1])
    with exact():
        total = Decimal(0)
        for a, b in zip(*pair, strict=True):
            p = Fraction(2 * a if a else 1, 2 * n)
            q = Fraction(2 * b if b else 1, 2 * m)
            total += decimal(p - q) * decimal(p / q).ln()
        return Value(micro(total), n)


def jensen_shannon(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
    """Measure the Jensen-Shannon distance, base 2: 0 equal, 1 nothing in common (Endres 2003)."""
    pair = _pair(profile, tally, target)
    if isinstance(pair, Value):
        return pair
    n, m = sum(pair[0]), sum(pair[1])
    with exact():
        total = Decimal(0)
        for a, b in zip(*pair, strict=True):
            p, q = Fraction(a, n), Fraction(b, m)
            for share in (p, q):
                if share:
                    total += decimal(share) * decimal(2 * share / (p + q)).ln()
        divergence = max(Decimal(0), total / (2 * Decimal(2).ln()))
        return Value(micro(divergence.sqrt()), n)


def ks(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
    """Measure the Kolmogorov-Smirnov distance of a number, on its fine cells and tails: 0 equal, 1 apart."""
    sides = _numbers(profile, tally, target)
    if isinstance(sides, Value):
        return sides
    now, then = sides
    return Value(micro(Fraction(now.apart(then)[0], now.n * then.n)), now.n)


def chi_squared_statistic(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
    """Measure Pearson's X² itself, with its degrees of freedom in the reason: about these without drift.

    It grows with n however small a shift is: for people, and for comparison; a rule wants `drift.effect`.
    """
    pair = _pair(profile, tally, target)
    if isinstance(pair, Value):
        return pair
    squared, freedom = chi_squared(*pair)
    return Value(micro(squared), sum(pair[0]), reason=f"{freedom} degrees of freedom")


def wasserstein(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
    """Measure the Wasserstein distance of a number in its unit: how far values moved on average, 0 equal."""
    sides = _numbers(profile, tally, target)
    if isinstance(sides, Value):
        return sides
    return Value(micro(distance(*sides)), sides[0].n)


def wasserstein_normed(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
    """Measure the Wasserstein distance by the reference's standard deviation: 0 equal, 1 a deviation away."""
    sides = _numbers(profile, tally, target)
    if isinstance(sides, Value):
        return sides
    now, then = sides
    total, squares = then.sums
    variance = squares / then.n - (total / then.n) ** 2
    if not variance:
        return unavailable("the profile has but one value of it", now.n)
    with exact():
        return Value(micro(decimal(distance(now, then)) / decimal(variance).sqrt()), now.n)


def _numbers(profile: Profile, tally: Tally, target: str) -> tuple[Numbers, Numbers] | Value:
    now, then = (numbers_of(profile, rows, target) for rows in (tally, profile.reference))
    if not now.n or not then.n:
        return unavailable("no valid values in this frame" if then.n else "no valid values in the profile")
    return now, then


def _columns(profile: Profile) -> tuple[str, ...]:
    return tuple(column.name for column in profile.spec.measured)


def _numeric(profile: Profile) -> tuple[str, ...]:
    return tuple(name for name in _columns(profile) if isinstance(profile.binnings[name], Grid))


METRICS = (
    Metric(
        "drift.effect",
        0,
        100 * MICRO,
        effect,
        _columns,
        "the size of the shift of {target}",
        True,
        percent=False,
        notable=_NOTABLE,
    ),
    Metric(
        "drift.psi",
        0,
        100 * MICRO,
        psi,
        _columns,
        "the population stability index of {target}",
        percent=False,
        notable=_NOTABLE,
    ),
    Metric(
        "drift.jensen_shannon",
        0,
        MICRO,
        jensen_shannon,
        _columns,
        "the Jensen-Shannon distance of {target}",
        percent=False,
        notable=_NOTABLE,
    ),
    Metric(
        "drift.ks",
        0,
        MICRO,
        ks,
        _numeric,
        "the Kolmogorov-Smirnov distance of {target}",
        percent=False,
        notable=_NOTABLE,
    ),
    Metric(
        "drift.chi_squared",
        0,
        MAX_VALUE,
        chi_squared_statistic,
        _columns,
        "the chi-squared statistic of {target}",
        percent=False,
    ),
    Metric(
        "drift.wasserstein",
        0,
        MAX_VALUE,
        wasserstein,
        _numeric,
        "how far {target} has moved on average",
        percent=False,
        has_max=False,
    ),
    Metric(
        "drift.wasserstein_normed",
        0,
        MAX_VALUE,
        wasserstein_normed,
        _numeric,
        "how many standard deviations {target} has moved on average",
        percent=False,
        notable=_NOTABLE,
    ),
)
"""Definitions of this family."""
