"""The default policy: rules to begin with, each as sure as a stated number of false alarms a year asks.

Only what is harm in itself stops a model: answers to invalid inputs, and answers that are wrong more often.
Unlike errors among groups, a class that is missed and large drift open a vote; small drift and unlike answers
warn. Rules that a model cannot be judged by are left out with the reason; where the reference itself is
beyond a usual limit, the rule watches for worse. Refuses a reference that is smaller than a frame must be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tribune.exceptions import PolicyError
from tribune.metrics.policies.alarms import YEAR_S, looks, z_for
from tribune.metrics.policies.policy import Policy, Rule, Severity
from tribune.metrics.policies.terms import FrameTerms
from tribune.metrics.policies.words import amount
from tribune.metrics.profile import Profile
from tribune.metrics.registry import METRICS, evaluate, find
from tribune.metrics.spec import Task
from tribune.metrics.statistics.trailing import MOST_FRAMES
from tribune.metrics.value import MetricName
from tribune.wording import counted

_DAY_S = 86_400
_MOST_BORNE = 255


@dataclass(frozen=True)
class Allowance:
    """False alarms a year that all rules of a severity may cause together."""

    trips: float = 0.01
    votes: float = 0.1
    warns: float = 1.0

    def of(self, severity: Severity) -> float:
        """Return the number for a severity."""
        return {Severity.TRIP: self.trips, Severity.VOTE: self.votes, Severity.WARN: self.warns}[severity]


@dataclass(frozen=True)
class DefaultPolicy:
    """A policy with what led to it.

    Args:
        policy: the rules, those that stop the model first.
        terms: frames and deadlines.
        allowance: false alarms a year, by severity.
        left_out: (metric, reason) of each rule that the model cannot be judged by.
        notes: what to know about rules, by metric.
        profile: whose columns and groups were counted.
    """

    policy: Policy
    terms: FrameTerms
    allowance: Allowance
    left_out: Mapping[str, str]
    notes: Mapping[str, str]
    profile: Profile


@dataclass(frozen=True)
class _Wish:
    """A rule without its z."""

    metric: str
    limit: int
    severity: Severity
    m: int = 1
    w: int = 1


def default_terms(step_s: int, *, k: int = 2) -> FrameTerms:
    """Return the terms of frames that end every `step_s` seconds, with room to seal, to report and to vote.

    Raises:
        PolicyError: for a step or k below 1.
    """
    grace_s = min(max(step_s // 10, 1), 600)
    return FrameTerms(
        step_s=step_s,
        length_s=step_s,
        grace_s=grace_s,
        deadline_s=grace_s + min(max(step_s, 30), 6 * 3600),
        suspension_s=min(max(24 * step_s, 60), 2 * _DAY_S),
        k=k,
    )


def default_policy(profile: Profile, terms: FrameTerms, allowance: Allowance | None = None) -> DefaultPolicy:
    """Return the default policy of a model.

    Args:
        profile: of held-out rows; a limit that these rows themselves break is raised.
        terms: frames.
        allowance: false alarms a year.

    Raises:
        PolicyError: the reference has fewer rows than a frame needs, or no rule is left.
    """
    spec, allowance = profile.spec, allowance or Allowance()
    if profile.reference.rows < spec.min_rows:
        raise PolicyError(
            f"The reference has {counted(profile.reference.rows, 'row')}; a frame needs {spec.min_rows}.",
            mend="Make the profile of more rows, or lower min_rows in the model description.",
        )
    left_out = {}
    if spec.task is Task.GENERIC:
        left_out["performance, fairness"] = "a generic model gives no answer that is right or wrong"
    elif not spec.groups:
        left_out["fairness"] = "the model description names no column with role group"
    wishes, notes = [], {}
    for usual in _wishes(profile):
        try:
            wish, note = _above_reference(usual, profile)
        except PolicyError as fault:
            left_out[usual.metric] = fault.message
            continue
        wishes.append(wish)
        notes.update({wish.metric: note} if note else {})
    rules = tuple(_rule(wish, wishes, profile, terms, allowance) for wish in wishes)
    return DefaultPolicy(Policy(rules), terms, allowance, left_out, notes, profile)


def _wishes(profile: Profile) -> Iterator[_Wish]:
    task = profile.spec.task
    yield _Wish("quality.invalid_rate_increase.lower.max", 20_000, Severity.TRIP)
    if task in METRICS["performance.accuracy_drop"].tasks:
        yield _Wish("performance.accuracy_drop.lower", 30_000, Severity.TRIP, 2, 2)
        yield from _by_group("equalized_odds_difference", profile, 100_000, Severity.VOTE, 2, 3)
    if task is Task.MULTICLASS:
        yield _Wish("performance.class_recall_drop.lower.max", 100_000, Severity.VOTE, 2, 3)
    if task is Task.REGRESSION:
        error = _mean_error(profile)
        yield _Wish("performance.mae_increase.lower", error // 10, Severity.TRIP, 2, 2)
        yield from _by_group("error_difference", profile, error // 4, Severity.VOTE, 2, 3)
    yield _Wish("drift.effect.lower.max", 200_000, Severity.VOTE, 2, 3)
    yield _Wish("drift.effect.lower.max", 100_000, Severity.WARN, 2, 3)
    if task in METRICS["fairness.demographic_parity_difference"].tasks:
        yield from _by_group("demographic_parity_difference", profile, 100_000, Severity.WARN)


def _by_group(
    measure: str, profile: Profile, limit: int, severity: Severity, m: int = 1, w: int = 1
) -> Iterator[_Wish]:
    metric = METRICS[f"fairness.{measure}"]
    for target in metric.targets(profile) if metric.targets else ():
        yield _Wish(f"{metric.name}.lower/{target}", limit, severity, m, w)


def _mean_error(profile: Profile) -> int:
    """Return a regression model's mean absolute error on the reference, in millionths; 0 without labels."""
    name = "performance.mae"
    return evaluate([name], profile, profile.reference, profile.reference, {})[name].micro or 0


