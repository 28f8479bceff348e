"""Estimated performance against the definition on raw rows, calibrated by scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import roc_auc_score

from tribune.exceptions import PolicyError
from tribune.metrics import Policy, Profile, Rule, Severity, Tally, evaluate
from tribune.metrics.families.estimated import ONE, calibration, isotonic
from tribune.metrics.measure import measure
from unit.metrics.samples import Row, count, profile_of, rows

REFERENCE, NOW = rows(3000, 1), rows(1500, 4)
NAMES = [f"estimated.{name}" for name in ("accuracy", "precision", "recall", "f1", "auc")]


def chances_of(reference: Sequence[Row], now: Sequence[Row]) -> NDArray[np.float64]:
    """Calibrated probability of each row's label being positive."""
    regression = IsotonicRegression(out_of_bounds="clip")
    regression.fit([r.score for r in reference], [int(r.label or 0) for r in reference])
    return np.asarray(regression.predict([r.score for r in now]))


def expected_of(reference: Sequence[Row], now: Sequence[Row]) -> list[float]:
    """Accuracy, precision, recall, F1 and AUC of the expected confusion matrix."""
    chances = chances_of(reference, now)
    said = np.array([int(r.prediction or 0) for r in now])
    tp, fp = (chances * said).sum(), ((1 - chances) * said).sum()
    fn, tn = (chances * (1 - said)).sum(), ((1 - chances) * (1 - said)).sum()
    auc = roc_auc_score(
        [1] * len(now) + [0] * len(now), [r.score for r in now] * 2, sample_weight=[*chances, *(1 - chances)]
    )
    return [
        (tp + tn) / (tp + tn + fp + fn),
        tp / (tp + fp),
        tp / (tp + fn),
        2 * tp / (2 * tp + fp + fn),
        float(auc),
    ]


@pytest.fixture(scope="module")
def profile() -> Profile:
    return profile_of(REFERENCE)


@pytest.fixture(scope="module")
def tally() -> Tally:
    return count(NOW)


def test_estimated__raw_rows__is_the_expected_confusion_matrix(profile: Profile, tally: Tally) -> None:
    values = evaluate(NAMES, profile, tally, None, {})
    assert [values[name].micro for name in NAMES] == pytest.approx(
        [value * 1e6 for value in expected_of(REFERENCE, NOW)], abs=1
    )


def test_estimated__scores_that_the_reference_lacks__are_between_their_neighbours(tally: Tally) -> None:
    gappy = [row for row in REFERENCE if 0.2 < (row.score or 0) < 0.4 or 0.6 < (row.score or 0) < 0.9]
    values = evaluate(NAMES, profile_of(gappy), tally, None, {})
    assert [values[name].micro for name in NAMES] == pytest.approx(
        [value * 1e6 for value in expected_of(gappy, NOW)], abs=1
    )


def test_estimated__labels_gone__is_the_same(profile: Profile, tally: Tally) -> None:
    bare = count([replace(row, label=None) for row in NOW])
    assert evaluate(NAMES, profile, bare, None, {}) == evaluate(NAMES, profile, tally, None, {})


def test_accuracy_gap__raw_rows__is_estimated_less_realised(profile: Profile, tally: Tally) -> None:
    estimated = expected_of(REFERENCE, NOW)[0]
    realised = np.mean([row.prediction == row.label for row in NOW])
    value = evaluate(["estimated.accuracy_gap"], profile, tally, tally, {})["estimated.accuracy_gap"]
    assert value.micro == pytest.approx(abs(estimated - realised) * 1e6, abs=1)


def test_accuracy_gap__labels_turned_round__is_large(profile: Profile) -> None:
    turned = count([replace(row, label="0" if row.label == "1" else "1") for row in NOW])
    value = evaluate(["estimated.accuracy_gap"], profile, turned, turned, {})["estimated.accuracy_gap"]
    assert (value.micro or 0) > 200_000


@given(
    st.dictionaries(
        st.integers(0, 40),
        st.integers(1, 30).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
        min_size=1,
    )
)
def test_isotonic__any_counts__is_scikit_learns(counts: dict[int, tuple[int, int]]) -> None:
    places = sorted(counts)
    shares = [counts[place][0] / counts[place][1] for place in places]
    fitted = IsotonicRegression().fit_transform(places, shares, sample_weight=[counts[p][1] for p in places])
    assert [float(share) for share in isotonic(counts).values()] == pytest.approx(list(fitted), abs=1e-9)


def test_isotonic__equal_neighbours__share_their_rows() -> None:
    assert isotonic({0: (1, 2), 1: (0, 1), 5: (1, 1)}) == {0: Fraction(1, 3), 1: Fraction(1, 3), 5: 1}


def test_calibration__score_cells__never_falls(profile: Profile) -> None:
    chances = calibration(profile)
    assert chances is not None
    assert len(chances) == profile.scheme.outcomes.score_cells - 1
    assert chances == sorted(chances)
    assert 0 <= chances[0] <= chances[-1] <= ONE


def test_estimated__profile_without_labels__says_so(tally: Tally) -> None:
    bare = profile_of([replace(row, label=None) for row in REFERENCE])
    value = evaluate(NAMES, bare, tally, tally, {})["estimated.accuracy"]
    assert (value.micro, value.reason) == (None, "the profile has no labelled scores")


def test_estimated__rows_without_a_score__are_named(profile: Profile, tally: Tally) -> None:
    odd = count([Row(30, "a", "1", "1", None), Row(30, "a", "1", None, 0.5)])
    value = evaluate(NAMES, profile, tally + odd, None, {})["estimated.accuracy"]
    assert (value.n, value.reason) == (1500, "2 rows without a score or an answer are left out")


def test_estimated__too_few_scores__says_how_many(profile: Profile) -> None:
    few = count([replace(row, score=None) if place > 8 else row for place, row in enumerate(NOW)])
    value = evaluate(NAMES, profile, few, None, {})["estimated.f1"]
    assert (value.micro, value.reason) == (None, "only 9 rows with a score, 10 are needed")


def test_rule__on_an_estimate__may_only_warn() -> None:
    with pytest.raises(PolicyError, match="estimate"):
        Rule("estimated.accuracy", "<", 500_000, Severity.VOTE)


@pytest.mark.parametrize(
    "metric", ["drift.effect.lower.max", "quality.invalid_rate_increase.lower/age", "drift.psi/age"]
)
def test_measure__a_rule_on_inputs_is_hit__withdraws_estimates(profile: Profile, metric: str) -> None:
    z = 2_000_000 if "lower" in metric else 0
    policy = Policy(
        (
            Rule(metric, ">", 100_000, Severity.WARN, 2, 3, z=z),
            Rule("estimated.accuracy", "<", 500_000, Severity.WARN),
        )
    )
    aged = [replace(row, age=(row.age or 0) + (90 if place % 2 else 0)) for place, row in enumerate(NOW)]
    tally = count(aged)
    values = measure(policy, profile, tally, tally)
    assert values["estimated.accuracy"].micro is None
    assert (
        values["estimated.auc"].reason
        == f"not estimated, since the inputs changed: {metric} is beyond its limit"
    )
    assert values["estimated.accuracy_gap"].micro is None
    assert values["performance.accuracy"].micro is not None


def test_measure__inputs_as_before__keeps_estimates(profile: Profile, tally: Tally) -> None:
    policy = Policy((Rule("drift.effect.lower.max", ">", 100_000, Severity.WARN, z=2_000_000),))
    assert measure(policy, profile, tally, tally)["estimated.accuracy"].micro is not None
