"""Fairness against fairlearn on raw rows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fairlearn.metrics import demographic_parity_difference, equalized_odds_difference

from tribune.metrics import Profile, Tally
from tribune.metrics.families import fairness
from unit.metrics.samples import Row, count, profile_of, rows

SAMPLE = rows(2000, 3, unfair=0.3)
Z = 3_000_000


@pytest.fixture(scope="module")
def profile() -> Profile:
    return profile_of(rows(2000, 1))


@pytest.fixture(scope="module")
def tally() -> Tally:
    return count(SAMPLE)


def column(sample: list[Row], name: str) -> list[int]:
    return [int(getattr(row, name)) for row in sample]


def test_demographic_parity_difference__raw_rows__is_fairlearns(profile: Profile, tally: Tally) -> None:
    said = column(SAMPLE, "prediction")
    expected = demographic_parity_difference(said, said, sensitive_features=column(SAMPLE, "sex"))
    value = fairness.demographic_parity_difference(profile, tally, "sex", None)
    assert (value.micro, value.n, value.reason) == (round(expected * 1e6), 2000, "")


def test_equalized_odds_difference__raw_rows__is_fairlearns(profile: Profile, tally: Tally) -> None:
    expected = equalized_odds_difference(
        column(SAMPLE, "label"), column(SAMPLE, "prediction"), sensitive_features=column(SAMPLE, "sex")
    )
    value = fairness.equalized_odds_difference(profile, tally, "sex", None)
    assert (value.micro, value.n) == (round(expected * 1e6), 2000)


def test_demographic_parity_difference__a_small_group__is_named_not_judged(profile: Profile) -> None:
    small = [Row(30, "a", "3", "1", 0.9, "1")] * 19
    other = [Row(30, "a", "9", "1", 0.9, "1")] * 300
    value = fairness.demographic_parity_difference(profile, count([*SAMPLE, *small, *other]), "sex", None)
    without = fairness.demographic_parity_difference(profile, count(SAMPLE), "sex", None)
    assert value.micro == without.micro
    assert value.reason == "not judged: sex=3 (rows: 19), other sex (rows: 300)"


def test_demographic_parity_difference__one_large_group__is_not_available(profile: Profile) -> None:
    men = [row for row in SAMPLE if row.sex == "1"]
    value = fairness.demographic_parity_difference(profile, count(men), "sex", Z)
    assert (value.micro, value.lower) == (None, None)
    assert value.reason == "fewer than two groups have 20 rows"


def test_equalized_odds_difference__no_labels__is_not_available(profile: Profile) -> None:
    unlabelled = count([replace(row, label=None) for row in SAMPLE])
    value = fairness.equalized_odds_difference(profile, unlabelled, "sex", Z)
    assert (value.micro, value.reason) == (None, "no labels yet")


def test_equalized_odds_difference__few_of_one_label__names_the_group(profile: Profile) -> None:
    few = [row for row in SAMPLE if row.sex == "1" or row.label == "0"]
    value = fairness.equalized_odds_difference(profile, count(few), "sex", None)
    assert value.micro is None
    assert "women (rows of its rarer label: 0)" in value.reason


def test_lower__unfair_model__is_above_zero_and_below_the_gap(profile: Profile, tally: Tally) -> None:
    value = fairness.demographic_parity_difference(profile, tally, "sex", Z)
    assert 0 < (value.lower or 0) < (value.micro or 0) < (value.upper or 0)


def test_lower__fair_model__is_zero(profile: Profile) -> None:
    fair = count(rows(2000, 5, unfair=0))
    assert fairness.demographic_parity_difference(profile, fair, "sex", Z).lower == 0


def test_lower__more_rows_of_the_same__rises(profile: Profile, tally: Tally) -> None:
    once = fairness.demographic_parity_difference(profile, tally, "sex", Z)
    ten = fairness.demographic_parity_difference(profile, sum([tally] * 9, tally), "sex", Z)
    assert once.micro == ten.micro
    assert (once.lower or 0) < (ten.lower or 0)
