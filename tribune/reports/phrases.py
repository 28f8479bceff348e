"""Phrases of one finding each, by family of metric: what is wrong, what was counted, what the limit is on.

A phrase says only what the counts say: which two groups, which column, how many of 100. Refuses to guess:
None where the counts do not carry the finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import permutations

from tribune.language import _, marked
from tribune.metrics.fixed import exact
from tribune.metrics.policies.policy import Rule
from tribune.metrics.policies.words import target_title
from tribune.metrics.spec import Role
from tribune.metrics.statistics.gaps import gap_bounds, ratio_bounds
from tribune.metrics.statistics.intervals import share
from tribune.metrics.value import MetricName
from tribune.reports.counts import Counts, Rate
from tribune.reports.log_phrases import describe_log, plain_log_fault, volume_phrase
from tribune.reports.performance_phrases import describe_answers, describe_value, noun_of
from tribune.reports.phrase import Noun, Phrase, of_100

_NOUNS = {
    "quality.invalid_rate_increase": Noun("rise"),
    "quality.volume": Noun("number", percent=False),
    "drift.effect": Noun("shift", percent=False),
    "summary.rate": Noun("rate"),
    "summary.rate_change": Noun("rise"),
    "summary.mean": Noun("mean", percent=False),
    "summary.mean_change": Noun("rise", percent=False),
    "summary.percentile_50": Noun("median", percent=False),
    "summary.percentile_95": Noun("95th percentile", percent=False),
}
_SAID = marked("It said {said} for {more} {high} and {fewer} {low}.")
_WERE = marked("Of those who really were {said}, it said {said} for {more} {high} and {fewer} {low}.")
_WERE_NOT = marked("Of those who really were not {said}, it said {said} for {more} {high} and {fewer} {low}.")
_RIGHT = marked("It was right about {more} {high} and {fewer} {low}.")
_FAIRNESS = {
    "demographic_parity": marked("treats {low} and {high} differently"),
    "equalized_odds": marked("is wrong about {low} and {high} in different ways"),
    "equal_opportunity": marked("overlooks {low} more often than {high}"),
    "accuracy": marked("is wrong about {low} more often than about {high}"),
}
"""The fault, by what is compared."""
_QUALITY = {
    "missing_rate": (
        marked("often gets no {column}"),
        marked("In {now} decisions {column} was missing; when it was tested, in {then}."),
    ),
    "unseen_rate": (
        marked("gets values of {column} that it was never tested on"),
        marked(
            "In {now} decisions {column} had a value never seen when it was tested; "
            "when it was tested, in {then}."
        ),
    ),
    "out_of_range_rate": (
        marked("gets values of {column} beyond the range that it was tested on"),
        marked(
            "In {now} decisions {column} was beyond the range it was tested on; "
            "when it was tested, in {then}."
        ),
    ),
    "": (
        marked("gets values of {column} that cannot be used"),
        marked(
            "In {now} decisions {column} was missing or not a value it was tested on; when it was tested, in "
            "{then}."
        ),
    ),
}
"""The fault and the finding, by what is measured."""


def plain_fault(parts: MetricName, target: str) -> tuple[str, Noun]:
    """Return a predicate and noun from a metric's name alone."""
    family = parts.base.split(".", 1)[0]
    if family in ("log", "replay"):
        return plain_log_fault(parts.base)
    named = {
        "fairness": _("treats groups by {target} differently"),
        "quality": _("gets input of too low quality ({target})"),
        "drift": _("sees other data than it was tested on ({target})"),
    }
    unnamed = {
        "fairness": _("treats groups differently"),
        "quality": _("gets input of too low quality"),
        "drift": _("sees other data than it was tested on"),
        "performance": _("is wrong too often"),
    }
    either = {"summary": _("is beyond your limit on {target}")}
    fault = {**unnamed, **(named if target else {}), **either}.get(family, _("broke the rule on {metric}"))
    fault = fault.format(target=target, metric=parts.base)
    if family == "fairness":
        return fault, _fairness_noun(parts.base)
    if family == "performance":
        return fault, noun_of(parts)
    noun = _NOUNS.get(parts.base, Noun("share") if family == "quality" else Noun("value", percent=False))
    return fault, noun


def describe(parts: MetricName, target: str, rule: Rule, counts: Counts) -> Phrase | None:
    """Return a finding in words; None where the counts do not carry it."""
    family, measure = parts.base.split(".", 1)
    if family == "fairness":
        return _fairness(measure, target, rule, counts)
    if family == "quality":
        return _quality(measure, target, rule, counts)
    if family == "drift":
        return _drift(parts, target, counts)
    if family == "summary":
        return _summary(parts, target, counts)
    if family == "performance":
        return describe_answers(parts, target, counts)
    if family in ("log", "replay"):
        return describe_log(parts.base, rule, counts)
    return _measured(rule, parts, target, counts)


