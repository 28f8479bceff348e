"""Phrases of one finding each, by family of metric: what is wrong, what was counted, what the limit is on.

A phrase says only what the counts say: which two groups, which column, how many of 100. Refuses to guess:
None where the counts do not carry the finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_UP, Decimal
from itertools import permutations

from tribune.metrics.fixed import MICRO, exact
from tribune.metrics.gaps import gap_bounds, ratio_bounds
from tribune.metrics.intervals import share
from tribune.metrics.policy import Rule
from tribune.metrics.spec import Role
from tribune.metrics.value import MetricName
from tribune.metrics.words import amount, describe_metric
from tribune.reports.counts import Counts, Rate
from tribune.wording import counted


@dataclass(frozen=True)
class Noun:
    """What a limit is on, and how its amounts are shown.

    Args:
        name: "gap", "rise", …; empty: no word for it.
        percent: whether amounts are points of 100.
    """

    name: str
    percent: bool = True

    @property
    def article(self) -> str:
        """The indefinite article with its space."""
        return "an " if self.name[:1] in "aeiou" else "a "

    def show_pair(self, limit: int, value: int, *, sure: str) -> tuple[str, str]:
        """Show limit and value with as few decimals as still tell them apart.

        Args:
            limit: in millionths.
            value: in millionths.
            sure: "at least" rounds the value down, "at most" up, "" to the nearest.
        """
        scale = Decimal(100 if self.percent else 1) / MICRO
        exactly, shown_limit = value * scale, (limit * scale).normalize()
        rounding = {"at least": ROUND_DOWN, "at most": ROUND_UP}.get(sure, ROUND_HALF_EVEN)
        first = 0 if self.percent else 2
        for places in range(first, 7):
            step = Decimal(1).scaleb(-places)
            shown = exactly.quantize(step, rounding)
            if (shown > shown_limit) == (value > limit) and (shown < shown_limit) == (value < limit):
                break
        return f"{shown_limit:f}", f"{shown.normalize():f}"


@dataclass(frozen=True)
class Phrase:
    """A finding in words: predicate, sentences, and what the limit is on."""

    fault: str
    finding: str
    noun: Noun


_NOUNS = {
    "quality.invalid_rate_increase": Noun("rise"),
    "quality.volume": Noun("number", percent=False),
    "performance.accuracy": Noun("share of right answers"),
    "performance.accuracy_drop": Noun("fall"),
    "performance.auc": Noun("AUC", percent=False),
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


def of_100(rate: Rate) -> str:
    """Show a rate as "53 of 100", rounded half-even, never to none or all where it is neither."""
    hits, rows = rate
    if not rows:
        return "none"
    share = (Decimal(100 * hits) / rows).quantize(Decimal(1), ROUND_HALF_EVEN)
    if share == 0 and hits:
        return "fewer than 1 of 100"
    if share == 100 and hits < rows:
        return "more than 99 of 100"
    return f"{share} of 100"


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
        return _performance(parts, counts)
    return None


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
        return None
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
    title, name = counts.title(target), f"{parts.base.removesuffix('_change')}/{target}"
    summary = counts.summary(name)
    if summary is None:
        return None
    now, then = (amount(name, micro) for micro in summary)
    words = describe_metric(name, counts.profile.spec)
    finding = f"{words[0].upper()}{words[1:]} was {now}; when it was tested, {then}."
    return Phrase(f"is beyond your limit on {title}", finding, _NOUNS[parts.base])


def _performance(parts: MetricName, counts: Counts) -> Phrase | None:
    noun = _NOUNS.get(parts.base)
    now, then = counts.right()
    if noun is None or now is None or not now[1]:
        return None
    before = f"; when it was tested, in {of_100(then)}" if then[1] else ""
    finding = f"It was right in {of_100(now)} decisions whose outcome is known{before}."
    fault = "is wrong more often than when it was tested"
    if parts.base == "performance.auc":
        fault = "tells cases apart worse than your rule allows"
    elif parts.base == "performance.accuracy":
        fault = "is wrong too often"
    return Phrase(fault, finding, noun)
