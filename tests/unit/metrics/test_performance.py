"""Performance against scikit-learn on raw rows."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, roc_auc_score

from tribune.metrics import Profile, Tally, performance
from tribune.metrics.fixed import exact, micro
from tribune.metrics.intervals import newcombe

from .samples import Row, count, profile_of, rows

SAMPLE = rows(1500, 4)


@pytest.fixture(scope="module")
def profile() -> Profile:
    return profile_of(rows(2000, 1))


@pytest.fixture(scope="module")
def tally() -> Tally:
    return count(SAMPLE)


LABELS = [int(row.label or 0) for row in SAMPLE]


def test_accuracy__raw_rows__is_scikit_learns(profile: Profile, tally: Tally) -> None:
    expected = accuracy_score(LABELS, [int(row.prediction or 0) for row in SAMPLE])
    value = performance.accuracy(profile, tally, "", None)
    assert (value.micro, value.n) == (round(expected * 1e6), 1500)


def test_auc__raw_rows__is_scikit_learns(profile: Profile, tally: Tally) -> None:
    expected = roc_auc_score(LABELS, [row.score for row in SAMPLE])
    assert performance.auc(profile, tally, "", None).micro == round(expected * 1e6)


def test_accuracy_drop__raw_rows__is_the_difference_with_newcombe_bounds(
    profile: Profile, tally: Tally
) -> None:
    now, then = performance.right_of(profile, tally), performance.right_of(profile, profile.reference)
    with exact():
        low, high = newcombe(*then, *now, 2_000_000)
    value = performance.accuracy_drop(profile, tally, "", 2_000_000)
    assert (value.lower, value.upper) == (micro(low), micro(high))
    assert value.micro == micro(Fraction(*then) - Fraction(*now))


def test_accuracy__labels_that_are_neither__are_named(profile: Profile, tally: Tally) -> None:
    odd = count([Row(30, "a", "1", "1", 0.5, "maybe")] * 3 + [Row(30, "a", "1", None, 0.5, "1")] * 2)
    value = performance.accuracy(profile, tally + odd, "", None)
    assert value.n == 1500
    assert value.reason == "3 labels are neither 0 nor 1; 2 predictions are neither 0 nor 1"


def test_accuracy__no_label_came__is_not_available(profile: Profile) -> None:
    value = performance.accuracy(profile, count([replace(r, label=None) for r in SAMPLE]), "", None)
    assert (value.micro, value.reason) == (None, "no labels yet")


def test_accuracy__too_few_labels__says_how_many(profile: Profile) -> None:
    some = [replace(row, label=None) if i > 8 else row for i, row in enumerate(SAMPLE)]
    value = performance.accuracy(profile, count(some), "", None)
    assert (value.micro, value.reason) == (None, "only 9 rows have a label, 10 are needed")


def test_accuracy_drop__profile_without_labels__says_so(tally: Tally) -> None:
    bare = profile_of([replace(row, label=None) for row in rows(100)])
    assert performance.accuracy_drop(bare, tally, "", None).reason == "the profile has no labels"


def test_auc__one_class__is_not_available(profile: Profile) -> None:
    ones = count([row for row in SAMPLE if row.label == "1"])
    assert performance.auc(profile, ones, "", None).reason == "all labels are the same"


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 1), st.integers(0, 9)), st.integers(1, 50), min_size=2, max_size=20
    ).filter(lambda counts: len({label for label, _ in counts}) == 2)
)
def test_exact_auc__any_counts__is_scikit_learns(counts: dict[tuple[int, int], int]) -> None:
    labels, scores = zip(*counts, strict=True)
    expected = roc_auc_score(labels, scores, sample_weight=list(counts.values()))
    assert float(performance.exact_auc(counts)) == pytest.approx(expected, abs=1e-12)
