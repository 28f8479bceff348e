"""Rules and values in plain words, for people who vote. Never decides anything."""

from __future__ import annotations

from decimal import Decimal

from tribune.language import _, marked, number
from tribune.metrics.fixed import MICRO
from tribune.metrics.policies.policy import Rule, Severity, Stage
from tribune.metrics.registry import find
from tribune.metrics.spec import ModelSpec

_SEVERITY = {
    Severity.WARN: marked("Tell Discord"),
    Severity.VOTE: marked("Open a vote"),
    Severity.TRIP: marked("Stop the model for a bounded time and open a vote"),
}
_BEYOND = {
    ("", ">"): marked("above {limit}"),
    ("", "<"): marked("below {limit}"),
    ("lower", ">"): marked("surely above {limit}"),
    ("lower", "<"): marked("surely below {limit}"),
    ("upper", ">"): marked("possibly above {limit}"),
    ("upper", "<"): marked("possibly below {limit}"),
}
"""By bound and comparison."""


def describe(rule: Rule, spec: ModelSpec | None = None) -> str:
    """Return a rule in one sentence; with a spec, columns have their names for people.

    Example: "Stop the model for a bounded time and open a vote when the gap in positive decisions between
    groups by sex is surely above 10 % in 1 of 1 frames."
    """
    bound = find(rule.metric)[0].bound
    what = _(_SEVERITY[rule.severity])
    one = (rule.m, rule.w) == (1, 1)
    frames = _("in one frame") if one else _("in {m} of {w} frames")
    if rule.stage is Stage.EVALUATION:
        what = what if rule.severity is Severity.WARN else _("Let no version take force")
        frames = _("in its evaluation")
    elif rule.stage is Stage.PRODUCTION:
        frames = (
            _("in one frame in service; evaluations are not judged by it")
            if one
            else _("in {m} of {w} frames in service; evaluations are not judged by it")
        )
    return _("{what} when {subject} is {beyond} {frames}.").format(
        what=what,
        subject=describe_metric(rule.metric, spec),
        beyond=_(_BEYOND[bound, rule.op]).format(limit=amount(rule.metric, rule.limit)),
        frames=frames.format(m=rule.m, w=rule.w),
    )


def describe_metric(name: str, spec: ModelSpec | None = None) -> str:
    """Return what a metric measures, as a phrase."""
    parts, metric = find(name)
    target = target_title(parts.target, spec)
    if parts.over == "share":
        return _("the share of columns in which {what} is above {notable}").format(
            what=_(metric.words).format(target=_("the column")),
            notable=_plain(Decimal(metric.notable or 0) / MICRO),
        )
    worst = _("the worst class") if ".class_" in parts.base else _("the worst column")
    return _(metric.words).format(target=worst if parts.over else target)


def target_title(target: str, spec: ModelSpec | None = None) -> str:
    """Return a target's name for people: a column's, or those of group columns ("sex and race")."""

    def title(name: str) -> str:
        try:
            return spec.column(name).title if spec else name
        except KeyError:
            return name

    found = title(target)
    if found != target or "&" not in target:
        return found
    *first, last = (title(name) for name in target.split("&"))
    return _("{first} and {last}").format(first=", ".join(first), last=last)


def amount(name: str, micro: int) -> str:
    """Return a metric's value for people: "47 %" where it is a share, else a plain number."""
    metric = find(name)[1]
    exact = Decimal(micro) / MICRO
    if metric.percent:
        return f"{_plain((exact * 100).quantize(Decimal('0.1')))} %"
    return _plain(exact.quantize(Decimal("0.001")))


def _plain(value: Decimal) -> str:
    """Write a number without zeros at its end, and never a negative zero."""
    shown = (value + 0).normalize()
    exponent = shown.as_tuple().exponent
    return number(shown, max(0, -exponent) if isinstance(exponent, int) else 0)
