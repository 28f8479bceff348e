"""Estimated performance (CBPE): how often the model is probably right, before labels come.

Each score cell's share of positives is learned from the profile's labelled rows by isotonic regression; this
frame's rows then make an expected confusion matrix (Kivimäki et al. 2024; NannyML's definition). That holds
as long as scores still mean what they meant, so it is an estimate and no observation: rules on it may only
warn, it never says that a model is healthy, and `tribune.metrics.measure` withdraws it in a frame whose
inputs drifted. Refuses models without a score and profiles without labels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from tribune.metrics.fixed import MICRO, micro
from tribune.metrics.scheme import (
    LABEL_NEGATIVE,
    LABEL_POSITIVE,
    PREDICTION_INVALID,
    PREDICTION_NEGATIVE,
    PREDICTION_POSITIVE,
)
from tribune.metrics.spec import Task
from tribune.metrics.statistics.outcomes import by_answer, by_score
from tribune.metrics.value import Metric, Value, unavailable, unlabelled
from tribune.wording import too_few

if TYPE_CHECKING:
    from tribune.metrics.profile import Profile
    from tribune.metrics.tally import Tally

ONE = 10**12
"""Calibrated probabilities are integers in 1e-12, rounded once: far below a millionth of any value."""


def isotonic(counts: Mapping[int, tuple[int, int]]) -> dict[int, Fraction]:
    """Return the rising shares that fit counts best, by pool-adjacent-violators (Ayer et al. 1955).

    Args:
        counts: (positives, rows) by place, rows above 0.
    """
    pools: list[tuple[int, int, list[int]]] = []
    for place in sorted(counts):
        positives, rows, places = *counts[place], [place]
        while pools and pools[-1][0] * rows >= positives * pools[-1][1]:
            before, more, earlier = pools.pop()
            positives, rows, places = before + positives, more + rows, earlier + places
        pools.append((positives, rows, places))
    return {place: Fraction(positives, rows) for positives, rows, places in pools for place in places}


def calibration(profile: Profile) -> list[int] | None:
    """Return the probability of a positive label per score cell, in 1e-12; None without labelled scores.

    Between cells that the reference has rows in it is linear, beyond them constant.
    """
    cells = profile.scheme.outcomes.score_cells - 1
    counts = [(0, 0)] * cells
    for (label, cell), rows in by_score(profile, profile.reference).items():
        if label in (LABEL_NEGATIVE, LABEL_POSITIVE) and cell < cells:
            positives, n = counts[cell]
            counts[cell] = (positives + rows * (label == LABEL_POSITIVE), n + rows)
    shares = isotonic({cell: pair for cell, pair in enumerate(counts) if pair[1]})
    if not shares:
        return None
    known = sorted(shares)
    result = [round(shares[known[0]] * ONE)] * (known[0] + 1)
    for left, right in pairwise(known):
        step = (shares[right] - shares[left]) / (right - left)
        result += [round((shares[left] + step * (cell - left)) * ONE) for cell in range(left + 1, right + 1)]
    return result + result[-1:] * (cells - len(result))


Rows = Mapping[tuple[int, int], int]
"""Rows per (prediction, score cell) that have both."""
Ratio = tuple[int, int]
"""Numerator and denominator of an estimate, 0 where there is nothing to estimate."""


def confusion(rows: Rows, chances: list[int]) -> tuple[int, int, int, int]:
    """Return the expected true and false positives, true and false negatives, in 1e-12 of a row."""
    mass = {PREDICTION_NEGATIVE: [0, 0], PREDICTION_POSITIVE: [0, 0]}
    for (said, cell), n in rows.items():
        mass[said][0] += n * (ONE - chances[cell])
        mass[said][1] += n * chances[cell]
    (tn, fn), (fp, tp) = mass[PREDICTION_NEGATIVE], mass[PREDICTION_POSITIVE]
    return tp, fp, tn, fn


def accuracy(rows: Rows, chances: list[int]) -> Ratio:
    """Estimate the share of right answers: 0 none, 1 all."""
    tp, fp, tn, fn = confusion(rows, chances)
    return tp + tn, tp + fp + tn + fn


def precision(rows: Rows, chances: list[int]) -> Ratio:
    """Estimate the share of positive answers that are right: 0 none, 1 all."""
    tp, fp, _, _ = confusion(rows, chances)
    return tp, tp + fp


def recall(rows: Rows, chances: list[int]) -> Ratio:
    """Estimate the share of positives that are found: 0 none, 1 all."""
    tp, _, _, fn = confusion(rows, chances)
    return tp, tp + fn


def f1(rows: Rows, chances: list[int]) -> Ratio:
    """Estimate the harmonic mean of precision and recall: 0 worst, 1 best."""
    tp, fp, _, fn = confusion(rows, chances)
    return 2 * tp, 2 * tp + fp + fn


def auc(rows: Rows, chances: list[int]) -> Ratio:
    """Estimate the area under the ROC curve: 0.5 no better than chance, 1 perfect order."""
    below = twice = positives = 0
    for cell, chance in enumerate(chances):
        n = sum(rows.get((said, cell), 0) for said in (PREDICTION_NEGATIVE, PREDICTION_POSITIVE))
        twice += n * chance * (2 * below + n * (ONE - chance))
        positives += n * chance
        below += n * (ONE - chance)
    return twice, 2 * positives * below


def _estimate(ratio: Callable[[Rows, list[int]], Ratio]) -> Callable[..., Value]:
    """Return the metric of a ratio."""

    def measure(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
        rows = _rows(profile, tally)
        chances = _chances(profile, rows)
        if isinstance(chances, Value):
            return chances
        part, whole = ratio(rows, chances)
        n = sum(rows.values())
        if not whole:
            return unavailable("none of the rows that it is about are expected", n)
        out = tally.rows - n
        note = f"{out} rows without a score or an answer are left out" if out else ""
        return Value(micro(Fraction(part, whole)), n, reason=note)

    return measure


def accuracy_gap(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
    """Measure how far the estimate was off: |estimated − realised accuracy| of labelled rows, 0 exact."""
    by_label = [_rows(profile, tally, label) for label in (LABEL_NEGATIVE, LABEL_POSITIVE)]
    rows = {key: sum(part.get(key, 0) for part in by_label) for key in {*by_label[0], *by_label[1]}}
    if not rows and profile.spec.score:
        return unlabelled(profile)
    chances = _chances(profile, rows)
    if isinstance(chances, Value):
        return chances
    answers = (PREDICTION_NEGATIVE, PREDICTION_POSITIVE)
    right = sum(
        n
        for part, answer in zip(by_label, answers, strict=True)
        for (said, _), n in part.items()
        if said == answer
    )
    estimated = Fraction(*accuracy(rows, chances))
    n = sum(rows.values())
    return Value(micro(abs(estimated - Fraction(right, n))), n)


def _rows(profile: Profile, tally: Tally, label: int | None = None) -> dict[tuple[int, int], int]:
    """Return rows per (prediction, score cell) that have both, of one label where one is given."""
    unusable = profile.scheme.outcomes.score_cells - 1
    rows: dict[tuple[int, int], int] = {}
    for (known, said, cell), n in by_answer(profile, tally).items():
        if said != PREDICTION_INVALID and cell != unusable and label in (None, known):
            rows[said, cell] = rows.get((said, cell), 0) + n
    return rows


def _chances(profile: Profile, rows: Rows) -> list[int] | Value:
    """Return the calibration, or why nothing can be estimated of these rows."""
    if profile.spec.score is None:
        return unavailable("the model logs no score")
    n = sum(rows.values())
    if n < profile.spec.min_rows:
        return unavailable(too_few(n, profile.spec.min_rows, "with a score"), n)
    return calibration(profile) or unavailable("the profile has no labelled scores", n)


_ASSUMES = "assuming that scores still mean what they meant"


def _metric(
    name: str, measure: Callable[..., Value], words: str, *, percent: bool = True, labels: bool = False
) -> Metric:
    return Metric(
        f"estimated.{name}",
        0,
        MICRO,
        measure,
        None,
        words,
        tasks=frozenset({Task.BINARY}),
        labels=labels,
        percent=percent,
        warn_only=True,
    )


METRICS = (
    _metric("accuracy", _estimate(accuracy), f"the estimated share of right answers ({_ASSUMES})"),
    _metric("precision", _estimate(precision), f"the estimated precision ({_ASSUMES})"),
    _metric("recall", _estimate(recall), f"the estimated recall ({_ASSUMES})"),
    _metric("f1", _estimate(f1), f"the estimated F1 score ({_ASSUMES})", percent=False),
    _metric("auc", _estimate(auc), f"the estimated AUC ({_ASSUMES})", percent=False),
    _metric(
        "accuracy_gap",
        accuracy_gap,
        "how far the estimated share of right answers was from the true one",
        labels=True,
    ),
)
"""Definitions of this family."""
