"""How fast Tribune measures, beside Evidently, NannyML, fairlearn and a plain scan, in the same run.

Run with `make bench NAME=monitors`; environments of the peers are made below build/peers on first use. Whole
processes on the same Parquet file of 24 features, label, prediction and score (`monitoring/data.py`), in
turns, medians. Ours is the command that a user types, with every metric of drift, quality, fairness and
performance; each peer computes its own share of that. A peer that takes longer than 420 s (`--most-s`) is
ended, and its ratio is a lower bound. A ratio to a peer is theirs to ours; a ratio to the plain scan is ours
to it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.monitoring.data import REFERENCE_ROWS, make, make_frame
from bench.monitoring.process import MOST_S, PEERS, WORK, Run, ours, peer, run, say, tribune

PEER_GOALS = {
    ("evidently", 1_000_000): 40,
    ("evidently", 10_000_000): 150,
    ("nannyml", 1_000_000): 8,
    ("nannyml", 10_000_000): 25,
    ("fairlearn", 1_000_000): 20,
}
"""At least this many times as fast; no other pair is run."""
TITLES = {
    "evidently": "Evidently, default presets",
    "nannyml": "NannyML, JS + KS + Wasserstein in 10 chunks",
    "fairlearn": "fairlearn on raw rows",
}
SCAN_GOALS = {1_000_000: 3.0, 10_000_000: 2.5}
"""Counting takes at most this many plain scans."""
FRAME_GOAL, FRAME_ROWS = 6.0, 1_000_000
MEMORY_GOAL_MB, MEMORY_ROWS = 250.0, 10_000_000
FLAT_GOAL = 1.5
"""Peak memory at the most rows, to that at 1e7: flat, but for the footers of files with more row groups."""
SLIDE_GOAL, PART_ROWS = 20.0, 1_000_000
"""A window of 30 partitions of so many rows."""

Row = dict[str, Any]


def main() -> int:
    """Measure and print one JSON line last; progress goes to stderr."""
    given = _arguments()
    reference = make(WORK, "reference", REFERENCE_ROWS, drifted=False)
    files = {}
    for rows in {*given.rows, *([given.memory_rows] if given.memory_rows else [])}:
        say(f"data: {rows:,} rows")
        files[rows] = make(WORK, f"rows-{rows}", rows, drifted=True)
    profile = WORK / "profile.json"
    run(ours("profile", reference, profile))
    rows_out: list[Row] = []
    for rows in given.rows:
        rows_out += _against_peers(reference, profile, files[rows], rows, given)
        rows_out += _against_scan(profile, files[rows], rows, given.runs)
    rows_out += _memory(profile, files)
    rows_out.append(_slide(profile, given.runs))
    print(json.dumps({"bench": "monitors", "rows": rows_out}))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=5, help="runs of each, of which the median counts")
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS), help="none: ours alone")
    parser.add_argument("--most-s", type=float, default=MOST_S, help="after which a process is ended")
    parser.add_argument("--memory-rows", type=int, default=0, help="also measure peak memory here: 50000000")
    return parser.parse_args()


def _against_peers(
    reference: Path, profile: Path, file: Path, rows: int, given: argparse.Namespace
) -> list[Row]:
    """Run ours and the peers in turns on one file."""
    peers = [name for name in given.peers if (name, rows) in PEER_GOALS]
    commands = {"ours": tribune(profile, file)}
    commands |= {name: peer(name, reference, file) for name in peers}
    found: dict[str, list[Run]] = {name: [] for name in commands}
    for turn in range(given.runs):
        for name, command in commands.items():
            if any(one.cut for one in found[name]):
                continue  # it would only be cut again
            found[name].append(run(command, most_s=given.most_s))
            say(f"{rows:,} rows, turn {turn + 1}: {name}", _words(found[name][-1]))
    mine = _median(found["ours"])
    result: list[Row] = [
        {**_row(f"{rows:,} rows, every metric", "s", mine, None, None, None), **_spread(found["ours"])}
    ]
    for name in peers:
        theirs, cut = _median(found[name]), any(one.cut for one in found[name])
        row = _row(f"{rows:,} rows, {TITLES[name]}", "s", mine, theirs, theirs / mine, PEER_GOALS[name, rows])
        peak = None if cut else max(one.facts["peak_mb"] for one in found[name])
        more = {"their_cpu_s": round(statistics.median(one.cpu_s for one in found[name]), 2)}
        result.append({**row, **more, "at_least": cut, "their_peak_mb": peak})
    return result


def _against_scan(profile: Path, file: Path, rows: int, runs: int) -> list[Row]:
    """Count in turns with a plain scan of the same columns, in one warm process."""
    facts = run(ours("scan", profile, file, runs)).facts
    say(f"{rows:,} rows, warm:", facts)
    scan, count = (statistics.median(facts[key]) for key in ("scan", "count"))
    name, goal = f"{rows:,} rows, counting warm, plain DuckDB scan", SCAN_GOALS.get(rows)
    result = [_row(name, "s", count, scan, count / scan, goal, most=True)]
    if rows == FRAME_ROWS:
        facts = run(ours("frame", profile, *make_frame(WORK, file), runs)).facts
        say(f"{rows:,} rows, as a frame:", facts)
        scan, frame = (statistics.median(facts[key]) for key in ("scan", "frame"))
        name = f"{rows:,} rows, frame in a running worker with labels apart, plain DuckDB scan"
        result.append(_row(name, "s", frame, scan, frame / scan, FRAME_GOAL, most=True))
    return result


def _memory(profile: Path, files: dict[int, Path]) -> list[Row]:
    """Measure the peak memory beyond the imports, at 1e7 rows and at the most rows."""
    beyond = {}
    for rows in sorted(rows for rows in files if rows >= MEMORY_ROWS):
        facts = run(ours("memory", profile, files[rows]), most_s=10 * 60).facts
        beyond[rows] = facts["peak_mb"] - facts["imports_mb"]
        say(f"{rows:,} rows, memory:", facts)
    result = []
    for rows, mb in beyond.items():
        row = _row(
            f"{rows:,} rows, peak memory beyond imports", "MB", mb, None, None, MEMORY_GOAL_MB, most=True
        )
        result.append({**row, "met": mb <= MEMORY_GOAL_MB})
    if len(beyond) > 1 and MEMORY_ROWS in beyond:
        most = max(beyond)
        ratio = beyond[most] / beyond[MEMORY_ROWS]
        name = f"peak memory beyond imports, {most:,} rows to {MEMORY_ROWS:,}"
        result.append(_row(name, "MB", beyond[most], beyond[MEMORY_ROWS], ratio, FLAT_GOAL, most=True))
    return result


def _slide(profile: Path, runs: int) -> Row:
    """Slide a window of 30 partitions by one, against counting the 30."""
    parts = [make(WORK / "window", f"part-{n:02d}", PART_ROWS, drifted=True, stream=n + 1) for n in range(31)]
    facts = run(ours("slide", profile, runs, *parts)).facts
    say("window of 30 partitions:", facts)
    slide, again, slide_cpu, again_cpu = (
        statistics.median(facts[key]) for key in ("slide", "recount", "slide_cpu", "recount_cpu")
    )
    name = "window of 30 partitions slid by one, recounted"
    row = _row(name, "s", slide, again, again / slide, SLIDE_GOAL)
    return {**row, "cpu_s": round(slide_cpu, 3), "their_cpu_s": round(again_cpu, 3)}


def _row(
    name: str,
    unit: str,
    mine: float,
    theirs: float | None,
    ratio: float | None,
    goal: float | None,
    *,
    most: bool = False,
) -> Row:
    """Return a row of the result; `most`: the goal is the most that the ratio may be, not the least."""
    met = None if goal is None or ratio is None else (ratio <= goal if most else ratio >= goal)
    return {
        "name": name,
        "unit": unit,
        "ours": round(mine, 3),
        "theirs": None if theirs is None else round(theirs, 3),
        "ratio": None if ratio is None else round(ratio, 2),
        "goal": goal,
        "goal_is": "at most" if most else "at least",
        "met": met,
    }


def _median(runs: Sequence[Run]) -> float:
    return statistics.median(one.seconds for one in runs)


def _spread(runs: Sequence[Run]) -> Row:
    seconds = [one.seconds for one in runs]
    cpu = statistics.median(one.cpu_s for one in runs)
    return {"least": round(min(seconds), 3), "most": round(max(seconds), 3), "cpu_s": round(cpu, 3)}


def _words(done: Run) -> str:
    if done.cut:
        return f"ended after {done.seconds:.0f} s"
    peak = done.facts.get("peak_mb")
    return f"{done.seconds:.2f} s, computing {done.cpu_s:.2f} s" + (f", {peak:,.0f} MB" if peak else "")


if __name__ == "__main__":
    sys.exit(main())
