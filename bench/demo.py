"""How long the main job takes once set up, and how fast a halt reaches the gate: whole runs of `make demo`.

Run with `make bench NAME=demo` on a quiet machine. Goals are those of the main job: 60 s, 200 ms.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RUNS = 3


def main() -> int:
    """Run the demo and print one JSON line last; fails where a run fails."""
    walls, refusals, votes, pauses = [], [], [], []
    for number in range(1, RUNS + 1):
        started = time.monotonic()
        subprocess.run(["make", "-s", "demo"], cwd=ROOT, check=True, timeout=360)
        walls.append(time.monotonic() - started)
        durations = json.loads((ROOT / "build" / "demo-summary.json").read_text())["durations_s"]
        refusals.append(durations["report_to_refusal"] * 1000)
        votes.append(durations["breach_to_vote"])
        pauses.append(durations["vote_to_paused"])
        print(f"run {number}: {walls[-1]:.1f} s, refused after {refusals[-1]:.0f} ms", flush=True)
    rows = [
        _row("make demo, set up", "s", walls, 60.0),
        _row("tripping block to first refusal", "ms", refusals, 200.0),
        _row("suspension to open vote", "s", votes, None),
        _row("open vote to pause", "s", pauses, None),
    ]
    print(json.dumps({"bench": "demo", "rows": rows}))
    return 0


def _row(name: str, unit: str, values: list[float], goal: float | None) -> dict[str, Any]:
    ours = round(statistics.median(values), 2)
    return {
        "name": name,
        "unit": unit,
        "ours": ours,
        "worst": round(max(values), 2),
        "theirs": None,
        "ratio": None,
        "goal": goal,
        "met": None if goal is None else max(values) <= goal,
    }


if __name__ == "__main__":
    sys.exit(main())
