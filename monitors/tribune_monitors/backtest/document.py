"""A backtest as a document of integers, so that a proposal can carry its consequences and anyone can redo it.

Canonical JSON as evidence is: equal inputs, seed and numpy give equal bytes. Nothing of who made it or when.
"""

from __future__ import annotations

from typing import Any

from tribune.metrics import Rule, Severity
from tribune.metrics.fixed import MICRO
from tribune.metrics.policies.alarms import YEAR_S, alarms_a_year, all_looks
from tribune.metrics.registry import DEFINITIONS
from tribune_monitors.backtest.driftless import poisson_upper
from tribune_monitors.backtest.replay import RuleHits
from tribune_monitors.backtest.run import Backtest, PolicyRun, Seen

SCHEMA = "tribune/backtest/1"


def document(made: Backtest) -> dict[str, Any]:
    """Return the document. Hits name places in `frames`, from 0; rates a year are in millionths."""
    return {
        "schema": SCHEMA,
        "definitions": DEFINITIONS,
        "profile": "0x" + made.profile.digest.hex(),
        "step_s": made.step_s,
        "frames": [[frame.start_us, frame.end_us, rows] for frame, rows in made.frames],
        "driftless": {
            "frames": made.runs[0].chance.frames,
            "rows": made.runs[0].chance.rows,
            "seed": made.seed,
        },
        "policies": [_policy(made, run) for run in made.runs],
    }


def a_year(made: Backtest, count: int, frames: int) -> tuple[float, float]:
    """Return alarms a year, and what they are surely below (95 %), of a count in some frames."""
    scale = YEAR_S / made.step_s / frames
    return count * scale, poisson_upper(count) * scale


def _policy(made: Backtest, run: PolicyRun) -> dict[str, Any]:
    return {
        "rules": [
            {**_rule(rule), **_hits(hits), "by_chance": _chance(made, run, number)}
            for number, (rule, hits) in enumerate(zip(run.policy.rules, run.rules, strict=True))
        ],
        "faults": [_seen(seen) for seen in run.faults],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "metric": rule.metric,
        "op": rule.op,
        "limit": rule.limit,
        "severity": rule.severity.name,
        "stage": rule.stage.name.lower(),
        "m": rule.m,
        "w": rule.w,
        "na_budget": rule.na_budget,
        "z": rule.z,
    }


def _hits(hits: RuleHits) -> dict[str, Any]:
    return {
        "hits": [[hit.frame, hit.value] for hit in hits.hits],
        "missing": hits.missing,
        "reason": hits.reason,
    }


def _chance(made: Backtest, run: PolicyRun, number: int) -> dict[str, Any]:
    rule, hits = run.policy.rules[number], run.chance.rules[number]
    drawn, surely_below = a_year(made, len(hits.alarms), run.chance.frames)
    stated = alarms_a_year(rule, all_looks(rule, run.policy, made.profile), YEAR_S / made.step_s)
    return {
        "alarms": len(hits.alarms),
        "missing": hits.missing,
        "a_year": round(drawn * MICRO),
        "a_year_below": round(surely_below * MICRO),
        "a_year_by_z": None if stated is None else round(stated * MICRO),
    }


def _seen(seen: Seen) -> dict[str, Any]:
    return {
        "name": seen.fault.name,
        "words": seen.fault.words,
        "windows": seen.windows,
        "seen": list(seen.seen),
        "frames_until_seen": list(seen.after),
        "worst": {severity.name: seen.worst[severity] for severity in Severity},
    }
