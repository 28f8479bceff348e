"""All metrics by name, and their evaluation on tallies. Pure: never sees a row.

Refuses unknown names and columns, and a bound without a z. Everything else is a value, or a reason for none.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from tribune.exceptions import PolicyError
from tribune.metrics.families import (
    calibration,
    drift,
    estimated,
    fairness,
    log_audit,
    multiclass,
    performance,
    quality,
    ranking,
    regression,
    summary,
)
from tribune.metrics.families.log_audit import LogAudit
from tribune.metrics.fixed import micro
from tribune.metrics.profile import Profile
from tribune.metrics.statistics.trailing import Trail
from tribune.metrics.tally import Tally
from tribune.metrics.value import Metric, MetricName, Value, unavailable, unlabelled
from tribune.wording import too_few

METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for family in (
        quality,
        drift,
        summary,
        fairness,
        performance,
        ranking,
        calibration,
        multiclass,
        regression,
        estimated,
        log_audit,
    )
    for metric in family.METRICS
}
"""The registry: a definition per family.measure."""

DEFINITIONS = "1"
"""Version of the definitions; evidence states it."""


def find(name: str) -> tuple[MetricName, Metric]:
    """Return a metric's name taken apart, and its definition.

    Raises:
        PolicyError: when there is no such metric, or it has no such bound or maximum.
    """
    parts = MetricName.parse(name)
    metric = METRICS.get(parts.base)
    if metric is None:
        near = difflib.get_close_matches(parts.base, METRICS, n=1, cutoff=0.5)
        raise PolicyError(
            f"There is no metric {parts.base!r}.", mend=f"Did you mean {near[0]}?" if near else ""
        )
    if parts.bound and not metric.bounded:
        raise PolicyError(f"{metric.name} has no {parts.bound} bound.", mend="Use the value itself.")
    if metric.targets is None and (parts.over or parts.target):
        raise PolicyError(
            f"{metric.name} is about the whole model: it takes no .{parts.over or 'max'}, no target."
        )
    if metric.targets is not None and bool(parts.over) is bool(parts.target):
        raise PolicyError(f"{name} needs either a target, as in {metric.name}/COLUMN, or .max.")
    if parts.over == "max" and not metric.has_max:
        raise PolicyError(
            f"{metric.name} has no .max: the largest would not be the worst.",
            mend=f"Name each target, as in {metric.name}/COLUMN.",
        )
    if parts.over == "share" and metric.notable is None:
        raise PolicyError(f"{metric.name} has no .share.", mend="Use .max, or drift.effect.share.")
    return parts, metric


def check(name: str, profile: Profile, kept: dict[str, frozenset[str]] | None = None) -> None:
    """Raise PolicyError unless the metric exists and its column is one that it can be asked for.

    Args:
        name: a metric's name.
        profile: of the model.
        kept: targets of metrics, filled as they are asked for: thousands of columns have thousands of names.
    """
    parts, metric = find(name)
    if profile.spec.task not in metric.tasks:
        raise PolicyError(
            f"{metric.name} is not about models with task {profile.spec.task}.",
            mend=f"It is about: {', '.join(sorted(metric.tasks))}.",
        )
    if not parts.target:
        return
    kept = {} if kept is None else kept
    if metric.name not in kept:
        kept[metric.name] = frozenset(metric.targets(profile) if metric.targets else ())
    if parts.target not in kept[metric.name]:
        known = metric.targets(profile) if metric.targets else ()
        raise PolicyError(
            f"{metric.name} cannot be measured for {parts.target!r}.",
            mend=f"It can for: {', '.join(known) or 'no column of this model'}.",
        )


def needs_labels(name: str) -> bool:
    """Whether a metric covers frame i − label_lag."""
    return find(name)[1].labels


def audits_of(metric_names: Sequence[str]) -> frozenset[str]:
    """Return those of some metrics, by family and measure, for which a monitor has to audit the log."""
    found = (find(name)[1] for name in metric_names)
    return frozenset(metric.name for metric in found if metric.audited is not None)


def standard_metrics(profile: Profile) -> tuple[str, ...]:
    """Return every metric of a model without bounds and maxima, in registry and column order.

    Metrics of the log are left out: they are measured where a rule names them.
    """
    names: list[str] = []
    for metric in METRICS.values():
        if metric.of_log or profile.spec.task not in metric.tasks:
            continue
        if metric.targets is None:
            names.append(metric.name)
        else:
            names.extend(f"{metric.name}/{target}" for target in metric.targets(profile))
    return tuple(names)


def evaluate(
    metric_names: Sequence[str],
    profile: Profile,
    tally: Tally,
    labelled: Tally | None,
    z_micro: Mapping[str, int],
    trailing: Sequence[tuple[Tally, Tally | None]] = (),
    audit: LogAudit | None = None,
) -> dict[str, Value]:
    """Evaluate metrics of one frame.

    Args:
        metric_names: names as in rules; the result has them in this order.
        profile: the reference.
        tally: rows of frame i.
        labelled: rows of frame i − label_lag, labels joined; None: that frame has no sealed rows.
        z_micro: per name, the z of its bounds in millionths; a plain name without one has no bounds.
        trailing: (tally, labelled) of earlier frames that overlap neither this one nor each other, newest
            first, at most 11: metrics of groups are measured on the sum of the fewest frames that suffice.
        audit: what was found in the frame's log; without it, metrics that need it are not available.

    Raises:
        PolicyError: for an unknown metric or column, or a bound without z.
    """
    values: dict[str, Value] = {}
    seen: dict[tuple[str, str, int | None], Value] = {}
    trails = {
        False: Trail(profile, tally, [frame for frame, _ in trailing]),
        True: None if labelled is None else Trail(profile, labelled, [frame for _, frame in trailing]),
    }
    kept: dict[str, frozenset[str]] = {}
    for name in metric_names:
        check(name, profile, kept)
        parts, metric = find(name)
        z = z_micro.get(name) if metric.bounded else None
        if parts.bound and not z:
            raise PolicyError(f"{name} needs a z.", mend="Give the rule a z, as in z = 3.0.")
        trail = trails[metric.labels]
        reason = _cannot(metric, profile, trail)
        if reason or trail is None:
            values[name] = unavailable(reason, trail.newest.rows if trail else 0)
            continue
        targets = metric.targets(profile) if parts.over and metric.targets else (parts.target,)
        found: dict[str, Value] = {}
        for target in targets:
            key = (metric.name, target, z)
            if key not in seen:
                seen[key] = _measured(metric, profile, trail, target, z, audit)
            found[target] = _bound(seen[key], parts.bound)
        values[name] = _over(parts.over, metric, found) if parts.over else found[parts.target]
    return values


def _cannot(metric: Metric, profile: Profile, trail: Trail | None) -> str:
    if trail is None:
        return unlabelled(profile).reason
    if metric.of_log:
        return ""
    if trail.newest.rows == 0:
        return "no rows"
    rows = trail.added[-1].rows if metric.trailing else trail.newest.rows
    if rows < profile.spec.min_rows and not metric.any_size:
        return too_few(rows, profile.spec.min_rows)
    return ""


def _measured(
    metric: Metric, profile: Profile, trail: Trail, target: str, z: int | None, audit: LogAudit | None
) -> Value:
    """Measure a metric on its frame, or on the trailing sum that it needs, and say so."""
    if metric.audited is not None and audit is not None:
        return metric.saturated(metric.audited(audit, z))
    if metric.grouped is None:
        return metric.saturated(metric.measure(profile, trail.newest, target, z))
    found = []
    for step in trail.steps(metric.grouped.rows, target):
        value = metric.saturated(metric.grouped.measure(profile, step.tally, target, z, step.pairs))
        if step.frames > 1:
            texts = (f"over {step.frames} frames", value.reason)
            value = replace(value, reason="; ".join(text for text in texts if text))
        found.append(value)
    return _worst(metric, found)


def _worst(metric: Metric, found: Sequence[Value]) -> Value:
    """Return the worst of some pairs' values, with the bounds of the worst of all pairs."""
    available = [value for value in found if value.micro is not None]
    if not available:
        return found[-1]
    pick = max if metric.has_max else min
    worst = pick(available, key=lambda value: value.micro or 0)
    if worst.lower is None:
        return worst
    lower = pick(value.lower or 0 for value in available)
    upper = pick(value.upper or 0 for value in available)
    return replace(worst, lower=lower, upper=upper)


def _bound(value: Value, bound: str) -> Value:
    if not bound or value.micro is None:
        return value
    return replace(value, micro=value.lower if bound == "lower" else value.upper)


def _over(over: str, metric: Metric, found: Mapping[str, Value]) -> Value:
    """Return the largest available value, the first of equals, or the share of notable ones."""
    missing = [f"{target} ({value.reason})" for target, value in found.items() if value.micro is None]
    note = f"not measured: {'; '.join(missing)}" if missing else ""
    available = {target: value for target, value in found.items() if value.micro is not None}
    if not available:
        return unavailable(note or "no column to measure")
    if over == "share":
        beyond = sum((value.micro or 0) > (metric.notable or 0) for value in available.values())
        return Value(
            micro(Fraction(beyond, len(available))), min(v.n for v in available.values()), reason=note
        )
    at = max(available, key=lambda target: available[target].micro or 0)
    reasons = [text for text in (available[at].reason, note) if text]
    return replace(available[at], at=at, reason="; ".join(reasons))
