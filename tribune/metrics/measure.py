"""Everything that a monitor measures of one frame: the rules' metrics, and the others for people."""

from __future__ import annotations

from collections.abc import Sequence

from tribune.metrics.families.log_audit import LogAudit
from tribune.metrics.policies.policy import Policy
from tribune.metrics.profile import Profile
from tribune.metrics.registry import evaluate, find, standard_metrics
from tribune.metrics.tally import Tally
from tribune.metrics.value import Value, unavailable

DISPLAY_Z_MICRO = 1_959_964
"""z of the bounds of metrics that no rule is about: 95 %, two-sided, one look. No rule is judged by it."""
_INPUTS = ("drift.", "quality.invalid")
"""Rules on these say whether estimates may be trusted."""


def measured_metrics(policy: Policy, profile: Profile) -> dict[str, int]:
    """Return the names of all metrics to measure with their z in millionths (0: no bounds), rules' first.

    A metric that a rule bounds has the rule's z under its plain names too, so that figures show one interval.
    """
    names = dict.fromkeys((*policy.metric_names, *standard_metrics(profile)))
    by_base = {find(rule.metric)[0].base: rule.z for rule in policy.rules if rule.z}
    z_micro = {}
    for name in names:
        parts, metric = find(name)
        fallback = by_base.get(parts.base, DISPLAY_Z_MICRO)
        z_micro[name] = policy.z_micro.get(name, fallback) if metric.bounded else 0
    return z_micro


def measure(
    policy: Policy,
    profile: Profile,
    tally: Tally,
    labelled: Tally | None,
    trailing: Sequence[tuple[Tally, Tally | None]] = (),
    audit: LogAudit | None = None,
) -> dict[str, Value]:
    """Evaluate all metrics of one frame; arguments as for `evaluate`.

    Raises:
        PolicyError: when a rule cannot be judged with this profile.
    """
    z_micro = measured_metrics(policy, profile)
    bounds = {name: z for name, z in z_micro.items() if z}
    values = evaluate(tuple(z_micro), profile, tally, labelled, bounds, trailing, audit)
    return _without_estimates(policy, values)


def measure_rules(
    policy: Policy,
    profile: Profile,
    tally: Tally,
    labelled: Tally | None,
    trailing: Sequence[tuple[Tally, Tally | None]] = (),
    audit: LogAudit | None = None,
) -> dict[str, Value]:
    """Evaluate the rules' metrics of one frame only; otherwise as `measure`."""
    values = evaluate(policy.metric_names, profile, tally, labelled, policy.z_micro, trailing, audit)
    return _without_estimates(policy, values)


def _without_estimates(policy: Policy, values: dict[str, Value]) -> dict[str, Value]:
    """Withdraw estimates of a frame in which a rule on the inputs is hit: they assume these."""
    broken = [
        rule.metric
        for rule in policy.rules
        if rule.metric.startswith(_INPUTS) and rule.is_hit(values[rule.metric].on_chain)
    ]
    if not broken:
        return values
    reason = f"not estimated, since the inputs changed: {broken[0]} is beyond its limit"
    return {
        name: unavailable(reason, value.n) if find(name)[1].warn_only else value
        for name, value in values.items()
    }
