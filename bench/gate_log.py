"""How fast decisions are kept, and how fast their trees and proofs are: one process, the demo's columns.

Run with `make bench NAME=gate_log` on a quiet machine; `bench.gate` shows these rows too. Measured:

- decisions appended a second, from the first one handed over to the last receipt, by 256 at once from a
  thread, by 256 at once from an event loop, and one by one by 64 askers on an event loop;
- the Merkle tree over a million leaves; one proof out of it and its verification.

Appending includes salts, leaves, writing and the wait for the device each second, on the disk that holds
the folder for temporary files.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from examples.acs_employment.rows import load_spec
from tribune.decisions.grid import FrameGrid
from tribune.decisions.keccak import keccak256
from tribune.decisions.leaf import Decision, LogSchema, new_id
from tribune.decisions.log import DecisionLog
from tribune.decisions.merkle import MerkleTree, verify_proof
from tribune.ids import ModelId, VersionNumber

DECISIONS, LEAVES = 200_000, 1_000_000
AT_ONCE, ASKERS = 256, 64
PER_S, TREE_S, PROOF_MS = 50_000, 3.0, 1.0
_HOUR = 3_600_000_000


def main() -> int:
    """Measure and print one JSON line last; progress goes to stderr. Fails where a figure misses its goal."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--decisions", type=int, default=DECISIONS)
    parser.add_argument("--leaves", type=int, default=LEAVES)
    given = parser.parse_args()
    rows = [*append_rows(given.decisions), *tree_rows(given.leaves)]
    print(json.dumps({"bench": "gate_log", "rows": rows}))
    return 0 if all(row["met"] is not False for row in rows) else 1


def append_rows(count: int) -> list[dict[str, Any]]:
    """Return how many decisions a second are kept, by each way in."""
    schema = LogSchema.of(load_spec())
    decisions = _decisions(schema, count)
    rows = []
    with _opened(schema) as log:
        started = time.perf_counter()
        futures = [log.accept_many(some) for some in _batches(decisions)]
        for future in futures:
            future.result(60)
        rate = count / (time.perf_counter() - started)
        rows.append(row(f"append, {AT_ONCE} at once from a thread", "decisions/s", rate, at_least=PER_S))
    with _opened(schema) as log:
        rate = count / asyncio.run(_record_many(log, decisions))
        name = f"append, {AT_ONCE} at once, {ASKERS} askers in a loop"
        rows.append(row(name, "decisions/s", rate, at_least=PER_S))
    with _opened(schema) as log:
        rate = count / asyncio.run(_record(log, decisions))
        rows.append(row(f"append, one by one, {ASKERS} askers", "decisions/s", rate))
    return rows


def tree_rows(count: int) -> list[dict[str, Any]]:
    """Return the time of a tree, of a proof and of its verification."""
    leaves = [keccak256()(i.to_bytes(32, "big")) for i in range(count)]
    started = time.perf_counter()
    tree = MerkleTree(leaves)
    rows = [row(f"tree over {count:,} leaves", "s", time.perf_counter() - started, at_most=TREE_S)]
    chance = random.Random(1)  # noqa: S311 - places, no secrets
    places = [chance.randrange(count) for _ in range(1000)]
    started = time.perf_counter()
    proofs = [tree.proof(place) for place in places]
    proven = time.perf_counter()
    good = [verify_proof(tree.root, leaves[i], proof) for i, proof in zip(places, proofs, strict=True)]
    verified = time.perf_counter()
    if not all(good):
        raise SystemExit("a proof does not verify")
    rows.append(row("proof", "ms", (proven - started), at_most=PROOF_MS))  # s of a thousand: ms of one
    rows.append(row("verification", "ms", (verified - proven), at_most=PROOF_MS))
    return rows


async def _record_many(log: DecisionLog, decisions: list[Decision]) -> float:
    async def ask(mine: list[list[Decision]]) -> None:
        for some in mine:
            await log.record_many(some)

    batches = list(_batches(decisions))
    started = time.perf_counter()
    await asyncio.gather(*(ask(batches[i::ASKERS]) for i in range(ASKERS)))
    return time.perf_counter() - started


async def _record(log: DecisionLog, decisions: list[Decision]) -> float:
    async def ask(mine: list[Decision]) -> None:
        for decision in mine:
            await log.record(decision)

    started = time.perf_counter()
    await asyncio.gather(*(ask(decisions[i::ASKERS]) for i in range(ASKERS)))
    return time.perf_counter() - started


def _batches(decisions: list[Decision]) -> Iterator[list[Decision]]:
    return (decisions[i : i + AT_ONCE] for i in range(0, len(decisions), AT_ONCE))


@contextmanager
def _opened(schema: LogSchema) -> Iterator[DecisionLog]:
    grid = FrameGrid(epoch=0, step=_HOUR, length=_HOUR, grace=0)
    with TemporaryDirectory(prefix="tribune-bench-") as folder:
        log = DecisionLog(
            Path(folder), schema, grid, model_id=ModelId(1), version=VersionNumber(1), capacity=2**20
        )
        yield log
        log.close()


def _decisions(schema: LogSchema, count: int) -> list[Decision]:
    chance = random.Random(1)  # noqa: S311 - a load, no secrets
    now = time.time_ns() // 1000 // _HOUR * _HOUR
    return [
        Decision(
            new_id(now + i),
            now + i,
            {
                name: chance.uniform(0, 100) if kind == "numeric" else str(chance.randrange(9))
                for name, kind in schema.features.items()
            },
            "1",
            chance.random(),
        )
        for i in range(count)
    ]


def row(
    name: str, unit: str, ours: float, *, at_least: float | None = None, at_most: float | None = None
) -> dict[str, Any]:
    """Return a figure with its goal, and say it on stderr."""
    goal = at_least if at_most is None else at_most
    met = None if goal is None else (ours >= goal if at_most is None else ours <= goal)
    said = "" if goal is None else f" (goal {goal:,g})"
    print(f"{name}: {ours:,.3f} {unit}{said}", file=sys.stderr, flush=True)
    return {
        "name": name,
        "unit": unit,
        "ours": round(ours, 3),
        "theirs": None,
        "ratio": None,
        "goal": goal,
        "met": met,
    }


if __name__ == "__main__":
    raise SystemExit(main())
