"""Phrases of one finding each, by family of metric: what is wrong, what was counted, what the limit is on.

A phrase says only what the counts say: which two groups, which column, how many of 100. Refuses to guess:
None where the counts do not carry the finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import permutations

from tribune.metrics.fixed import exact
from tribune.metrics.gaps import gap_bounds, ratio_bounds
from tribune.metrics.intervals import share
from tribune.metrics.policy import Rule
from tribune.metrics.spec import Role
from tribune.metrics.value import MetricName
from tribune.metrics.words import target_title
from tribune.reports.counts import Counts, Rate
from tribune.reports.performance_phrases import describe_answers, describe_value, noun_of
from tribune.reports.phrase import Noun, Phrase, of_100
from tribune.wording import counted

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
_REALLY = "Of those who really {kind} {said}, it said {said} for"
_FAIRNESS = {
    "demographic_parity": ("It said {said} for", "treats {low} and {high} differently"),
    "equalized_odds": (_REALLY, "is wrong about {low} and {high} in different ways"),
    "equal_opportunity": (_REALLY, "overlooks {low} more often than {high}"),
    "accuracy": ("It was right about", "is wrong about {low} more often than about {high}"),
}
"""How a finding starts, and the fault, by what is compared."""
_QUALITY_FAULTS = {
    "missing_rate": "often gets no {0}",
    "unseen_rate": "gets values of {0} that it was never tested on",
    "out_of_range_rate": "gets values of {0} beyond the range that it was tested on",
}


def plain_fault(parts: MetricName, target: str) -> tuple[str, Noun]:
    """Return a predicate and noun from a metric's name alone."""
    family = parts.base.split(".", 1)[0]
    by = f" by {target}" if target else ""
    faults = {
        "fairness": f"treats groups{by} differently",
        "quality": f"gets input of too low quality{by and f' ({target})'}",
        "drift": f"sees other data than it was tested on{by and f' ({target})'}",
        "performance": "is wrong too often",
        "summary": f"is beyond your limit on {target}",
    }
    if family == "fairness":
        return faults[family], _fairness_noun(parts.base)
    if family == "performance":
        return faults[family], noun_of(parts)
    noun = _NOUNS.get(parts.base, Noun("share") if family == "quality" else Noun("value", percent=False))
    return faults.get(family, f"broke the rule on {parts.base}"), noun


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
    compared, _, form = measure.rpartition("_")
    if compared not in _FAIRNESS:
        return _measured(rule, MetricName.parse(rule.metric), target, counts)
    shown, fault = _FAIRNESS[compared]
    z = rule.z if MetricName.parse(rule.metric).bound == ("upper" if form == "ratio" else "lower") else 0
    if compared == "equalized_odds":
        true, false = counts.error_rates(target)
        families = [(true, "were"), (false, "were not")]
    elif compared == "equal_opportunity":
        families = [(counts.opportunities(target), "were")]
    elif compared == "accuracy":
        families = [(counts.right_by_group(target), "")]
    else:
        families = [(counts.positive_rates(target), "")]
    found = [(_widest(rates, z, ratio=form == "ratio"), rates, kind) for rates, kind in families]
    judged = [(widest, rates, kind) for widest, rates, kind in found if widest is not None]
    if not judged:
        return None
    (_, high, low), rates, kind = max(judged, key=lambda one: one[0][0])
    start = shown.format(kind=kind, said=f'"{counts.outcome()}"')
    finding = f"{start} {of_100(rates[high])} {high} and {of_100(rates[low])} {low}."
    return Phrase(fault.format(low=low, high=high), finding, _fairness_noun(measure))


def _fairness_noun(measure: str) -> Noun:
    if measure.endswith("_ratio"):
        return Noun("ratio", percent=False)
    return Noun("gap", percent=not measure.endswith("error_difference"))


def _quality(measure: str, target: str, rule: Rule, counts: Counts) -> Phrase | None:
    if measure == "volume":
        how = "many" if rule.op == ">" else "few"
        finding = f"It made {counted(counts.rows, 'decision')} in this frame."
        return Phrase(f"made unusually {how} decisions", finding, _NOUNS["quality.volume"])
    title = counts.title(target)
    rates = counts.quality(measure, target)
    if rates is None:
        return None
    now, then = rates
    broken = {
        "missing_rate": f"{title} was missing",
        "unseen_rate": f"{title} had a value never seen when it was tested",
        "out_of_range_rate": f"{title} was beyond the range it was tested on",
    }.get(measure, f"{title} was missing or not a value it was tested on")
    finding = f"In {of_100(now)} decisions {broken}; when it was tested, in {of_100(then)}."
    fault = _QUALITY_FAULTS.get(measure, "gets values of {0} that cannot be used").format(title)
    return Phrase(fault, finding, _NOUNS.get(f"quality.{measure}", Noun("share")))


def _drift(parts: MetricName, target: str, counts: Counts) -> Phrase | None:
    title = counts.title(target)
    noun = _NOUNS.get(parts.base, Noun("distance", percent=False))
    answers = (Role.PREDICTION, Role.SCORE)
    fault = (
        "now answers otherwise than when it was tested"
        if counts.profile.spec.column(target).role in answers
        else f"now sees other values of {title} than it was tested on"
    )
    changed = counts.most_changed(target)
    if changed is None:
        return None
    name, now_rate, then_rate = changed
    return Phrase(
        fault, f"{of_100(now_rate)} decisions {name}; when it was tested, {of_100(then_rate)}.", noun
    )


def _summary(parts: MetricName, target: str, counts: Counts) -> Phrase | None:
    finding = describe_value(f"{parts.base.removesuffix('_change')}/{target}", counts)
    if finding is None:
        return None
    return Phrase(f"is beyond your limit on {counts.title(target)}", finding, _NOUNS[parts.base])


def _measured(rule: Rule, parts: MetricName, target: str, counts: Counts) -> Phrase | None:
    """Return what was measured, where no more can be said of it."""
    finding = describe_value(f"{parts.base}/{target}" if target else parts.base, counts)
    fault, noun = plain_fault(parts, target_title(target, counts.profile.spec))
    return None if finding is None else Phrase(fault, finding, noun)
