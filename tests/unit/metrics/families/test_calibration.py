"""Brier score, calibration and accuracy among like scores, against numpy and scikit-learn on raw rows."""

from __future__ import annotations

from math import hypot, sqrt
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest, norm
from sklearn.metrics import brier_score_loss

from tribune.metrics import Profile, Tally
from unit.metrics import measured
from unit.metrics.families.test_ranking import SPEC, table
from unit.metrics.measured import Z, value
from unit.metrics.samples import count, profile_of, rows

LEVEL = 2 * norm.cdf(Z / 1e6) - 1


def on_lattice(n: int, seed: int, turned: float = 0) -> dict[str, object]:
    """Raw rows whose scores are whole 256ths; the truth of a share of rows is turned round."""
    dice = np.random.default_rng(seed)
    scores = dice.integers(0, 257, n) / 256
    truth = (dice.random(n) < scores) ^ (dice.random(n) < turned)
    return {"prediction": (scores > 0.5).astype(int), "score": scores, "label": truth.astype(int)}


FRAME, REFERENCE = on_lattice(4000, 2, 0.1), on_lattice(6000, 1)
LABELS, SCORES = np.asarray(FRAME["label"], float), np.asarray(FRAME["score"], float)


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    return measured.profile_of(tmp_path_factory.mktemp("profile"), SPEC, REFERENCE)


@pytest.fixture(scope="module")
def tally(tmp_path_factory: pytest.TempPathFactory, profile: Profile) -> Tally:
    return measured.tally_of(tmp_path_factory.mktemp("tally"), profile, FRAME)


def test_brier__scores_on_a_lattice__is_scikit_learns(profile: Profile, tally: Tally) -> None:
    expected = brier_score_loss(LABELS, SCORES)
    assert value("performance.brier", profile, tally).micro == round(expected * 1e6)


def test_brier__any_scores__is_within_2_millionths(tmp_path: Path) -> None:
    raw = table(20_000, 4)
    profile = measured.profile_of(tmp_path, SPEC, raw)
    expected = brier_score_loss(np.asarray(raw["label"]), np.asarray(raw["score"]))
    found = value("performance.brier", profile, profile.reference).micro or 0
    assert found / 1e6 == pytest.approx(expected, abs=2e-6)


def _brier(raw: dict[str, object]) -> tuple[float, float]:
    """Mean and half width of its normal interval."""
    squares = (np.asarray(raw["score"], float) - np.asarray(raw["label"], float)) ** 2
    return float(squares.mean()), Z / 1e6 * float(squares.std(ddof=1)) / sqrt(len(squares))


def test_brier__bounds__are_the_normal_ones_of_a_mean(profile: Profile, tally: Tally) -> None:
    found = value("performance.brier", profile, tally, Z)
    mean, half = _brier(FRAME)
    assert (found.lower, found.upper) == (round((mean - half) * 1e6), round((mean + half) * 1e6))


def test_brier_increase__bounds__square_and_add(profile: Profile, tally: Tally) -> None:
    found = value("performance.brier_increase", profile, tally, Z)
    (now, half), (then, other) = _brier(FRAME), _brier(REFERENCE)
    assert found.micro == round((now - then) * 1e6)
    assert found.lower == round((now - then - hypot(half, other)) * 1e6)


def test_calibration_gap__scores_on_a_lattice__is_the_expected_calibration_error(
    profile: Profile, tally: Tally
) -> None:
    bins = np.minimum((SCORES * 10).astype(int), 9)
    gaps = [
        abs(SCORES[bins == place].mean() - LABELS[bins == place].mean()) * (bins == place).mean()
        for place in range(10)
    ]
    assert value("performance.calibration_gap", profile, tally).micro == round(sum(gaps) * 1e6)


def test_calibration_gap__scores_that_come_true__is_near_0(profile: Profile) -> None:
    assert (value("performance.calibration_gap", profile, profile.reference).micro or 0) < 30_000


def _tenths() -> list[int]:
    """Tenth of each 256th, as the definition cuts them: by the share of the reference below it."""
    scores = np.asarray(REFERENCE["score"], float)
    return [min(9, int((scores * 256 < cell).sum()) * 10 // len(scores)) for cell in range(257)]


def _right(raw: dict[str, object], place: int) -> tuple[int, int]:
    cells = np.rint(np.asarray(raw["score"], float) * 256).astype(int)
    there = np.array(_tenths())[cells] == place
    return int((np.asarray(raw["label"]) == np.asarray(raw["prediction"]))[there].sum()), int(there.sum())


def test_accuracy_gap_by_score__raw_rows__is_the_weighted_fall_by_tenths(
    profile: Profile, tally: Tally
) -> None:
    n = len(LABELS)
    fall = down = 0.0
    for place in range(10):
        (right, rows_then), (hits, rows_now) = _right(REFERENCE, place), _right(FRAME, place)
        then = binomtest(right, rows_then).proportion_ci(LEVEL, method="wilson")
        now = binomtest(hits, rows_now).proportion_ci(LEVEL, method="wilson")
        fall += rows_now / n * (right / rows_then - hits / rows_now)
        down += (rows_now / n) ** 2 * (
            (right / rows_then - then.low) ** 2 + (now.high - hits / rows_now) ** 2
        )
    found = value("performance.accuracy_gap_by_score", profile, tally, Z)
    assert (found.micro, found.n) == (round(fall * 1e6), n)
    assert found.lower == round((fall - sqrt(down)) * 1e6)
    assert found.lower > 40_000  # a tenth of the truth was turned round


def test_accuracy_gap_by_score__other_cases_of_the_same_truth__is_near_0(
    tmp_path: Path, profile: Profile
) -> None:
    """Harder cases lower accuracy, but not among like scores."""
    raw = on_lattice(20_000, 3)
    hard = np.abs(np.asarray(raw["score"], float) - 0.5) < 0.3
    frame = {name: np.asarray(cells)[hard] for name, cells in raw.items()}
    tally = measured.tally_of(tmp_path, profile, frame)
    assert (value("performance.accuracy_drop", profile, tally, Z).lower or 0) > 50_000
    assert (value("performance.accuracy_gap_by_score", profile, tally, Z).lower or 0) < 0


def test_accuracy_gap_by_score__small_tenths__are_left_out_and_counted() -> None:
    profile = profile_of(rows(2000, 1))
    tally = count([row for row in rows(2000, 3) if (row.score or 0) < 0.45])
    found = value("performance.accuracy_gap_by_score", profile, tally)
    assert found.reason == "5 of 10 ranges of scores have enough rows"
    few = value("performance.accuracy_gap_by_score", profile, count(rows(30, 3)))
    assert few.reason == "no tenth of the scores has 20 rows with a label, here and in the profile"


def test_accuracy_gap_by_score__of_the_reference_itself__is_0(profile: Profile) -> None:
    found = value("performance.accuracy_gap_by_score", profile, profile.reference, Z)
    assert found.micro == 0
    assert found.lower == -(found.upper or 0)
