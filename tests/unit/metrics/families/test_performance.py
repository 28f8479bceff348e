"""Performance of binary models against scikit-learn on raw rows."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import hypot

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, norm
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    f1_score,
    matthews_corrcoef,
    precision_score,
    recall_score,
)

from tribune.metrics import Profile, Tally
from tribune.metrics.families import performance
from tribune.metrics.fixed import exact, micro
from tribune.metrics.statistics.intervals import newcombe
from unit.metrics.measured import value
from unit.metrics.samples import SCHEME, Row, count, profile_of, rows

SAMPLE, REFERENCE = rows(1500, 4, unfair=0.3), rows(2000, 1)
Z = 2_000_000
LEVEL = 2 * norm.cdf(2) - 1


@pytest.fixture(scope="module")
def profile() -> Profile:
    return profile_of(REFERENCE)


@pytest.fixture(scope="module")
def tally() -> Tally:
    return count(SAMPLE)


def _raw(sample: list[Row]) -> tuple[list[int], list[int]]:
    return [int(row.label or 0) for row in sample], [int(row.prediction or 0) for row in sample]


ORACLES = {
    "accuracy": accuracy_score,
    "precision": precision_score,
    "recall": recall_score,
    "specificity": lambda labels, said: recall_score(labels, said, pos_label=0),
    "f1": f1_score,
    "balanced_accuracy": balanced_accuracy_score,
    "mcc": matthews_corrcoef,
}


@pytest.mark.parametrize("name", ORACLES)
def test_measure__raw_rows__is_scikit_learns(name: str, profile: Profile, tally: Tally) -> None:
    expected = ORACLES[name](*_raw(SAMPLE))
    assert value(f"performance.{name}", profile, tally).micro == round(expected * 1e6)


@pytest.mark.parametrize("name", [name for name in ORACLES if name != "mcc"])
def test_drop__raw_rows__is_scikit_learns_difference(name: str, profile: Profile, tally: Tally) -> None:
    expected = ORACLES[name](*_raw(REFERENCE)) - ORACLES[name](*_raw(SAMPLE))
    assert value(f"performance.{name}_drop", profile, tally).micro == round(expected * 1e6)


def _of(sample: list[Row], name: str) -> tuple[int, int]:
    """Hits and rows of a share, counted on raw rows."""
    pairs = list(zip(*_raw(sample), strict=True))
    under = {
        "accuracy": pairs,
        "precision": [pair for pair in pairs if pair[1] == 1],
        "recall": [pair for pair in pairs if pair[0] == 1],
        "specificity": [pair for pair in pairs if pair[0] == 0],
        "f1": [pair for pair in pairs if pair != (0, 0)],
    }[name]
    return sum(label == said for label, said in under), len(under)


def _scipy(sample: list[Row], name: str) -> tuple[float, float, float]:
    """Value and bounds by scipy's Wilson interval."""
    hits, n = _of(sample, name)
    interval = binomtest(hits, n).proportion_ci(LEVEL, method="wilson")
    ends = (hits / n, interval.low, interval.high)
    return tuple(2 * p / (1 + p) for p in ends) if name == "f1" else ends  # type: ignore[return-value]


@pytest.mark.parametrize("name", ["accuracy", "precision", "recall", "specificity", "f1"])
def test_bounds__a_share__are_scipys_wilson_interval(name: str, profile: Profile, tally: Tally) -> None:
    found = value(f"performance.{name}", profile, tally, Z)
    expected = tuple(round(end * 1e6) for end in _scipy(SAMPLE, name))
    assert (found.micro, found.lower, found.upper) == expected


@pytest.mark.parametrize("name", ["accuracy", "precision", "recall", "specificity", "f1"])
def test_bounds__a_drop__square_and_add_those_of_both_sides(
    name: str, profile: Profile, tally: Tally
) -> None:
    then, now = _scipy(REFERENCE, name), _scipy(SAMPLE, name)
    found = value(f"performance.{name}_drop", profile, tally, Z)
    drop = then[0] - now[0]
    assert found.lower == round((drop - hypot(then[0] - then[1], now[2] - now[0])) * 1e6)
    assert found.upper == round((drop + hypot(then[2] - then[0], now[0] - now[1])) * 1e6)


def test_balanced_accuracy__bounds__square_and_add_recall_and_specificity(
    profile: Profile, tally: Tally
) -> None:
    found, true = _scipy(SAMPLE, "recall"), _scipy(SAMPLE, "specificity")
    both = value("performance.balanced_accuracy", profile, tally, Z)
    assert both.lower == round(
        ((found[0] + true[0]) / 2 - hypot(found[0] - found[1], true[0] - true[1]) / 2) * 1e6
    )


