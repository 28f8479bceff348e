"""Quality: each kind of invalid value apart, counted once."""

from __future__ import annotations

import pytest

from tribune.metrics import Categories, Profile, Tally, evaluate, make_profile
from tribune.metrics.fixed import exact, micro
from tribune.metrics.statistics.intervals import newcombe
from unit.metrics.samples import BINNINGS, SPEC, Row, count, profile_of, rows

NAN, INF = float("nan"), float("inf")
BAD = [
    Row(None, None, "1", "1", 0.5),
    Row(NAN, "new", "1", "1", 0.5),
    Row(INF, "a", "1", "1", 0.5),
    Row(-INF, "a", "1", "1", 0.5),
    Row(-1, "a", "1", "1", 0.5),
    Row(100, "a", None, "9", NAN),
]


@pytest.fixture(scope="module")
def profile() -> Profile:
    return profile_of([*rows(990, 1), *[Row(None, "a", "1", "1", 0.5)] * 10])


@pytest.fixture(scope="module")
def tally() -> Tally:
    return count([*rows(94, 2), *BAD])


@pytest.mark.parametrize(
    ("name", "rows_of_100"),
    [
        ("quality.missing_rate/age", 2),
        ("quality.out_of_range_rate/age", 4),
        ("quality.invalid_rate/age", 6),
        ("quality.missing_rate/job", 1),
        ("quality.unseen_rate/job", 1),
        ("quality.invalid_rate/job", 2),
        ("quality.unseen_rate/prediction", 1),
        ("quality.missing_rate/sex", 1),
        ("quality.missing_rate/score", 1),
        ("quality.missing_rate.max", 2),
        ("quality.invalid_rate.max", 6),
        ("quality.volume", 100),
    ],
)
def test_quality__six_bad_rows_of_100__are_told_apart(
    profile: Profile, tally: Tally, name: str, rows_of_100: int
) -> None:
    expected = rows_of_100 * (1_000_000 if name == "quality.volume" else 10_000)
    assert evaluate([name], profile, tally, None, {})[name].micro == expected


def test_invalid_rate_increase__reference_has_some__is_the_difference(profile: Profile, tally: Tally) -> None:
    name, z = "quality.invalid_rate_increase/age", 3_000_000
    value = evaluate([name], profile, tally, None, {name: z})[name]
    with exact():
        low, high = newcombe(6, 100, 10, 1000, z)
    assert (value.micro, value.lower, value.upper) == (50_000, micro(low), micro(high))


def test_max__several_columns__says_where(profile: Profile, tally: Tally) -> None:
    name = "quality.invalid_rate_increase.lower.max"
    assert evaluate([name], profile, tally, None, {name: 1_000_000})[name].at == "age"


def test_unseen_rate__bounded_categories__is_not_available(tally: Tally) -> None:
    bounded = {**BINNINGS, "job": Categories(("a", "b", "c"), rest=True)}
    profile = make_profile(SPEC, count(rows(100)), bounded)
    value = evaluate(["quality.unseen_rate/job"], profile, tally, None, {})["quality.unseen_rate/job"]
    assert value.micro is None
    assert "too many values" in value.reason
