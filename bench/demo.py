"""How long the main job takes once set up, and how fast a halt reaches the gate: whole runs of `make demo`.

Run with `make bench NAME=demo` on a quiet machine. Goals are those of the main job: 60 s, 200 ms; and 30 ms
for an answer of its model on 50 rows, each recorded, in process.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from examples.acs_employment.app import create_app
from examples.acs_employment.model import load_model
from examples.acs_employment.rows import load_spec, stream
from examples.acs_employment.train import train
from tribune.decisions.grid import FrameGrid
from tribune.decisions.leaf import LogSchema
from tribune.decisions.log import DecisionLog
from tribune.gate.recorder import DecisionRecorder
from tribune.ids import ModelId, VersionNumber

ROOT = Path(__file__).resolve().parent.parent
RUNS = 3
REQUESTS, ROWS = 100, 50
_HOUR = 3_600_000_000


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
        _row(f"answer of {ROWS} recorded rows, median of {REQUESTS}", "ms", [_answer_ms()], 30.0),
    ]
    print(json.dumps({"bench": "demo", "rows": rows}))
    return 0


def _answer_ms() -> float:
    """Return how long the demo's model, without its gate, takes to answer and record a request."""
    with TemporaryDirectory(prefix="tribune-bench-") as folder:
        return asyncio.run(_asked(Path(folder)))


async def _asked(folder: Path) -> float:
    model, version = load_model(train("v1", folder)), VersionNumber(1)
    grid = FrameGrid(epoch=0, step=_HOUR, length=_HOUR, grace=0)
    log = DecisionLog(folder / "log", LogSchema.of(load_spec()), grid, model_id=ModelId(1), version=version)
    recorder = DecisionRecorder(log)
    rows = [{"id": row.id, **row.features} for row in islice(stream(load_spec()), ROWS)]
    app, took = create_app(model, recorder, version), []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://model") as client:
        for turn in range(REQUESTS):
            asked = {"rows": [{**row, "id": f"{turn}-{row['id']}"} for row in rows]}
            started = time.perf_counter()
            answer = await client.post("/predict", json=asked)
            took.append(1000 * (time.perf_counter() - started))
            answer.raise_for_status()
    await recorder.close()
    return statistics.median(took)


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
