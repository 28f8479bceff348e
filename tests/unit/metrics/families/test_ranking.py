"""The AUC against scikit-learn on raw scores, and its variance against DeLong's sums over all pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from tribune.metrics import Column, ColumnKind, ModelSpec, Profile, Role, Tally
from tribune.metrics.families.ranking import area, found_area
from tribune.metrics.fixed import exact
from tribune.metrics.statistics.compared import Found
from tribune.metrics.statistics.outcomes import Ranked
from unit.metrics import measured
from unit.metrics.measured import Z, value
from unit.metrics.samples import SPEC as SAMPLE_SPEC
from unit.metrics.samples import Row, count, profile_of, rows

SAMPLE = rows(1500, 4)
SPEC = ModelSpec(
    (
        Column("prediction", ColumnKind.CATEGORY, Role.PREDICTION),
        Column("score", ColumnKind.NUMERIC, Role.SCORE),
        Column("label", ColumnKind.CATEGORY, Role.LABEL),
    ),
    min_group=50,
)
RANKED = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=12).filter(
    lambda cells: min(sum(rows) for rows in zip(*cells, strict=True)) >= 2
)


def table(n: int, seed: int, a: float = 2, b: float = 2) -> dict[str, object]:
    """Raw rows whose scores are true probabilities."""
    dice = np.random.default_rng(seed)
    scores = dice.beta(a, b, n)
    return {
        "prediction": (scores > 0.5).astype(int),
        "score": scores,
        "label": (dice.random(n) < scores).astype(int),
    }


def raw_of(cells: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Scores of the negatives and of the positives, row by row."""
    negatives = [place for place, (rows, _) in enumerate(cells) for _ in range(rows)]
    positives = [place for place, (_, rows) in enumerate(cells) for _ in range(rows)]
    return negatives, positives


def ranked_of(cells: Sequence[tuple[int, int]], times: int = 1) -> Ranked:
    """Rows by cell, each counted several times."""
    others, own = zip(*cells, strict=True)
    return Ranked(tuple(times * rows for rows in others), tuple(times * rows for rows in own))


def delong(negatives: Sequence[int], positives: Sequence[int]) -> tuple[float, float]:
    """The AUC and its variance from the matrix of all pairs (DeLong 1988, as written there)."""
    pairs = np.subtract.outer(np.array(positives), np.array(negatives))
    psi = (pairs > 0) + 0.5 * (pairs == 0)
    of_positives, of_negatives = psi.mean(axis=1), psi.mean(axis=0)
    variance = of_positives.var(ddof=1) / len(positives) + of_negatives.var(ddof=1) / len(negatives)
    return float(psi.mean()), float(variance)


@given(RANKED)
def test_area__any_counts__is_delongs_over_all_pairs(cells: list[tuple[int, int]]) -> None:
    found, variance = area(*zip(*cells, strict=True))
    expected = delong(*raw_of(cells))
    assert float(found) == pytest.approx(expected[0], abs=1e-12)
    assert float(variance) == pytest.approx(expected[1], abs=1e-12)


@given(RANKED)
def test_area__any_counts__is_scikit_learns(cells: list[tuple[int, int]]) -> None:
    negatives, positives = raw_of(cells)
    labels = [0] * len(negatives) + [1] * len(positives)
    found, _ = area(*zip(*cells, strict=True))
    assert float(found) == pytest.approx(roc_auc_score(labels, negatives + positives), abs=1e-12)


def test_auc__scores_that_are_whole_cells__is_scikit_learns() -> None:
    expected = roc_auc_score([int(row.label or 0) for row in SAMPLE], [row.score for row in SAMPLE])
    assert value("performance.auc", profile_of(rows(2000, 1)), count(SAMPLE)).micro == round(expected * 1e6)


@pytest.mark.parametrize(
    ("a", "b", "tolerance"),
    [(2, 2, 1e-5), (0.5, 0.5, 1e-5), (20, 1, 1e-5), (1, 30, 2e-5)],
    ids=["middling", "certain", "mostly positive", "rare events"],
)
def test_auc__raw_scores_counted_by_the_engine__is_close_to_scikit_learns(
    tmp_path: Path, a: float, b: float, tolerance: float
) -> None:
    frame = table(20_000, 2, a, b)
    profile = measured.profile_of(tmp_path, SPEC, table(20_000, 1, a, b))
    found = value("performance.auc", profile, measured.tally_of(tmp_path, profile, frame)).micro or 0
    expected = roc_auc_score(np.asarray(frame["label"]), np.asarray(frame["score"]))
    assert found / 1e6 == pytest.approx(expected, abs=tolerance)