def _above_reference(wish: _Wish, profile: Profile) -> tuple[_Wish, str]:
    """Return a wish that the reference itself does not break, and what to know about it.

    Raises:
        PolicyError: the reference cannot be judged by it; the message says why.
    """
    plain = str(replace(MetricName.parse(wish.metric), bound=""))
    value = evaluate([plain], profile, profile.reference, profile.reference, {})[plain]
    if value.micro is None:
        raise PolicyError(f"the reference cannot be judged by it: {value.reason}")
    if value.micro <= wish.limit:
        return wish, ""
    unit = max(1, wish.limit // 10)
    raised = -(-(value.micro + wish.limit // 2) // unit) * unit
    usual, now = amount(plain, wish.limit), amount(plain, value.micro)
    note = (
        f"The usual limit is {usual}, but the reference itself is at {now}: a hit would be no news. This "
        f"limit sees what gets worse. Whether {now} is right is for voters: lower the limit, or have the "
        "model mended."
    )
    return replace(wish, limit=raised), note


def _rule(
    wish: _Wish, wishes: list[_Wish], profile: Profile, terms: FrameTerms, allowance: Allowance
) -> Rule:
    """Return the rule of a wish; rules on one metric share the largest z that any of them needs."""
    frames_a_year = YEAR_S / terms.step_s
    same = [other for other in wishes if other.metric == wish.metric]
    count = len(same) * looks(wish.metric, profile)
    z = max(
        z_for(
            allowance.of(other.severity) / sum(w.severity is other.severity for w in wishes),
            frames_a_year,
            count,
        )
        for other in same
    )
    metric = find(wish.metric)[1]
    borne = max(3, _DAY_S // terms.step_s) + (profile.spec.label_lag if metric.labels else 0)
    return Rule(
        wish.metric,
        ">",
        wish.limit,
        wish.severity,
        wish.m,
        wish.w,
        min(borne + (MOST_FRAMES if metric.trailing else 0), _MOST_BORNE),
        z,
    )
