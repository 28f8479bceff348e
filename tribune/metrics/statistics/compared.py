"""A measure as metrics: its value with bounds, and how much it fell or rose against the profile.

Each measure is found once for the frame and once for the reference, by the same function. Refuses a
difference of which either side cannot be found, and says which.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from tribune.metrics.fixed import MICRO, decimal, exact, micro
from tribune.metrics.spec import Task
from tribune.metrics.statistics.intervals import Interval
from tribune.metrics.statistics.outcomes import sums
from tribune.metrics.value import MAX_VALUE, NO_LABELS, Metric, Value, unavailable, unlabelled

if TYPE_CHECKING:
    from tribune.metrics.profile import Profile
    from tribune.metrics.tally import Tally


@dataclass(frozen=True)
class Found:
    """A measure of some rows.

    Args:
        value: exact, or at 40 digits where it has a root.
        n: rows behind it.
        interval: its interval at a z in millionths, called inside `exact`; None: it has none.
        note: what it leaves out.
    """

    value: Fraction | Decimal
    n: int
    interval: Callable[[int], Interval] | None = None
    note: str = ""


Finder = Callable[["Profile", "Tally", str], Found | Value]
"""Function of (profile, tally, target): what was found, or a value that says why nothing was."""
Measure = Callable[["Profile", "Tally", str, int | None], Value]


def once(find: Finder) -> Finder:
    """Return the same, asked once per tally and target: what the reference has serves every frame."""

    def found(profile: Profile, tally: Tally, target: str) -> Found | Value:
        kept, key = sums(profile, tally).found, (find, target)
        if key not in kept:
            kept[key] = find(profile, tally, target)
        answer: Found | Value = kept[key]
        return answer

    return found


def plain(find: Finder) -> Measure:
    """Return a metric's function: what was found, rounded, with bounds where a z is given."""

    def measure(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
        found = find(profile, tally, target)
        if isinstance(found, Value):
            return found
        value = micro(found.value)
        if not z or not found.interval:
            return Value(value, found.n, reason=found.note)
        with exact():
            interval = found.interval(z)
            low, high = min(value, micro(interval.lower)), max(value, micro(interval.upper))
        return Value(value, found.n, low, high, reason=found.note)

    return measure


def drop(find: Finder) -> Finder:
    """Return how to find the reference's less this one's: above 0 where the frame has less."""
    return _change(find, lambda then, now: less(then, now))


def increase(find: Finder) -> Finder:
    """Return how to find this one's less the reference's: above 0 where the frame has more."""
    return _change(find, lambda then, now: less(now, then))


def _change(find: Finder, change: Callable[[Found, Found], Found]) -> Finder:
    def found(profile: Profile, tally: Tally, target: str) -> Found | Value:
        then, now = find(profile, profile.reference, target), find(profile, tally, target)
        if isinstance(then, Value):
            if then == unlabelled(profile):
                bare = then.reason == NO_LABELS
                return unavailable("the profile has no labels", now.n) if bare else then
            return unavailable(f"in the profile, {then.reason}", now.n)
        if isinstance(now, Value):
            return now
        return replace(change(then, now), n=now.n, note=now.note)

    return found


def less(first: Found, second: Found) -> Found:
    """Return the difference of two measures of different rows."""
    one, other = first.interval, second.interval
    value = _minus(first.value, second.value)
    if one is None or other is None:
        return Found(value, first.n)
    return Found(value, first.n, lambda z: one(z) - other(z))


def _minus(one: Fraction | Decimal, other: Fraction | Decimal) -> Fraction | Decimal:
    if isinstance(one, Fraction) and isinstance(other, Fraction):
        return one - other
    with exact():
        return _decimal(one) - _decimal(other)


def _decimal(value: Fraction | Decimal) -> Decimal:
    return value if isinstance(value, Decimal) else decimal(value)


def both(
    name: str,
    find: Finder,
    words: str,
    short: str,
    tasks: frozenset[Task],
    *,
    changed: Finder | None = None,
    targets: Callable[[Profile], tuple[str, ...]] | None = None,
    percent: bool = True,
    error: bool = False,
    lowest: int = 0,
    highest: int = MICRO,
    bounded: bool = True,
) -> tuple[Metric, Metric]:
    """Return a measure's two metrics: itself, and its fall (of an error: its rise) against the profile.

    Args:
        name: of the measure, without its family.
        find: finds it.
        words: what it says, for people.
        short: what falls or rises, in words.
        tasks: models that it is about.
        changed: finds its change, where that is not the difference of the two.
        targets: as in `Metric`.
        percent: as in `Metric`.
        error: whether more of it is worse.
        lowest: least value in millionths, at which it saturates.
        highest: greatest value in millionths.
        bounded: whether it has bounds.
    """
    find = once(find)
    change, word, default = ("increase", "rise", increase) if error else ("drop", "fall", drop)
    widest = min(highest - lowest, MAX_VALUE)

    def metric(name: str, least: int, most: int, find: Finder, words: str, *, has_max: bool) -> Metric:
        return Metric(
            f"performance.{name}",
            least,
            most,
            plain(find),
            targets,
            words,
            bounded,
            labels=True,
            percent=percent,
            tasks=tasks,
            has_max=has_max,
        )

    fall = f"the {word} in {short} against the profile"
    return (
        metric(name, lowest, highest, find, words, has_max=error),
        metric(f"{name}_{change}", -widest, widest, changed or default(find), fall, has_max=True),
    )