def test_accuracy_drop__bounds__are_newcombes(profile: Profile, tally: Tally) -> None:
    now, then = performance.right_of(profile, tally), performance.right_of(profile, profile.reference)
    with exact():
        low, high = newcombe(*then, *now, Z)
    found = value("performance.accuracy_drop", profile, tally, Z)
    assert (found.lower, found.upper) == (micro(low), micro(high))
    assert found.micro == micro(Fraction(*then) - Fraction(*now))


@pytest.mark.parametrize("name", [f"performance.{name}_drop" for name in ORACLES if name != "mcc"])
def test_drop__of_the_reference_itself__is_0(name: str, profile: Profile) -> None:
    found = value(name, profile, profile.reference, Z)
    assert found.micro == 0
    assert found.lower == -(found.upper or 0)


def test_accuracy__labels_that_are_neither__are_named(profile: Profile, tally: Tally) -> None:
    odd = count([Row(30, "a", "1", "1", 0.5, "maybe")] * 3 + [Row(30, "a", "1", None, 0.5, "1")] * 2)
    found = value("performance.accuracy", profile, tally + odd)
    assert found.n == 1500
    assert found.reason == "3 labels are neither 0 nor 1; 2 predictions are neither 0 nor 1"


def _only(**kept: str) -> Tally:
    return count([row for row in SAMPLE if all(getattr(row, key) == value for key, value in kept.items())])


BARE = count([replace(row, label=None) for row in SAMPLE])
FEW = count([replace(row, label=None) if i > 8 else row for i, row in enumerate(SAMPLE)])


@pytest.mark.parametrize(
    ("name", "found", "reason"),
    [
        ("accuracy", BARE, "no labels yet"),
        ("recall", BARE, "no labels yet"),
        ("mcc", BARE, "no labels yet"),
        ("accuracy", FEW, "only 9 rows with a label, 10 are needed"),
        ("f1", FEW, "only 9 rows with a label, 10 are needed"),
        ("precision", _only(prediction="0"), "only 0 rows predicted 1, 20 are needed"),
        ("recall", _only(label="0"), "only 0 rows with the label 1, 20 are needed"),
        ("specificity", _only(label="1"), "only 0 rows with another label than 1, 20 are needed"),
        ("balanced_accuracy", _only(label="1"), "only 0 rows with another label than 1, 20 are needed"),
        (
            "f1",
            _only(label="0", prediction="0"),
            "only 0 rows predicted as 1 or with the label 1, 20 are needed",
        ),
        ("mcc", _only(label="1"), "all labels are the same"),
        ("mcc", _only(prediction="1"), "all predictions are the same"),
    ],
)
def test_measure__too_little_to_say__is_not_available_and_says_why(
    name: str, found: Tally, reason: str, profile: Profile
) -> None:
    value_of = value(f"performance.{name}", profile, found)
    assert (value_of.micro, value_of.reason) == (None, reason)


def test_accuracy_drop__profile_without_labels__says_so(tally: Tally) -> None:
    bare = profile_of([replace(row, label=None) for row in rows(100)])
    assert value("performance.accuracy_drop", bare, tally).reason == "the profile has no labels"


def test_recall_drop__profile_with_few_positives__says_so(tally: Tally) -> None:
    few = profile_of([replace(row, label="1" if i < 7 else "0") for i, row in enumerate(rows(100))])
    reason = "in the profile, only 7 rows with the label 1, 20 are needed"
    assert value("performance.recall_drop", few, tally).reason == reason


CELLS = st.lists(st.integers(20, 400), min_size=4, max_size=4)
NAMES = ["accuracy", "precision", "recall", "specificity", "f1", "balanced_accuracy"]


def _tally(cells: list[int], times: int = 1) -> Tally:
    layout = SCHEME.outcomes
    keys = [(label, said) for label in (0, 1) for said in (0, 1)]
    outcomes = {layout.flat((0, *key, 5)): times * n for key, n in zip(keys, cells, strict=True)}
    return Tally(times * sum(cells), Tally.zero(SCHEME).columns, outcomes)


@settings(deadline=None, max_examples=40)
@given(CELLS, st.sampled_from(NAMES), st.integers(100_000, 5_000_000))
def test_bounds__any_counts__contain_the_value_and_shrink_with_n(cells: list[int], name: str, z: int) -> None:
    profile = profile_of(rows(50))
    few, many = (value(f"performance.{name}", profile, _tally(cells, times), z) for times in (1, 9))
    assert (few.lower or 0) <= (few.micro or 0) <= (few.upper or 0)
    assert (many.upper or 0) - (many.lower or 0) < (few.upper or 0) - (few.lower or 0)
