"""Performance: how often the model was right, on rows whose label has come in.

Refuses to count a row without a label, or with a label or prediction that is neither value; says how many.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from tribune.metrics.binning import LABEL_INVALID, LABEL_NEGATIVE, LABEL_POSITIVE, PREDICTION_INVALID
from tribune.metrics.fixed import MICRO, exact, micro
from tribune.metrics.intervals import newcombe, wilson
from tribune.metrics.outcomes import Confusion, by_score, confusion
from tribune.metrics.spec import Task
from tribune.metrics.value import Metric, Value, unavailable

if TYPE_CHECKING:
    from tribune.metrics.profile import Profile
    from tribune.metrics.tally import Tally

_KNOWN = (LABEL_NEGATIVE, LABEL_POSITIVE)


def right_of(profile: Profile, tally: Tally) -> tuple[int, int]:
    """Return (rows predicted right, rows with a label and a prediction)."""
    counts = _judged(confusion(profile, tally))
    return sum(count for (label, said), count in counts.items() if label == said), sum(counts.values())


def _judged(counts: Confusion) -> dict[tuple[int, int], int]:
    return {k: count for k, count in counts.items() if k[0] in _KNOWN and k[1] != PREDICTION_INVALID}


def _too_few(profile: Profile, tally: Tally, n: int) -> Value | None:
    if n == 0:
        return unavailable("no labels yet")
    if n < profile.spec.min_rows:
        return unavailable(f"only {n} rows have a label, {profile.spec.min_rows} are needed", n)
    return None


def _note(profile: Profile, tally: Tally) -> str:
    """Say which labelled rows could not be judged."""
    counts = confusion(profile, tally)
    wrong = sum(count for (label, _), count in counts.items() if label == LABEL_INVALID)
    unsaid = sum(count for (_, said), count in counts.items() if said == PREDICTION_INVALID)
    words = f"{profile.spec.negative} nor {profile.spec.positive}"
    notes = [f"{wrong} labels are neither {words}"] if wrong else []
    if unsaid:
        notes.append(f"{unsaid} predictions are neither {words}")
    return "; ".join(notes)


def accuracy(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
    """Measure the share of labelled rows predicted right: 0 none, 1 all. Wilson bounds."""
    right, n = right_of(profile, tally)
    few = _too_few(profile, tally, n)
    if few:
        return few
    value = micro(Fraction(right, n))
    if z is None:
        return Value(value, n, reason=_note(profile, tally))
    with exact():
        low, high = wilson(right, n, z)
        return Value(value, n, micro(low), micro(high), reason=_note(profile, tally))


def accuracy_drop(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
    """Measure the reference's accuracy less this one's: 0 as good, 0.1 ten points worse. Newcombe bounds."""
    right, n = right_of(profile, tally)
    before, m = right_of(profile, profile.reference)
    if m == 0:
        return unavailable("the profile has no labels", n)
    few = _too_few(profile, tally, n)
    if few:
        return few
    value = micro(Fraction(before, m) - Fraction(right, n))
    if z is None:
        return Value(value, n, reason=_note(profile, tally))
    with exact():
        low, high = newcombe(before, m, right, n, z)
        return Value(value, n, micro(low), micro(high), reason=_note(profile, tally))


def auc(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
    """Measure the area under the ROC curve on score cells: 0.5 no better than chance, 1 perfect order."""
    if profile.spec.score is None:
        return unavailable("the model logs no score")
    none = profile.scheme.outcomes.score_cells - 1
    counts = {k: n for k, n in by_score(profile, tally).items() if k[0] in _KNOWN and k[1] != none}
    n = sum(counts.values())
    few = _too_few(profile, tally, n)
    if few:
        return few
    if len({label for label, _ in counts}) < 2:
        return unavailable("all labels are the same", n)
    return Value(micro(exact_auc(counts)), n, reason=_note(profile, tally))


def exact_auc(counts: dict[tuple[int, int], int]) -> Fraction:
    """Return the AUC of (label, score cell) counts as a rational: Mann-Whitney with ties as a half."""
    below = twice = 0
    for score in sorted({score for _, score in counts}):
        negative = counts.get((LABEL_NEGATIVE, score), 0)
        twice += counts.get((LABEL_POSITIVE, score), 0) * (2 * below + negative)
        below += negative
    positives = sum(count for (label, _), count in counts.items() if label == LABEL_POSITIVE)
    return Fraction(twice, 2 * positives * below)


_TASKS = frozenset({Task.BINARY})
METRICS = (
    Metric(
        "performance.accuracy",
        0,
        MICRO,
        accuracy,
        None,
        "the share of right answers",
        True,
        labels=True,
        tasks=_TASKS,
    ),
    Metric("performance.auc", 0, MICRO, auc, None, "the AUC", labels=True, percent=False, tasks=_TASKS),
    Metric(
        "performance.accuracy_drop",
        -MICRO,
        MICRO,
        accuracy_drop,
        None,
        "the fall in right answers against the profile",
        True,
        labels=True,
        tasks=_TASKS,
    ),
)
"""Definitions of this family."""