def _widest(rates: Mapping[str, Rate], z: int, *, ratio: bool) -> tuple[Decimal, str, str] | None:
    """Return (how far apart, group with the higher rate, group with the lower one) of the two furthest apart.

    That is the gap, or its lower bound; of a ratio, what it or its upper bound lacks to 1.
    """
    best: tuple[Decimal, str, str] | None = None
    with exact():
        for (high, a), (low, b) in permutations(rates.items(), 2):
            pair = [share(*rate, z) for rate in (a, b)]
            if pair[0].value < pair[1].value or (ratio and not pair[0].value):
                continue
            if ratio:
                apart = 1 - (ratio_bounds(pair)[1] if z else pair[1].value / pair[0].value)
            else:
                apart = gap_bounds(pair)[0] if z else pair[0].value - pair[1].value
            if best is None or apart > best[0]:
                best = (apart, high, low)
    return best


def _fairness(measure: str, target: str, rule: Rule, counts: Counts) -> Phrase | None:
    compared, _sign, form = measure.rpartition("_")
    if compared not in _FAIRNESS:
        return _measured(rule, MetricName.parse(rule.metric), target, counts)
    z = rule.z if MetricName.parse(rule.metric).bound == ("upper" if form == "ratio" else "lower") else 0
    if compared == "equalized_odds":
        true, false = counts.error_rates(target)
        families = [(true, _WERE), (false, _WERE_NOT)]
    elif compared == "equal_opportunity":
        families = [(counts.opportunities(target), _WERE)]
    elif compared == "accuracy":
        families = [(counts.right_by_group(target), _RIGHT)]
    else:
        families = [(counts.positive_rates(target), _SAID)]
    found = [(_widest(rates, z, ratio=form == "ratio"), rates, text) for rates, text in families]
    judged = [(widest, rates, text) for widest, rates, text in found if widest is not None]
    if not judged:
        return None
    (_apart, high, low), rates, text = max(judged, key=lambda one: one[0][0])
    finding = _(text).format(
        said=f'"{counts.outcome()}"', more=of_100(rates[high]), high=high, fewer=of_100(rates[low]), low=low
    )
    return Phrase(_(_FAIRNESS[compared]).format(low=low, high=high), finding, _fairness_noun(measure))


def _fairness_noun(measure: str) -> Noun:
    if measure.endswith("_ratio"):
        return Noun("ratio", percent=False)
    return Noun("gap", percent=not measure.endswith("error_difference"))


def _quality(measure: str, target: str, rule: Rule, counts: Counts) -> Phrase | None:
    if measure == "volume":
        return volume_phrase(rule, counts)
    title = counts.title(target)
    rates = counts.quality(measure, target)
    if rates is None:
        return None
    now, then = rates
    fault, finding = _QUALITY.get(measure, _QUALITY[""])
    return Phrase(
        _(fault).format(column=title),
        _(finding).format(now=of_100(now), column=title, then=of_100(then)),
        _NOUNS.get(f"quality.{measure}", Noun("share")),
    )


def _drift(parts: MetricName, target: str, counts: Counts) -> Phrase | None:
    title = counts.title(target)
    noun = _NOUNS.get(parts.base, Noun("distance", percent=False))
    answers = (Role.PREDICTION, Role.SCORE)
    fault = (
        _("now answers otherwise than when it was tested")
        if counts.profile.spec.column(target).role in answers
        else _("now sees other values of {column} than it was tested on").format(column=title)
    )
    changed = counts.most_changed(target)
    if changed is None:
        return None
    name, now_rate, then_rate = changed
    finding = _("{now} decisions {what}; when it was tested, {then}.").format(
        now=of_100(now_rate), what=name, then=of_100(then_rate)
    )
    return Phrase(fault, finding, noun)


def _summary(parts: MetricName, target: str, counts: Counts) -> Phrase | None:
    finding = describe_value(f"{parts.base.removesuffix('_change')}/{target}", counts)
    if finding is None:
        return None
    fault = _("is beyond your limit on {target}").format(target=counts.title(target))
    return Phrase(fault, finding, _NOUNS[parts.base])


def _measured(rule: Rule, parts: MetricName, target: str, counts: Counts) -> Phrase | None:
    """Return what was measured, where no more can be said of it."""
    finding = describe_value(f"{parts.base}/{target}" if target else parts.base, counts)
    fault, noun = plain_fault(parts, target_title(target, counts.profile.spec))
    return None if finding is None else Phrase(fault, finding, noun)
