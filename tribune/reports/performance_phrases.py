"""Phrases about how right a model was: in how many answers of how many, now and when it was tested.

A share is told with its counts, which follow from the document's value and the rows behind it. What is no
share of rows (an F1 score, an AUC, a mean of classes or errors) is told as it is, with the right answers
beside it where there are any. Refuses to tell a value that the document or the reference does not hold.
"""

from __future__ import annotations

from tribune.metrics.fixed import MICRO
from tribune.metrics.registry import METRICS
from tribune.metrics.value import MetricName
from tribune.metrics.words import amount, describe_metric
from tribune.reports.counts import Counts, Rate
from tribune.reports.phrase import Noun, Phrase, of_100

_TESTED = "when it was tested"
_SHARES = {
    "accuracy": "It was right in {now} decisions whose outcome is known ({counts}){then}.",
    "precision": 'When it said "{outcome}" it was right in {now} decisions ({counts}){then}.',
    "recall": 'It found {now} of those whose outcome was "{outcome}" ({counts}){then}.',
    "specificity": 'Of those whose outcome was not "{outcome}", it said so of {now} ({counts}){then}.',
}
_FAULTS = {
    "accuracy": ("is wrong too often", "is wrong more often than {tested}"),
    "precision": (
        'is wrong too often when it says "{outcome}"',
        'is wrong more often than {tested} when it says "{outcome}"',
    ),
    "recall": ('overlooks "{outcome}" too often', 'overlooks "{outcome}" more often than {tested}'),
    "specificity": (
        'says "{outcome}" too often where it is not so',
        'says "{outcome}" where it is not so more often than {tested}',
    ),
    "f1": ('is wrong too often about "{outcome}"', 'is wrong about "{outcome}" more often than {tested}'),
    "auc": ("tells cases apart worse than your rule allows", "tells cases apart worse than {tested}"),
    "brier": ("gives scores that come true too seldom", "gives scores that come true less than {tested}"),
    "calibration_gap": ("gives scores that come true too seldom", ""),
    "accuracy_gap_by_score": ("", "is wrong more often than {tested} where its scores are alike"),
}
"""What a measure beyond its limit says of the model, and what its change says."""
_ERRORS = ("is further from the truth than your rule allows", "is further from the truth than {tested}")
_OTHERS = ("is wrong too often", "does worse than {tested}")
_NOUNS = {
    "accuracy": "share of right answers",
    "f1": "F1 score",
    "auc": "AUC",
    "mcc": "correlation",
    "brier": "Brier score",
    "mae": "mean error",
    "rmse": "RMSE",
    "r2": "R²",
}


def describe_answers(parts: MetricName, target: str, counts: Counts) -> Phrase | None:
    """Return how right a model was in words, of a metric of performance; None where nobody can say.

    Args:
        parts: the metric.
        target: the class that it is about; empty: the model as a whole.
        counts: of the frame and the reference.
    """
    base = parts.base.removesuffix("_drop").removesuffix("_increase")
    measure = base.removeprefix("performance.").removeprefix("class_").removeprefix("macro_")
    changed = base != parts.base or measure.endswith("_by_score")
    finding = _finding(base, measure, target, counts)
    if finding is None:
        return None
    said = {"outcome": _outcome(counts, target), "tested": _TESTED}
    alike = _ERRORS if measure in ("mae", "rmse", "bias", "r2") else _OTHERS
    known = alike if ".macro_" in base else _FAULTS.get(measure, alike)
    return Phrase((known[changed] or alike[changed]).format(**said), finding, noun_of(parts))


def noun_of(parts: MetricName) -> Noun:
    """Return what a limit on a metric of performance is on."""
    percent = METRICS[parts.base].percent
    if parts.base.endswith(("_drop", "_by_score")):
        return Noun("fall", percent)
    if parts.base.endswith("_increase"):
        return Noun("rise", percent)
    measure = parts.base.removeprefix("performance.").removeprefix("class_").removeprefix("macro_")
    return Noun(_NOUNS.get(measure, "share" if measure in _SHARES else "value"), percent)


def describe_value(name: str, counts: Counts) -> str | None:
    """Return a value now and when the model was tested, in a sentence; None where the document has none."""
    now, then = counts.measured(name)
    if now is None:
        return None
    words = describe_metric(name, counts.profile.spec)
    before = f"; {_TESTED}, {amount(name, then[0])}" if then is not None else ""
    return f"{words[:1].upper()}{words[1:]} was {amount(name, now[0])}{before}."


def _finding(base: str, measure: str, target: str, counts: Counts) -> str | None:
    name = f"{base}/{target}" if target else base
    if measure in _SHARES and ".macro_" not in base:
        return _share(name, measure, target, counts)
    told = describe_value(name, counts)
    right = _share("performance.accuracy", "accuracy", "", counts) if told else None
    return " ".join(text for text in (told, right) if text) or None


def _share(name: str, measure: str, target: str, counts: Counts) -> str | None:
    """Return a share of rows with its counts; None where the document does not have it."""
    now, then = (_rate(value) for value in counts.measured(name))
    if now is None or not now[1]:
        return None
    before = f"; {_TESTED}, {'of' if measure == 'specificity' else 'in'} {of_100(then)}" if then else ""
    if measure == "recall":
        before = f"; {_TESTED}, {of_100(then)}" if then else ""
    hits, rows = now
    return _SHARES[measure].format(
        outcome=_outcome(counts, target), now=of_100(now), counts=f"{hits:,} of {rows:,}", then=before
    )


def _rate(value: Rate | None) -> Rate | None:
    """Return (rows that …, rows) of (a share in millionths, rows): what the share was rounded from."""
    return None if value is None else (round(value[0] * value[1] / MICRO), value[1])


def _outcome(counts: Counts, target: str) -> str:
    return counts.profile.spec.prediction.value_title(target) if target else counts.outcome()
