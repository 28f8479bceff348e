"""Performance of classifiers: how often the answer was right, on rows whose label has come in.

Shares have Wilson's bounds, their falls against the profile Newcombe's. Refuses to count a row without a
label, or with a label or prediction that is no outcome of the model; says how many. A share needs `min_group`
rows below its line, and everything `min_rows` rows with a label.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from tribune.metrics.fixed import MICRO, exact
from tribune.metrics.spec import Task
from tribune.metrics.statistics.answers import Answers, enough, found_of, left_out, mean_found
from tribune.metrics.statistics.compared import Finder, Found, both, plain
from tribune.metrics.statistics.intervals import share
from tribune.metrics.statistics.outcomes import sums
from tribune.metrics.value import Metric, Value, unavailable

if TYPE_CHECKING:
    from tribune.metrics.profile import Profile
    from tribune.metrics.tally import Tally


def right_of(profile: Profile, tally: Tally) -> tuple[int, int]:
    """Return (rows predicted right, rows with a label and a prediction); (0, 0) for no classifier."""
    judged = sums(profile, tally).judged
    return sum(judged.right), judged.n


def accuracy(profile: Profile, tally: Tally, target: str) -> Found | Value:
    """Find the share of labelled rows predicted right: 0 none, 1 all."""
    judged = enough(profile, tally)
    if isinstance(judged, Value):
        return judged
    right, n = sum(judged.right), judged.n
    return Found(Fraction(right, n), n, lambda z: share(right, n, z), left_out(profile, judged))


def mcc(profile: Profile, tally: Tally, target: str) -> Found | Value:
    """Find Matthews' correlation of labels and predictions: 0 like chance, 1 all right, −1 all wrong.

    For more than two classes Gorodkin's R_K (2004), as in scikit-learn.
    """
    judged = enough(profile, tally)
    if isinstance(judged, Value):
        return judged
    n = judged.n
    labels = n * n - sum(rows * rows for rows in judged.labelled)
    answers = n * n - sum(rows * rows for rows in judged.predicted)
    if not labels or not answers:
        return unavailable(f"all {'predictions' if labels else 'labels'} are the same", n)
    pairs = zip(judged.labelled, judged.predicted, strict=True)
    shared = sum(judged.right) * n - sum(rows * said for rows, said in pairs)
    with exact():
        return Found(shared / Decimal(labels * answers).sqrt(), n, note=left_out(profile, judged))


def _positive(find: Callable[[Answers], Found | Value]) -> Finder:
    """Return how to find what `find` does for the positive outcome."""
    return lambda profile, tally, target: found_of(
        find, profile, tally, profile.spec.positive, profile.spec.min_group
    )


precision = _positive(Answers.precision)
recall = _positive(Answers.recall)
specificity = _positive(Answers.specificity)
f1 = _positive(Answers.f1)


def balanced_accuracy(profile: Profile, tally: Tally, target: str) -> Found | Value:
    """Find the mean of recall and specificity: 0.5 no better than chance, 1 all right.

    The two are of different rows, so their distances are squared and added.
    """
    found, true = recall(profile, tally, target), specificity(profile, tally, target)
    if isinstance(found, Value):
        return found
    if isinstance(true, Value):
        return true
    return mean_found([found, true], found.n + true.n, independent=True)


_BINARY, _CLASSIFIERS = frozenset({Task.BINARY}), frozenset({Task.BINARY, Task.MULTICLASS})
METRICS = (
    *both("accuracy", accuracy, "the share of right answers", "right answers", _CLASSIFIERS),
    *both(
        "precision",
        precision,
        "the share of positive answers that are right (precision)",
        "right ones among positive answers",
        _BINARY,
    ),
    *both("recall", recall, "the share of positive cases found (recall)", "positive cases found", _BINARY),
    *both(
        "specificity",
        specificity,
        "the share of negative cases found (specificity)",
        "negative cases found",
        _BINARY,
    ),
    *both("f1", f1, "the F1 score", "the F1 score", _BINARY, percent=False),
    *both(
        "balanced_accuracy",
        balanced_accuracy,
        "the mean share of positive and negative cases found",
        "the mean share of cases found",
        _BINARY,
    ),
    Metric(
        "performance.mcc",
        -MICRO,
        MICRO,
        plain(mcc),
        None,
        "the correlation of answers and outcomes (Matthews)",
        labels=True,
        percent=False,
        tasks=_CLASSIFIERS,
    ),
)
"""Definitions of this family that need nothing but answers."""
