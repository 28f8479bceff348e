"""How often the default policy alarms for nothing, and what it sees: real rows, beside fixed thresholds.

Run with `make bench NAME=false_alarms` (some minutes; ARGS="--frames 200" for fewer). Rows are the demo's:
its model, held-out rows of 2015 as the population, 2016 to 2018 as what came after.

Without drift: in each of many worlds a profile and ten frames are drawn from the population, row by row with
replacement, so that the reference is a sample like any other and columns keep their dependence. Every alarm
is false. Twice: the default policy as it is, and its bounds alone: limits put at the truth, z such that 20 of
1,000 frames may break a rule, a number large enough to be tested (met unless the worst rule is surely above).
Upper bounds are Poisson's, at 95 %. Where a world's frames together are larger than the population, each
person is drawn several times, and a group needs that many times `min_group` rows to be as many people.

With faults: one begins at each window of the years that followed, and lasts. Ours is the share of these in
which the policy is hit within three windows, to be at least 80 %, the power that studies usually ask; the
rival rules judge each window alone.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import poisson

from bench.detection.acs import FAULTS, Table, reference, traffic, trained
from bench.detection.coded import Coded, coded
from bench.detection.rivals import Rivals
from examples.acs_employment.rows import load_spec
from tribune.exceptions import DataError
from tribune.metrics import MetricName, Policy, Profile, Rule, Severity, evaluate
from tribune.metrics.fixed import MICRO
from tribune.metrics.policies.alarms import YEAR_S, looks, z_for
from tribune.metrics.policies.default_policy import Allowance, default_policy, default_terms
from tribune_monitors.backtest.driftless import poisson_upper
from tribune_monitors.backtest.injected import Fault as BacktestFault
from tribune_monitors.backtest.replay import Replay
from tribune_monitors.backtest.run import seen
from tribune_monitors.engines.duckdb_engine import DuckDBEngine
from tribune_monitors.engines.fit import fit_profile

SIZES = (500, 1_000, 10_000, 100_000)
WINDOWS = (500, 1_000, 5_000, 10_000)
STEP_S = 3600
STATED = 0.02
"""Frames in which the bounds alone may break a rule."""
WORLD_FRAMES, BLOCKS, RIVAL_FRAMES = 10, 10, 200
POWER = 80.0
SEEN_FROM = {"months 100 %": 1_000, "months 5 %": 1_000, "SCHL 10 %": 5_000, "women + 40": 1_000,
             "relabelled 30 %": 5_000}  # fmt: skip
"""Rows of a window from which each fault is to be seen."""

Row = dict[str, Any]


def main() -> int:
    """Simulate, and print one JSON line last; progress goes to stderr."""
    parser = argparse.ArgumentParser(description="False alarms and detection power of the default policy.")
    parser.add_argument("--frames", type=int, default=1_000, help="frames without drift, per size")
    given = parser.parse_args()
    say("training the demo's model")
    model = trained()
    table = reference(model)
    with tempfile.TemporaryDirectory() as folder:
        profile = _profile(Path(folder), table)
        people = coded(profile.scheme, table)
        _check(Path(folder), profile, people, table)
        policy = default_policy(profile, default_terms(STEP_S)).policy
        rivals = Rivals(people, table)
        rows = [
            row for n in SIZES for row in _driftless(profile, policy, people, rivals, table, n, given.frames)
        ]
        clean = coded(profile.scheme, traffic(model, FAULTS["none"]))
        for name, fault in FAULTS.items():
            say(f"2016 to 2018, {fault.words}")
            later = traffic(model, fault)
            drawn = coded(profile.scheme, later)
            _check(Path(folder), profile, drawn, later)
            rows += [_detected(profile, policy, clean, drawn, later, rivals, name, n) for n in WINDOWS]
    for row in rows:
        rivals_say = (
            f"NannyML {row['theirs']}, PSI {row['psi']}" if row["theirs"] is not None else "bounds only"
        )
        print(f"{row['name']}: {row['ours']} {row['unit']} ({rivals_say}), goal {row['goal']}")
    print(json.dumps({"bench": "false_alarms", "rows": rows}))
    return 0


def say(text: str) -> None:
    """Tell the person who waits."""
    print(time.strftime("%H:%M:%S"), text, file=sys.stderr, flush=True)


def _profile(folder: Path, table: Table) -> Profile:
    """Make the profile as a steward would: by the engine, in blocks."""
    edges = [len(table["label"]) * place // BLOCKS for place in range(BLOCKS + 1)]
    blocks = [[_written(folder, f"b{low}", table, slice(low, high))] for low, high in pairwise(edges)]
    return fit_profile(DuckDBEngine(), blocks, [], load_spec(), inline_labels=True)


def _written(folder: Path, name: str, table: Table, rows: slice) -> Path:
    import pyarrow
    import pyarrow.parquet as parquet

    path = folder / f"{name}.parquet"
    parquet.write_table(pyarrow.table({key: values[rows] for key, values in table.items()}), path)
    return path


def _check(folder: Path, profile: Profile, rows: Coded, table: Table) -> None:
    """Refuse to go on where numpy counts a window otherwise than the engine does."""
    window = slice(0, 5_000)
    path = _written(folder, "window", table, window)
    if DuckDBEngine().count([path], [], profile, inline_labels=True) != rows.tally(window):
        raise DataError("The benchmark counts otherwise than the engine.")


def _bounds_alone(profile: Profile, policy: Policy) -> Policy:
    """Return the policy's metrics with limits at the truth, each to be broken in 20 of 1,000 frames."""
    people = profile.reference
    # Frames may judge a group that has somewhat fewer rows in the population: the truth is about these too.
    truth = replace(profile, spec=replace(profile.spec, min_group=profile.spec.min_group // 2))
    rules = []
    for name in policy.metric_names:
        plain = str(replace(MetricName.parse(name), bound=""))
        limit = evaluate([plain], truth, people, people, {})[plain].micro or 0
        z = z_for(STATED, 1, looks(name, profile))
        rules.append(Rule(name, ">", limit, Severity.WARN, na_budget=255, z=z))
    return Policy(tuple(rules))


def _driftless(
    profile: Profile, policy: Policy, people: Coded, rivals: Rivals, table: Table, n: int, frames: int
) -> list[Row]:
    dice = np.random.default_rng(n)
    bounds = _bounds_alone(profile, policy)
    broken = dict.fromkeys(bounds.metric_names, 0)
    judged = dict.fromkeys(bounds.metric_names, 0)
    alarms = dict.fromkeys(Severity, 0)
    times = max(1, -(-n * WORLD_FRAMES // people.rows))
    spec = replace(profile.spec, min_group=profile.spec.min_group * times)
    say(f"{frames:,} frames of {n:,} rows without drift")
    for _ in range(frames // WORLD_FRAMES):
        sample = people.tally(dice.integers(0, people.rows, people.rows))
        own = Profile(spec, profile.binnings, sample, dict.fromkeys(profile.overdispersion, MICRO))
        tallies = [people.tally(dice.integers(0, people.rows, n)) for _ in range(WORLD_FRAMES)]
        values = Replay(bounds, own).measure_all(tallies)
        for frame in values:
            for rule in bounds.rules:
                value = frame[rule.metric].micro
                judged[rule.metric] += value is not None
                broken[rule.metric] += value is not None and rule.is_hit(value)
        limits = {
            name: min(r.limit for r in policy.rules if r.metric == name) for name in policy.metric_names
        }
        # A lower bound falls as z rises: where this z's is below the limit, the policy's own z's is too.
        if any((frame[name].micro or 0) > limit for frame in values for name, limit in limits.items()):
            replay = Replay(policy, own)
            for rule, hits in zip(policy.rules, replay.judge(replay.measure_all(tallies)), strict=True):
                alarms[rule.severity] += sum(hit.value is not None for hit in hits.alarms)
    binned = rivals.binned(people, table)
    drawn = [dice.integers(0, people.rows, n) for _ in range(RIVAL_FRAMES)]
    theirs = {
        "psi": _share([rivals.psi_alarms(binned, rows) for rows in drawn]),
        "nannyml": _share([rivals.nannyml_alarms(binned, rows) for rows in drawn]),
    }
    return [*_policy_rows(alarms, theirs, n, frames), _bounds_row(broken, judged, n)]


def _policy_rows(
    alarms: dict[Severity, int], theirs: dict[str, float | None], n: int, frames: int
) -> list[Row]:
    a_year, allowed = YEAR_S / STEP_S / frames, Allowance()
    return [
        {
            "name": f"no drift, n = {n:,}: false alarms of severity {severity.name}",
            "unit": "a year",
            "ours": round(alarms[severity] * a_year, 3),
            "ours_below": round(poisson_upper(alarms[severity]) * a_year, 1),
            "theirs": _a_year(theirs["nannyml"]),
            "psi": _a_year(theirs["psi"]),
            "ratio": None,
            "goal": allowed.of(severity),
            "met": alarms[severity] * a_year <= allowed.of(severity),
            "frames": frames,
        }
        for severity in sorted(Severity, reverse=True)
    ]


def _bounds_row(broken: dict[str, int], judged: dict[str, int], n: int) -> Row:
    shares = {name: 1000 * broken[name] / judged[name] for name in broken if judged[name]}
    worst = max(shares, key=lambda name: shares[name])
    return {
        "name": f"no drift, n = {n:,}: bounds alone, worst rule",
        "unit": "of 1,000 frames broken",
        "ours": round(shares[worst], 2),
        "ours_below": round(1000 * poisson_upper(broken[worst]) / judged[worst], 2),
        "theirs": None,
        "ratio": None,
        "goal": 1000 * STATED,
        "met": bool(poisson.sf(broken[worst] - 1, STATED * judged[worst]) > 0.05 / len(shares)),
        "rule": worst,
        "rules": {name: round(share, 2) for name, share in shares.items()},
    }


def _detected(
    profile: Profile,
    policy: Policy,
    clean: Coded,
    rows: Coded,
    table: Table,
    rivals: Rivals,
    name: str,
    n: int,
) -> Row:
    windows = [slice(at, at + n) for at in range(0, rows.rows - n + 1, n)]
    replay = Replay(policy, profile)
    before = [clean.tally(window) for window in windows]
    faulty = [rows.tally(window) for window in windows]
    length = policy.longest_window
    starts = range(len(windows) - length + 1)
    found = seen(
        replay,
        BacktestFault(name, FAULTS[name].words),
        before,
        replay.measure_all(before),
        {start: faulty[start : start + length] for start in starts},
    )
    binned = rivals.binned(rows, table)
    goal = None if n < SEEN_FROM.get(name, 0) else 0.0 if name == "none" else POWER
    ours = round(100 * sum(found.worst.values()) / found.windows, 1)
    return {
        "name": f"{FAULTS[name].words}, n = {n:,}: alarmed within {length} windows",
        "unit": "%",
        "ours": ours,
        "theirs": _share([rivals.nannyml_alarms(binned, window) for window in windows]),
        "psi": _share([rivals.psi_alarms(binned, window) for window in windows]),
        "ratio": None,
        "goal": goal,
        "met": None if goal is None else ours == 0 if name == "none" else ours >= goal,
        "windows": len(windows),
        "worst": {one.name: round(100 * found.worst[one] / found.windows, 1) for one in Severity},
        "rules": [rule.metric for rule, times in zip(policy.rules, found.seen, strict=True) if times],
    }


def _share(alarms: Sequence[bool | None]) -> float | None:
    """Return in how many of 100 windows there is an alarm; None where the rule cannot say."""
    known = [alarm for alarm in alarms if alarm is not None]
    return round(100 * sum(known) / len(known), 1) if known else None


def _a_year(share: float | None) -> int | None:
    return None if share is None else round(share / 100 * YEAR_S / STEP_S)


if __name__ == "__main__":
    sys.exit(main())
