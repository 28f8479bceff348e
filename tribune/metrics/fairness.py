"""Fairness: are groups treated alike? The definitions are fairlearn's, computed exactly on the tally.

A group needs `min_group` rows in every rate that is compared; smaller ones, and rows without a known
group, are named in the value's reason, never dropped silently. Lower bounds hold for all pairs of groups at
once when the rule's z is Φ⁻¹(1 − α/2G), G the number of pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import permutations
from typing import TYPE_CHECKING

from tribune.metrics.binning import (
    LABEL_NEGATIVE,
    LABEL_POSITIVE,
    PREDICTION_INVALID,
    PREDICTION_POSITIVE,
    Categories,
)
from tribune.metrics.fixed import MICRO, exact, micro
from tribune.metrics.intervals import newcombe
from tribune.metrics.outcomes import by_group
from tribune.metrics.spec import Task
from tribune.metrics.value import Metric, Value, unavailable

if TYPE_CHECKING:
    from tribune.metrics.profile import Profile
    from tribune.metrics.tally import Tally

Rates = Mapping[int, tuple[int, int]]
"""Per group position: (positive predictions, rows)."""


def rate_by_group(profile: Profile, tally: Tally, group: str) -> dict[str, tuple[int, int]]:
    """Return (positive predictions, rows) per group that has rows, small ones too, by its name for people."""
    counts = by_group(profile, tally, group)
    return {_title(profile, group, place): rate for place, rate in _rates(counts).items()}


def demographic_parity_difference(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
    """Measure the largest gap in the share of positive predictions: 0 all alike, 1 all against none."""
    counts = {k: n for k, n in by_group(profile, tally, target).items() if k[2] != PREDICTION_INVALID}
    rates, known = _rates(counts), _known(profile, target)
    least = profile.spec.min_group
    large = {place: rate for place, rate in rates.items() if place in known and rate[1] >= least}
    note = _left_out(profile, target, {p: n for p, (_, n) in rates.items() if p not in large}, "rows:")
    n = sum(rows for _, rows in large.values())
    if len(large) < 2:
        return unavailable(f"fewer than two groups have {least} rows{_and(note)}", n)
    value = micro(_gap(large))
    return _bounded(value, n, [large], z, note)


def equalized_odds_difference(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
    """Measure the larger of the gaps in true and false positive rates: 0 all groups alike, 1 fully unlike.

    A group takes part with `min_group` rows of either label (Hardt et al. 2016; fairlearn's worst case).
    """
    counts = {
        k: n
        for k, n in by_group(profile, tally, target).items()
        if k[2] != PREDICTION_INVALID and k[1] in (LABEL_NEGATIVE, LABEL_POSITIVE)
    }
    if not counts:
        return unavailable("no labels yet")
    true = _rates({k: n for k, n in counts.items() if k[1] == LABEL_POSITIVE})
    false = _rates({k: n for k, n in counts.items() if k[1] == LABEL_NEGATIVE})
    known, least = _known(profile, target), profile.spec.min_group
    rows = {p: min(true.get(p, (0, 0))[1], false.get(p, (0, 0))[1]) for p in {*true, *false}}
    large = {place for place, fewest in rows.items() if place in known and fewest >= least}
    note = _left_out(
        profile, target, {p: k for p, k in rows.items() if p not in large}, "rows of its rarer label:"
    )
    true, false = ({p: rate for p, rate in rates.items() if p in large} for rates in (true, false))
    n = sum(rows for rates in (true, false) for _, rows in rates.values())
    if len(large) < 2:
        return unavailable(f"fewer than two groups have {least} rows of either label{_and(note)}", n)
    value = micro(max(_gap(true), _gap(false)))
    return _bounded(value, n, [true, false], z, note)


def _rates(counts: Mapping[tuple[int, int, int], int]) -> dict[int, tuple[int, int]]:
    rates: dict[int, tuple[int, int]] = {}
    for (place, _, said), count in sorted(counts.items()):
        if said != PREDICTION_INVALID:
            hits, n = rates.get(place, (0, 0))
            rates[place] = (hits + (count if said == PREDICTION_POSITIVE else 0), n + count)
    return rates


def _gap(rates: Rates) -> Fraction:
    shares = [Fraction(hits, n) for hits, n in rates.values()]
    return max(shares) - min(shares)


def _bounded(value: int, n: int, families: Iterable[Rates], z: int | None, note: str) -> Value:
    """Add bounds: the largest Newcombe lower and upper bound over ordered pairs of groups and families."""
    if z is None:
        return Value(value, n, reason=note)
    low = high = Decimal(0)
    with exact():
        for rates in families:
            for (hits, rows), (other_hits, other_rows) in permutations(rates.values(), 2):
                down, up = newcombe(hits, rows, other_hits, other_rows, z)
                low, high = max(low, down), max(high, up)
        return Value(value, n, micro(low), max(value, micro(high)), reason=note)


def _categories(profile: Profile, group: str) -> Categories:
    binning = profile.binnings[group]
    assert isinstance(binning, Categories)  # noqa: S101 - a group's kind is checked by ModelSpec
    return binning


def _known(profile: Profile, group: str) -> range:
    return range(len(_categories(profile, group).values))


def _title(profile: Profile, group: str, place: int) -> str:
    values, column = _categories(profile, group).values, profile.spec.column(group)
    if place < len(values):
        return column.value_title(values[place])
    return f"other {column.title}" if place == len(values) else f"no {column.title}"


def _left_out(profile: Profile, group: str, rows: Mapping[int, int], what: str) -> str:
    """Name groups that were not judged, with the count that was too small (or whose group is not known)."""
    named = [f"{_title(profile, group, place)} ({what} {count})" for place, count in sorted(rows.items())]
    return f"not judged: {', '.join(named)}" if named else ""


def _and(note: str) -> str:
    return f"; {note}" if note else ""


def _groups(profile: Profile) -> tuple[str, ...]:
    return tuple(column.name for column in profile.spec.groups)


_TASKS = frozenset({Task.BINARY})
METRICS = (
    Metric(
        "fairness.demographic_parity_difference",
        0,
        MICRO,
        demographic_parity_difference,
        _groups,
        "the gap in positive decisions between groups by {target}",
        True,
        tasks=_TASKS,
        trailing=True,
    ),
    Metric(
        "fairness.equalized_odds_difference",
        0,
        MICRO,
        equalized_odds_difference,
        _groups,
        "the gap in error rates between groups by {target}",
        True,
        labels=True,
        tasks=_TASKS,
        trailing=True,
    ),
)
"""Definitions of this family."""
