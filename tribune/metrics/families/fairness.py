"""Fairness: are groups treated alike? The definitions are fairlearn's, computed exactly on the tally.

With more than two classes each class is taken against the rest, and the worst class counts. A group needs
`min_group` rows in every rate that is compared; smaller ones, and rows without a known group, are named in
the value's reason, never dropped silently. Bounds hold for all pairs of groups at once when the rule's z is
Φ⁻¹(1 − α/2G), G the number of pairs (times classes and rates).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tribune.metrics.fixed import MICRO, exact, micro
from tribune.metrics.scheme import ABSOLUTE, ERRORS, SQUARES
from tribune.metrics.spec import Task
from tribune.metrics.statistics.comparisons import (
    ACCURACY,
    ODDS,
    OPPORTUNITY,
    SELECTION,
    Comparison,
    Kind,
    Rate,
    joined,
)
from tribune.metrics.statistics.gaps import gap_bounds, ratio_bounds
from tribune.metrics.statistics.groups import Outcome, Place, is_known, left_out, outcomes_by_group, targets
from tribune.metrics.statistics.intervals import Interval, mean, share
from tribune.metrics.value import MAX_VALUE, Grouped, GroupKey, Metric, Pairs, Value, unavailable, unlabelled

if TYPE_CHECKING:
    from tribune.metrics.profile import Profile
    from tribune.metrics.tally import Tally

_ALL = Pairs()
LEAST_ERRORS = 2
"""Errors without which a mean has no interval, however small `min_group` is."""


def demographic_parity_difference(
    profile: Profile, tally: Tally, target: str, z: int | None, pairs: Pairs = _ALL
) -> Value:
    """Measure the largest gap in the share of positive predictions: 0 all alike, 1 all against none."""
    return _difference(SELECTION, profile, tally, target, z, pairs)


def demographic_parity_ratio(
    profile: Profile, tally: Tally, target: str, z: int | None, pairs: Pairs = _ALL
) -> Value:
    """Measure the smallest share of positive predictions by the largest: 1 all alike, 0 none against some.

    Below 0.8 a selection is commonly looked into (the four-fifths rule, 29 CFR 1607.4 D).
    """
    return _ratio(SELECTION, profile, tally, target, z, pairs)


def equalized_odds_difference(
    profile: Profile, tally: Tally, target: str, z: int | None, pairs: Pairs = _ALL
) -> Value:
    """Measure the larger of the gaps in true and false positive rates: 0 all groups alike, 1 fully unlike.

    A group takes part with `min_group` rows of either label (Hardt et al. 2016; fairlearn's worst case).
    """
    return _difference(ODDS, profile, tally, target, z, pairs)


def equalized_odds_ratio(
    profile: Profile, tally: Tally, target: str, z: int | None, pairs: Pairs = _ALL
) -> Value:
    """Measure the smaller of the ratios of true and of false positive rates: 1 all groups alike, 0 unlike."""
    return _ratio(ODDS, profile, tally, target, z, pairs)


def equal_opportunity_difference(
    profile: Profile, tally: Tally, target: str, z: int | None, pairs: Pairs = _ALL
) -> Value:
    """Measure the gap in true positive rates: 0 all groups alike, 1 all found against none (Hardt 2016)."""
    return _difference(OPPORTUNITY, profile, tally, target, z, pairs)


def equal_opportunity_ratio(
    profile: Profile, tally: Tally, target: str, z: int | None, pairs: Pairs = _ALL
) -> Value:
    """Measure the smallest true positive rate by the largest: 1 all groups alike, 0 none found of one."""
    return _ratio(OPPORTUNITY, profile, tally, target, z, pairs)


def accuracy_difference(
    profile: Profile, tally: Tally, target: str, z: int | None, pairs: Pairs = _ALL
) -> Value:
    """Measure the largest gap in the share of right answers: 0 all groups alike, 1 all right against none."""
    return _difference(ACCURACY, profile, tally, target, z, pairs)


def error_difference(
    profile: Profile, tally: Tally, target: str, z: int | None, pairs: Pairs = _ALL
) -> Value:
    """Measure the largest gap in the mean absolute error, in the label's unit: 0 all groups alike.

    Bounds: from each group's normal interval of its mean.
    """
    grid, known = profile.scheme.grid(profile.spec.error_name), dict[Place, Mapping[Outcome, int]]()
    least, small = max(LEAST_ERRORS, profile.spec.min_group), dict[tuple[str, Place], int]()
    for place, counts in outcomes_by_group(profile, tally, target).items():
        rows = counts.get((0, ERRORS), 0)
        if rows >= least and is_known(profile, target, place):
            known[place] = counts
        elif rows and ("", place) not in pairs.later:
            small["", place] = rows
    note = left_out(profile, target, small, "rows with a label:")
    n = sum(counts[0, ERRORS] for counts in known.values())
    if len(known) < 2:
        if not known and not small:
            return unlabelled(profile)
        return unavailable(joined(f"fewer than two groups have {least} rows with a label", note), n)
    means = {p: Fraction(counts.get((0, ABSOLUTE), 0), counts[0, ERRORS]) for p, counts in known.items()}
    value = micro(_gap(means, _fresh(pairs, "", known)) * grid.half_cell)
    if z is None:
        return Value(value, n, reason=note)
    with exact():
        errors = {place: _mean_error(counts, grid.half_cell, z) for place, counts in known.items()}
        low, high = gap_bounds(list(errors.values()), [errors[p] for p in _fresh(pairs, "", known)])
        return Value(value, n, micro(low), max(value, micro(high)), note)


def _mean_error(counts: Mapping[Outcome, int], unit: Fraction, z: int) -> Interval:
    squares = counts.get((0, SQUARES), 0) * unit * unit
    return mean(counts.get((0, ABSOLUTE), 0) * unit, squares, counts[0, ERRORS], z)


def error_rows(profile: Profile, tally: Tally, target: str) -> dict[GroupKey, int]:
    """Return how many errors each known group has: what a trailing sum waits for. One gives no spread."""
    rows = {
        place: counts.get((0, ERRORS), 0)
        for place, counts in outcomes_by_group(profile, tally, target).items()
        if is_known(profile, target, place)
    }
    return {("", place): count if count >= LEAST_ERRORS else 0 for place, count in rows.items()}


def _fresh(pairs: Pairs, subject: str, places: Iterable[Place]) -> list[Place]:
    """Return the groups of which each pair must have one."""
    return [place for place in places if pairs.fresh is None or (subject, place) in pairs.fresh]


def _gap(shares: Mapping[Place, Fraction], fresh: Sequence[Place]) -> Fraction:
    """Return the largest difference of two groups, one of them fresh."""
    low, high = min(shares.values()), max(shares.values())
    return max(max(shares[place] - low, high - shares[place]) for place in fresh)


def _difference(
    kind: Kind, profile: Profile, tally: Tally, target: str, z: int | None, pairs: Pairs
) -> Value:
    """Return the largest gap of two groups' rates over all comparisons, with Newcombe bounds."""
    found, note = kind.judged(profile, tally, target, pairs.later)
    judged = _compared(found, pairs)
    if not judged:
        return kind.too_few(profile, found, note)
    gaps = [(max(_gap(shares, fresh) for shares in one.shares()), one) for one, fresh in judged]
    gap, widest = max(gaps, key=lambda pair: pair[0])
    value, reason = micro(gap), joined(widest.subject and f"worst class: {widest.subject}", note)
    if z is None:
        return Value(value, widest.n, reason=reason)
    with exact():
        bounds = [gap_bounds(*_shares(rates, fresh, z)) for one, fresh in judged for rates in one.rates]
        low, high = max(low for low, _ in bounds), max(high for _, high in bounds)
        return Value(value, widest.n, micro(low), max(value, micro(high)), reason)


def _ratio(kind: Kind, profile: Profile, tally: Tally, target: str, z: int | None, pairs: Pairs) -> Value:
    """Return the smallest ratio of two groups' rates over all comparisons, with MOVER-R bounds."""
    found, note = kind.judged(profile, tally, target, pairs.later)
    judged = _compared(found, pairs)
    if not judged:
        return kind.too_few(profile, found, note)
    ratios = [
        (_smallest(shares, fresh), one, _shares(rates, fresh, z) if z else None)
        for one, fresh in judged
        for shares, rates in zip(one.shares(), one.rates, strict=True)
        if max(shares.values())
    ]
    if not ratios:
        return unavailable(joined("the rate is 0 in all groups: there is no ratio", note), judged[0][0].n)
    ratio, smallest, _ = min(ratios, key=lambda each: each[0])
    value, reason = micro(ratio), joined(smallest.subject and f"worst class: {smallest.subject}", note)
    if z is None:
        return Value(value, smallest.n, reason=reason)
    with exact():
        bounds = [ratio_bounds(*sides) for _, _, sides in ratios if sides]
        low, high = min(low for low, _ in bounds), min(high for _, high in bounds)
        return Value(value, smallest.n, min(value, micro(low)), max(value, micro(high)), reason)


def _compared(found: Sequence[Comparison], pairs: Pairs) -> list[tuple[Comparison, list[Place]]]:
    """Return the comparisons that have a pair to compare, each with the groups of which each pair has one."""
    judged = [(one, _fresh(pairs, one.subject, one.rows())) for one in found if len(one.rows()) > 1]
    return [(one, fresh) for one, fresh in judged if fresh]


def _smallest(shares: Mapping[Place, Fraction], fresh: Sequence[Place]) -> Fraction:
    """Return the smallest ratio of two groups, one of them fresh; not all of them are 0."""
    low, high = min(shares.values()), max(shares.values())
    return min(min(shares[p] / high, low / shares[p] if shares[p] else Fraction(0)) for p in fresh)


def _shares(
    rates: Mapping[Place, Rate], fresh: Sequence[Place], z: int
) -> tuple[list[Interval], list[Interval]]:
    """Return the interval of each group, and those of the fresh ones."""
    shares = {place: share(hits, rows, z) for place, (hits, rows) in rates.items()}
    return list(shares.values()), [shares[place] for place in fresh]


_CLASSIFIERS = frozenset({Task.BINARY, Task.MULTICLASS})


def _metric(name: str, measure: Any, kind: Kind, words: str) -> Metric:
    return Metric(
        f"fairness.{name}",
        0,
        MICRO,
        measure,
        targets,
        words,
        bounded=True,
        labels=kind is not SELECTION,
        tasks=_CLASSIFIERS,
        grouped=Grouped(kind.group_rows, measure),
        has_max=not name.endswith("_ratio"),
    )


METRICS = (
    _metric(
        "demographic_parity_difference",
        demographic_parity_difference,
        SELECTION,
        "the gap in positive decisions between groups by {target}",
    ),
    _metric(
        "equalized_odds_difference",
        equalized_odds_difference,
        ODDS,
        "the gap in error rates between groups by {target}",
    ),
    _metric(
        "demographic_parity_ratio",
        demographic_parity_ratio,
        SELECTION,
        "the smallest ratio of positive decisions between groups by {target}",
    ),
    _metric(
        "equalized_odds_ratio",
        equalized_odds_ratio,
        ODDS,
        "the smallest ratio of error rates between groups by {target}",
    ),
    _metric(
        "equal_opportunity_difference",
        equal_opportunity_difference,
        OPPORTUNITY,
        "the gap between groups by {target} in how many of those who should get a positive decision do",
    ),
    _metric(
        "equal_opportunity_ratio",
        equal_opportunity_ratio,
        OPPORTUNITY,
        "the smallest ratio between groups by {target} of those who rightly get a positive decision",
    ),
    _metric(
        "accuracy_difference",
        accuracy_difference,
        ACCURACY,
        "the gap in right answers between groups by {target}",
    ),
    Metric(
        "fairness.error_difference",
        0,
        MAX_VALUE,
        error_difference,
        lambda profile: targets(profile) if profile.spec.has_errors else (),
        "the gap in the mean error between groups by {target}",
        bounded=True,
        labels=True,
        percent=False,
        tasks=frozenset({Task.REGRESSION}),
        grouped=Grouped(error_rows, error_difference),
    ),
)
"""Definitions of this family."""
