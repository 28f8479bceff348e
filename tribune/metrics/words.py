"""Rules and values in plain words, for people who vote. Never decides anything."""

from __future__ import annotations

from decimal import Decimal

from tribune.metrics.fixed import MICRO
from tribune.metrics.policy import Rule, Severity, Stage
from tribune.metrics.registry import find
from tribune.metrics.spec import ModelSpec

_SEVERITY = {
    Severity.WARN: "tell Discord",
    Severity.VOTE: "open a vote",
    Severity.TRIP: "stop the model for a bounded time and open a vote",
}


def describe(rule: Rule, spec: ModelSpec | None = None) -> str:
    """Return a rule in one sentence; with a spec, columns have their names for people.

    Example: "Stop the model for a bounded time and open a vote when the gap in positive decisions between
    groups by sex is surely above 10 % in 1 of 1 frames."
    """
    parts, _ = find(rule.metric)
    sure = {"lower": "surely ", "upper": "possibly "}.get(parts.bound, "")
    beyond = "above" if rule.op == ">" else "below"
    what = _SEVERITY[rule.severity]
    frames = "in one frame" if (rule.m, rule.w) == (1, 1) else f"in {rule.m} of {rule.w} frames"
    if rule.stage is Stage.EVALUATION:
        what = what if rule.severity is Severity.WARN else "let no version take force"
        frames = "in its evaluation"
    elif rule.stage is Stage.PRODUCTION:
        frames += " in service; evaluations are not judged by it"
    subject = describe_metric(rule.metric, spec)
    limit = amount(rule.metric, rule.limit)
    return f"{what[0].upper()}{what[1:]} when {subject} is {sure}{beyond} {limit} {frames}."


def describe_metric(name: str, spec: ModelSpec | None = None) -> str:
    """Return what a metric measures, as a phrase."""
    parts, metric = find(name)
    target = target_title(parts.target, spec)
    if parts.over == "share":
        words = metric.words.format(target="the column")
        return f"the share of columns in which {words} is above {Decimal(metric.notable or 0) / MICRO:f}"
    worst = "the worst class" if ".class_" in parts.base else "the worst column"
    return metric.words.format(target=worst if parts.over else target)


def target_title(target: str, spec: ModelSpec | None = None) -> str:
    """Return a target's name for people: a column's, or those of group columns ("sex and race")."""

    def title(name: str) -> str:
        try:
            return spec.column(name).title if spec else name
        except KeyError:
            return name

    found = title(target)
    return found if found != target else " and ".join(title(name) for name in target.split("&"))


def amount(name: str, micro: int) -> str:
    """Return a metric's value for people: "47 %" where it is a share, else a plain number."""
    metric = find(name)[1]
    number = Decimal(micro) / MICRO
    if metric.percent:
        return f"{((number * 100).quantize(Decimal('0.1')) + 0).normalize():,f} %"
    return f"{(number.quantize(Decimal('0.001')) + 0).normalize():,f}"