def test_auc__scores_beyond_0_to_1__need_not_be_probabilities(tmp_path: Path) -> None:
    raw = table(20_000, 3)
    odds = {**raw, "score": np.log(np.asarray(raw["score"]) / (1 - np.asarray(raw["score"])))}
    profile = measured.profile_of(tmp_path, SPEC, odds)
    found = value("performance.auc", profile, profile.reference).micro or 0
    expected = roc_auc_score(np.asarray(raw["label"]), np.asarray(raw["score"]))
    assert found / 1e6 == pytest.approx(expected, abs=1e-5)
    reason = "the scores are no probabilities: they go beyond 0 to 1"
    assert value("performance.brier", profile, profile.reference).reason == reason


def test_auc__bounds__are_wilsons_of_as_many_rows_as_vary_alike() -> None:
    cells = [(9, 2), (4, 5), (3, 9)]
    auc, variance = delong(*raw_of(cells))
    found = found_area(ranked_of(cells), "1", 2, "")
    assert isinstance(found, Found)
    assert found.interval is not None
    with exact():
        interval = found.interval(Z)
    z, n = norm.ppf(0.975), auc * (1 - auc) / variance
    for end in (float(interval.lower), float(interval.upper)):
        assert abs(auc - end) == pytest.approx(z * (end * (1 - end) / n) ** 0.5, abs=1e-6)


@given(RANKED, st.integers(100_000, 5_000_000))
def test_auc__bounds__contain_the_value_and_shrink_with_n(cells: list[tuple[int, int]], z: int) -> None:
    widths = []
    for times in (1, 7):
        found = found_area(ranked_of(cells, times), "1", 2, "")
        assert isinstance(found, Found)
        assert found.interval is not None
        with exact():
            interval = found.interval(z)
        assert 0 <= interval.lower <= interval.value <= interval.upper <= 1
        widths.append(interval.upper - interval.lower)
    assert widths[1] < widths[0]


def test_auc_drop__of_the_reference_itself__is_0() -> None:
    profile = profile_of(rows(2000, 1))
    found = value("performance.auc_drop", profile, profile.reference, Z)
    assert (found.micro, found.lower) == (0, -(found.upper or 0))


def test_auc__tallies_of_parts__add_up_to_that_of_the_whole(tmp_path: Path) -> None:
    raw = table(4000, 5)
    profile = measured.profile_of(tmp_path, SPEC, raw)
    parts = [
        measured.tally_of(tmp_path, profile, {name: np.asarray(cells)[piece] for name, cells in raw.items()})
        for piece in (slice(0, 700), slice(700, 4000))
    ]
    whole = sum(parts, Tally.zero(profile.scheme))
    assert value("performance.auc", profile, whole, Z) == value(
        "performance.auc", profile, profile.reference, Z
    )


ROW = Row(30, "a", "1", "1", 0.5, "1")
NO_SCORE = replace(
    SAMPLE_SPEC, columns=tuple(column for column in SAMPLE_SPEC.columns if column.role is not Role.SCORE)
)


@pytest.mark.parametrize(
    ("sample", "reason"),
    [
        ([replace(row, label=None) for row in SAMPLE], "no labels yet"),
        (
            [row for row in SAMPLE if row.label == "1"],
            "only 0 rows with a score and another label than 1, 20 are needed",
        ),
        (
            [row if row.label == "1" or i < 30 else replace(row, label=None) for i, row in enumerate(SAMPLE)],
            "only 13 rows with a score and another label than 1, 20 are needed",
        ),
        ([replace(row, score=None) for row in SAMPLE], "only 0 rows with a label and a score, 10 are needed"),
    ],
)
def test_auc__too_little_to_say__is_not_available_and_says_why(sample: list[Row], reason: str) -> None:
    found = value("performance.auc", profile_of(rows(2000, 1)), count(sample))
    assert (found.micro, found.reason) == (None, reason)


def test_auc__labels_without_a_score__are_named() -> None:
    odd = [*SAMPLE, replace(ROW, score=None), replace(ROW, score=float("nan")), replace(ROW, label="maybe")]
    found = value("performance.auc", profile_of(rows(2000, 1)), count(odd))
    assert found.n == 1500
    assert found.reason == "1 label is neither 0 nor 1; 2 rows with a label but no score"


def test_auc__a_model_without_a_score__says_so() -> None:
    plain = profile_of(rows(100))
    tally = Tally(1, {}, {0: 10})
    bare = Profile(NO_SCORE, {k: v for k, v in plain.binnings.items() if k != "score"}, tally, {})
    for name in ("auc", "brier", "calibration_gap", "accuracy_gap_by_score"):
        found = value(f"performance.{name}", bare, Tally(10, {}, {0: 10}))
        assert found.reason == "the model logs no score"
