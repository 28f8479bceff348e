"""Phrases about how right a model was: in how many answers of how many, now and when it was tested.

A share is told with its counts, which follow from the document's value and the rows behind it. What is no
share of rows (an F1 score, an AUC, a mean of classes or errors) is told as it is, with the right answers
beside it where there are any. Refuses to tell a value that the document or the reference does not hold.
"""

from __future__ import annotations

from tribune.language import _, marked, number
from tribune.metrics.fixed import MICRO
from tribune.metrics.policies.words import amount, describe_metric
from tribune.metrics.registry import METRICS
from tribune.metrics.value import MetricName
from tribune.reports.counts import Counts, Rate
from tribune.reports.phrase import Noun, Phrase, of_100

_SHARES = {
    "accuracy": (
        marked("It was right in {now} decisions whose outcome is known ({hits} of {rows})."),
        marked(
            "It was right in {now} decisions whose outcome is known ({hits} of {rows}); "
            "when it was tested, in {then}."
        ),
    ),
    "precision": (
        marked('When it said "{outcome}" it was right in {now} decisions ({hits} of {rows}).'),
        marked(
            'When it said "{outcome}" it was right in {now} decisions ({hits} of {rows}); '
            "when it was tested, in {then}."
        ),
    ),
    "recall": (
        marked('It found {now} of those whose outcome was "{outcome}" ({hits} of {rows}).'),
        marked(
            'It found {now} of those whose outcome was "{outcome}" ({hits} of {rows}); when it was tested, '
            "{then}."
        ),
    ),
    "specificity": (
        marked('Of those whose outcome was not "{outcome}", it said so of {now} ({hits} of {rows}).'),
        marked(
            'Of those whose outcome was not "{outcome}", it said so of {now} ({hits} of {rows}); when it was '
            "tested, of {then}."
        ),
    ),
}
"""A share of rows now, and beside what it was when the model was tested."""
_FAULTS = {
    "accuracy": (marked("is wrong too often"), marked("is wrong more often than when it was tested")),
    "precision": (
        marked('is wrong too often when it says "{outcome}"'),
        marked('is wrong more often than when it was tested when it says "{outcome}"'),
    ),
    "recall": (
        marked('overlooks "{outcome}" too often'),
        marked('overlooks "{outcome}" more often than when it was tested'),
    ),
    "specificity": (
        marked('says "{outcome}" too often where it is not so'),
        marked('says "{outcome}" where it is not so more often than when it was tested'),
    ),
    "f1": (
        marked('is wrong too often about "{outcome}"'),
        marked('is wrong about "{outcome}" more often than when it was tested'),
    ),
    "auc": (
        marked("tells cases apart worse than your rule allows"),
        marked("tells cases apart worse than when it was tested"),
    ),
    "brier": (
        marked("gives scores that come true too seldom"),
        marked("gives scores that come true less than when it was tested"),
    ),
    "calibration_gap": (marked("gives scores that come true too seldom"), ""),
    "accuracy_gap_by_score": (
        "",
        marked("is wrong more often than when it was tested where its scores are alike"),
    ),
}
"""What a measure beyond its limit says of the model, and what its change says."""
_ERRORS = (
    marked("is further from the truth than your rule allows"),
    marked("is further from the truth than when it was tested"),
)
_OTHERS = (marked("is wrong too often"), marked("does worse than when it was tested"))
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
    alike = _ERRORS if measure in ("mae", "rmse", "bias", "r2") else _OTHERS
    known = alike if ".macro_" in base else _FAULTS.get(measure, alike)
    fault = _(known[changed] or alike[changed]).format(outcome=_outcome(counts, target))
    return Phrase(fault, finding, noun_of(parts))


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
    text = _("{what} was {now}.") if then is None else _("{what} was {now}; when it was tested, {then}.")
    return text.format(
        what=f"{words[:1].upper()}{words[1:]}",
        now=amount(name, now[0]),
        then="" if then is None else amount(name, then[0]),
    )


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
    hits, rows = now
    alone, beside = _SHARES[measure]
    return _(beside if then else alone).format(
        outcome=_outcome(counts, target),
        now=of_100(now),
        hits=number(hits),
        rows=number(rows),
        then=of_100(then) if then else "",
    )


def _rate(value: Rate | None) -> Rate | None:
    """Return (rows that …, rows) of (a share in millionths, rows): what the share was rounded from."""
    return None if value is None else (round(value[0] * value[1] / MICRO), value[1])


def _outcome(counts: Counts, target: str) -> str:
    return counts.profile.spec.prediction.value_title(target) if target else counts.outcome()
