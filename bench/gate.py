"""What a gate and a decision log cost, and how fast a halt arrives: bare and gated server in the same run.

Run with `make bench NAME=gate`, on a machine that does little else. The servers are uvicorn and Starlette as
they are installed here, in one process. A gated one and the bare one are asked in short turns that follow
each other; a ratio is the median over rounds of gated to bare, so what else the machine does meets both.
Beside it is what a request takes of the processor: on a busy machine that is the better measure. Requests
hold one row of the demo's model. A log is measured behind a model; what is measured beside that behind none
has no goal, since there an answer takes less than anything that waits for a disk (`gating/serving.py`). Block
to refusal is measured on anvil, as an asker sees it (`gating/halting.py`); the log by itself as in
`bench.gate_log`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any

from bench.gate_log import append_rows, row, tree_rows
from bench.gating.halting import delays
from bench.gating.load import Measured, compare
from bench.gating.serving import (
    BARE,
    GATED,
    LOGGED,
    MODEL,
    PATH,
    SIGNED,
    SMALLEST,
    TREES,
    VERSION,
    Chain,
    asked,
)
from tribune.gate.keeper import GateKeeper
from tribune.gate.problem import Subject
from tribune.gate.status import StatusView

CHECK_US, UNLOGGED, RECORDED, REFUSAL_MS = 2.0, 0.97, 0.85, 100.0
CHECKS = 200_000
LOGS = (LOGGED, SIGNED)


def main() -> int:
    """Measure and print one JSON line last; progress goes to stderr. Fails where a figure misses its goal."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=24, help="of the servers under load")
    parser.add_argument("--halts", type=int, default=50)
    parser.add_argument("--decisions", type=int, default=200_000)
    parser.add_argument("--leaves", type=int, default=1_000_000)
    given = parser.parse_args()
    rows = [*check_rows(), *throughput_rows(given.rounds)]
    if given.halts:
        rows += halt_rows(given.halts)
    rows += [*append_rows(given.decisions), *tree_rows(given.leaves)]
    print(json.dumps({"bench": "gate", "rows": rows}))
    return 0 if all(row["met"] is not False for row in rows) else 1


def check_rows() -> list[dict[str, Any]]:
    """Return how long a check takes, less what an empty measurement takes."""
    view = StatusView(MODEL)
    keeper = GateKeeper(
        Subject(MODEL, VERSION),
        view,
        max_staleness_s=3600,
        mode="enforce",
        artifact=None,
        shut=lambda _: None,
        under_way=lambda: 0,
    )
    view.update(Chain.first(), asked_at=time.monotonic())
    if keeper.check() is not None or not keeper.passes():
        raise SystemExit("the gate does not answer")
    rows = []
    for name, check in (("check between two blocks", keeper.passes), ("check after a block", keeper.check)):
        took, empty = _times(check), _times(lambda: None)
        p99 = (took[len(took) * 99 // 100] - empty[len(empty) // 2]) / 1000
        rows.append(row(f"{name}, 99th percentile", "µs", p99, at_most=CHECK_US))
    return rows


def _times(check: Any) -> list[int]:
    """Return how many nanoseconds each of many calls took, the shortest first."""
    clock, found = time.perf_counter_ns, []
    for _ in range(CHECKS):
        started = clock()
        check()
        found.append(clock() - started)
    return sorted(found)


def throughput_rows(rounds: int) -> list[dict[str, Any]]:
    """Return the servers' requests a second, and what share of the bare one's the gated ones answer."""
    measured: list[tuple[str, str, str, float | None]] = [("no log", GATED, BARE, UNLOGGED)]
    for name in (SMALLEST, TREES):
        measured += [(f"{how}, {name}", f"{how}, {name}", f"{BARE}, {name}", RECORDED) for how in LOGS]
    measured += [(f"{how}, no model", how, BARE, None) for how in LOGS]
    pairs = {server: bare for _, server, bare, _ in measured}
    command = [sys.executable, "-m", "bench.gating.serving"]
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}  # a row is too little to share out
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=alone) as process:
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - for the type
        told = json.loads(process.stdout.readline())
        print(f"uvicorn with {', '.join(told['fast']) or 'h11 and asyncio'}", file=sys.stderr)
        found = asyncio.run(compare(told["ports"], process.pid, pairs, PATH, asked(), rounds))
        process.stdin.close()
    shares = (_share(f"gated, {what}", found[server], goal) for what, server, _, goal in measured)
    return [one for both in shares for one in both]


def _share(name: str, found: list[tuple[Measured, Measured]], goal: float | None) -> list[dict[str, Any]]:
    """Return the rates with the share that is kept, and what a request takes of the processor."""
    ours, theirs = (statistics.median(two[i].rate for two in found) for i in (0, 1))
    kept = sorted(gated.rate / bare.rate for gated, bare in found)
    ratio, quarter = statistics.median(kept), len(kept) // 4
    our_us, their_us = (statistics.median(two[i].busy_us for two in found) for i in (0, 1))
    share = statistics.median(bare.busy_us / gated.busy_us for gated, bare in found)
    said = "" if goal is None else f" (goal {goal:g})"
    print(
        f"{name}: {ours:,.0f} of {theirs:,.0f} requests/s, {ratio:.3f}{said}, half of the rounds "
        f"{kept[quarter]:.3f} to {kept[-1 - quarter]:.3f}; "
        f"of the processor {our_us:,.0f} µs to {their_us:,.0f}, {share:.3f}",
        file=sys.stderr,
        flush=True,
    )
    return [
        {
            "name": f"throughput, {name}",
            "unit": "requests/s",
            "ours": round(ours),
            "theirs": round(theirs),
            "ratio": round(ratio, 3),
            "goal": goal,
            "met": None if goal is None else ratio >= goal,
        },
        {
            "name": f"processor, {name}",
            "unit": "µs a request",
            "ours": round(our_us),
            "theirs": round(their_us),
            "ratio": round(share, 3),
            "goal": None,
            "met": None,
        },
    ]


def halt_rows(halts: int) -> list[dict[str, Any]]:
    """Return how long it takes from a block that halts to the first refusal."""
    rows = []
    for kind, seconds in delays(halts).items():
        took = sorted(1000 * one for one in seconds)
        name = f"block to refusal, gate that {kind}"
        rows.append(row(f"{name}, median", "ms", statistics.median(took)))
        rows.append(
            row(f"{name}, 99th percentile of {halts}", "ms", took[len(took) * 99 // 100], at_most=REFUSAL_MS)
        )
    return rows


if __name__ == "__main__":
    raise SystemExit(main())
