"""False alarms: how often chance alone would break a rule in a year, and the z that keeps that to a number.

A rule on a lower bound is broken by chance when one of its looks (comparisons that a frame makes for it) has
a bound beyond the limit though the true value is not. With z standard deviations that happens at most once in
1/(1 − Φ(z)) looks, so a year has at most frames · looks · (1 − Φ(z)) of them; windows (2 of 3 frames) and
limits above 0 make it fewer. Refuses to say anything of rules without a bound: backtest these.

Here numbers may be floats: a z is chosen once and written into the policy; nobody recomputes it.
"""

from __future__ import annotations

import math
from statistics import NormalDist

from tribune.exceptions import PolicyError
from tribune.metrics.fixed import MICRO
from tribune.metrics.policies.policy import Policy, Rule
from tribune.metrics.profile import Profile
from tribune.metrics.registry import check, find
from tribune.metrics.statistics.groups import known_places

YEAR_S = 365 * 24 * 3600
_HUNDREDTH = MICRO // 100


def looks(name: str, profile: Profile) -> int:
    """Return the comparisons that one frame makes for a rule on a metric.

    A maximum looks at each of its columns; fairness at each pair of groups in both orders, for each class of
    a multiclass model, and twice for equalized odds (true and false positive rates).

    Raises:
        PolicyError: when the metric cannot be measured with this profile.
    """
    check(name, profile)
    parts, metric = find(name)
    targets: tuple[str, ...] = (parts.target,)
    if parts.over and metric.targets:
        targets = metric.targets(profile)
    if metric.trailing:
        classes = max(1, len(profile.spec.classes))
        rates = 2 if metric.name.startswith("fairness.equalized_odds") else 1
        groups = (len(known_places(profile, target)) for target in targets)
        return sum(2 * rates * classes * max(1, math.comb(count, 2)) for count in groups)
    return len(targets)


def all_looks(rule: Rule, policy: Policy, profile: Profile) -> int:
    """Return the looks behind a rule's z: those of its metric, once for each rule on it."""
    rules = sum(other.metric == rule.metric for other in policy.rules)
    return rules * looks(rule.metric, profile)


def z_for(alarms: float, frames_a_year: float, look_count: int) -> int:
    """Return the z in millionths that keeps a rule to so many false alarms a year, rounded up to a hundredth.

    Raises:
        PolicyError: for a number of alarms, frames or looks that is not above 0.
    """
    if not min(alarms, frames_a_year, look_count) > 0:
        raise PolicyError("False alarms, frames and looks a year must be above 0.")
    chance = min(alarms / (frames_a_year * look_count), 0.5)
    z = -NormalDist().inv_cdf(chance)
    return max(math.ceil(z * 100 - 1e-9), 1) * _HUNDREDTH


def alarms_a_year(rule: Rule, look_count: int, frames_a_year: float) -> float | None:
    """Return the most false alarms a year to expect of a rule; None for a metric without a bound."""
    if not rule.z:
        return None
    beyond = math.erfc(rule.z / MICRO / math.sqrt(2)) / 2
    return frames_a_year * look_count * beyond
