"""From one way to find a measure to two metrics: the value and its change."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from tribune.metrics import Profile, Tally, Task, Value
from tribune.metrics.statistics.compared import Found, both, drop, increase, once, plain
from tribune.metrics.statistics.intervals import Interval
from tribune.metrics.value import MAX_VALUE, NO_LABELS, unavailable
from unit.metrics.samples import count, profile_of, rows

TASKS = frozenset({Task.BINARY})


@pytest.fixture(scope="module")
def profile() -> Profile:
    return profile_of(rows(100, 1))


def share_of_rows(profile: Profile, tally: Tally, target: str) -> Found | Value:
    """A measure of no meaning: a thousandth of the rows, in bounds of one and two hundredths around it."""
    value = Fraction(tally.rows, 1000)
    middle = Decimal(tally.rows) / 1000

    def interval(z: int) -> Interval:
        return Interval(middle, middle - Decimal("0.03"), middle + Decimal("0.04"))

    return Found(value, tally.rows, interval, f"about {tally.rows}")


def test_drop__of_two_values__is_then_less_now_with_the_notes_of_now(profile: Profile) -> None:
    found = plain(drop(share_of_rows))(profile, count(rows(40)), "", 1)
    assert found == Value(60_000, 40, 10_000, 110_000, "about 40")


def test_increase__of_two_values__is_now_less_then(profile: Profile) -> None:
    found = plain(increase(share_of_rows))(profile, count(rows(40)), "", 1)
    assert (found.micro, found.lower, found.upper) == (-60_000, -110_000, -10_000)


def test_plain__no_z__has_no_bounds(profile: Profile) -> None:
    assert plain(share_of_rows)(profile, count(rows(40)), "", None) == Value(40_000, 40, reason="about 40")


def test_drop__nothing_in_the_profile__says_of_which_side(profile: Profile) -> None:
    def find(_: Profile, tally: Tally, target: str) -> Found | Value:
        return unavailable(target) if tally is profile.reference else Found(Decimal(1), 5)

    found = plain(drop(find))(profile, count(rows(40)), "too small", None)
    assert (found.micro, found.n, found.reason) == (None, 5, "in the profile, too small")
    assert plain(drop(find))(profile, count(rows(40)), NO_LABELS, None).reason == "the profile has no labels"


def test_once__asked_again__does_not_look_again(profile: Profile) -> None:
    asked: list[str] = []

    def find(_: Profile, tally: Tally, target: str) -> Found | Value:
        asked.append(target)
        return Found(Fraction(tally.rows), tally.rows)

    kept, tally, other = once(find), count(rows(40)), count(rows(30))
    assert kept(profile, tally, "a") is kept(profile, tally, "a")
    assert kept(profile, other, "a") != kept(profile, tally, "a")
    kept(profile, tally, "b")
    assert asked == ["a", "a", "b"]


def test_both__an_error__has_an_increase_of_its_whole_range() -> None:
    error, rise = both(
        "off", share_of_rows, "the mean error", "the error", TASKS, error=True, highest=MAX_VALUE
    )
    assert (error.name, error.lo, error.hi) == ("performance.off", 0, MAX_VALUE)
    assert (rise.name, rise.lo, rise.hi) == ("performance.off_increase", -MAX_VALUE, MAX_VALUE)
    assert rise.words == "the rise in the error against the profile"
