"""The campaign on the decision log: two writers and the sealer killed again and again, while policies change.

Writers append without pause and note each receipt in a file; the sealer seals and anchors frames of a
fraction of a second, by a new grid every few seconds, of which writers hear from it alone. Anchors go into a
folder that, like the chain, never takes another word for a frame. Once all kills are done no further grid
comes, and the rest is sealed. In the end each receipt that named a frame must be proven, each other must lie
with the late ones, and nothing may be twice.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import random
import time
from collections import Counter
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from tribune.decisions.anchor import Manifest, anchor_word, log_folder, read_manifest, verify_partitions
from tribune.decisions.frames.sealing import LogSealer
from tribune.decisions.grid import FrameGrid, GridHistory
from tribune.decisions.leaf import Decision, LogSchema
from tribune.decisions.log import DecisionLog
from tribune.decisions.merkle import MerkleTree, verify_proof
from tribune.decisions.waiting.wal import read_segment
from tribune.exceptions import EvidenceError
from tribune.gate.sealing.sealer import FrameSealer
from tribune.ids import Digest, FrameIndex, ModelId, VersionNumber

MODEL, VERSION = ModelId(1), VersionNumber(1)
SCHEMA = LogSchema({"age": "numeric", "sex": "category"})
WRITERS = ("writer-0", "writer-1")
STEPS_US = (300_000, 200_000, 500_000)
"""Steps of the policies, in turn."""
FRAMES_EACH = 12
"""Frames that a policy rules."""
GRACE_US = 100_000
AT_ONCE, PAUSE_S = 8, 0.005
LONGEST_S = 0.35
"""Longest time that a process has before it is killed."""
SEAL_S = 10.0
"""How long every second death of the sealer waits for a frame to be sealed, so that not all are early."""
PATIENCE_S = 600.0


@dataclass
class LogKilled:
    """What came of it."""

    kills: Counter[str]
    frames: int
    acknowledged: int
    late: int
    policies: int
    lost: list[str]
    duplicated: list[str]
    unproven: list[str]
    took_s: float

    @property
    def clean(self) -> bool:
        """Whether every receipt is proven or late, and nothing is twice."""
        return not (self.lost or self.duplicated or self.unproven)

    @property
    def row(self) -> dict[str, object]:
        """The numbers."""
        return {
            "campaign": "log",
            "kills": sum(self.kills.values()),
            "faults": 0,
            "frames": self.frames,
            "due": self.acknowledged,
            "reported": self.acknowledged - len(self.lost),
            "late": self.late,
            "policies": self.policies,
            "lost": len(self.lost),
            "duplicated": len(self.duplicated),
            "unreadable": len(self.unproven),
            "seconds": round(self.took_s, 1),
            "ok": self.clean,
        }


def log_campaign(root: Path, *, kills: int, seed: int, loud: bool = False) -> LogKilled:
    """Run it and return what came of it."""
    began = time.monotonic()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["chaos.log_kills", "pyarrow.parquet"])
    chance = random.Random(seed)  # noqa: S311 - reproducible moments, not secrets
    base = time.time_ns() // 1000
    parts = {name: (_write, (root, name, base)) for name in WRITERS} | {"sealer": (_seal, (root, base, 0))}
    running: dict[str, BaseProcess] = {}
    died: Counter[str] = Counter()
    sizes: dict[str, int | None] = {}
    try:
        while sum(died.values()) < kills:
            for name, (target, given) in parts.items():
                if name not in running or not running[name].is_alive():
                    running[name] = context.Process(target=target, args=given, daemon=True)
                    sizes[name] = _size(root / f"{name}.receipts") if name in WRITERS else None
                    running[name].start()
            name = chance.choice(list(parts))
            _wait_for_receipts(root / f"{name}.receipts", sizes.get(name))
            if name == "sealer" and chance.random() < 0.5:
                _wait_for_a_seal(root / "anchors")
            time.sleep(chance.uniform(0, LONGEST_S))
            if running[name].is_alive():
                running[name].kill()
                running[name].join()
                died[name] += 1
                if loud and sum(died.values()) % 50 == 0:
                    print(f"  {sum(died.values())} kills", flush=True)
    finally:
        for process in running.values():
            process.kill()
            process.join()
    now = time.time_ns() // 1000
    last = history(base, now).frame_of(now) or 1
    ending = context.Process(target=_seal, args=(root, base, last, now), daemon=True)
    ending.start()
    ending.join(PATIENCE_S)
    if ending.exitcode != 0:
        ending.kill()
        raise RuntimeError(f"the last sealer ended with {ending.exitcode}")
    found = _judge(root, died, FrameIndex(last))
    found.policies = len(history(base, now).parts)
    found.took_s = time.monotonic() - began
    return found


def _wait_for_receipts(path: Path, before: int | None) -> None:
    """Wait until a writer that was started has acknowledged something: a slow machine is no kill's merit."""
    ends = time.monotonic() + PATIENCE_S / 10
    while before is not None and _size(path) <= before + 1 and time.monotonic() < ends:
        time.sleep(0.01)


def _wait_for_a_seal(anchors: Path) -> None:
    """Wait until one frame more is anchored, or for a while."""

    def count() -> int:
        return len(list(anchors.glob("[0-9]*")))

    before, ends = count(), time.monotonic() + SEAL_S
    while count() == before and time.monotonic() < ends:
        time.sleep(0.005)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def history(base: int, now: int) -> GridHistory:
    """Return the policies that were set by a moment: each when it takes force, and not before."""
    parts: list[tuple[FrameIndex, FrameGrid]] = []
    first, begins, turn = 1, base, 0
    while begins <= now or not parts:
        step = STEPS_US[turn % len(STEPS_US)]
        parts.append((FrameIndex(first), FrameGrid(begins - (first - 1) * step, step, step, GRACE_US)))
        first, begins, turn = first + FRAMES_EACH, begins + FRAMES_EACH * step, turn + 1
    return GridHistory(tuple(parts))


def _write(root: Path, name: str, base: int) -> None:
    """Append until killed, and note what was acknowledged."""
    log = DecisionLog(root / "log", SCHEMA, history(base, base), model_id=MODEL, version=VERSION)
    receipts = os.open(root / f"{name}.receipts", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(receipts, b"\n")  # after what a kill may have left half written
    mine = f"{name}-{os.getpid()}-{time.time_ns()}"
    turn = 0
    while True:
        turn += 1
        now = time.time_ns() // 1000
        some = [
            Decision(f"{mine}-{turn}-{i}", now + i, {"age": float(i), "sex": "1"}, "1", 0.5)
            for i in range(AT_ONCE)
        ]
        for one in log.accept_many(some).result(60):
            line = json.dumps([one.id, one.time, one.frame, one.leaf.hex()])
            os.write(receipts, line.encode() + b"\n")
        time.sleep(PAUSE_S)


def _seal(root: Path, base: int, last: int, now: int = 0) -> None:
    """Seal and anchor: until killed, or until frame `last` is anchored, by the policies of moment `now`."""
    anchors = root / "anchors"
    anchors.mkdir(exist_ok=True)

    async def anchor(manifest: Manifest, word: Digest) -> None:
        path = anchors / str(manifest.frame)
        if path.exists():
            if path.read_bytes() != word:
                raise EvidenceError(f"Frame {manifest.frame} would be anchored with another word.")
            return
        whole = anchors / f".{manifest.frame}"
        whole.write_bytes(word)
        whole.rename(path)

    async def operational(_: FrameIndex) -> bool:
        return False  # so that empty frames are skipped, which is the more dangerous way

    async def grids() -> GridHistory:
        return history(base, now or time.time_ns() // 1000)

    async def run() -> None:
        done = [int(path.name) for path in anchors.glob("[0-9]*")]
        known = history(base, base)
        sealer = FrameSealer(
            LogSealer(root / "log", known, MODEL, VERSION),
            first=FrameIndex(max(done, default=0) + 1),
            anchor=anchor,
            was_operational=operational,
            grids=grids,
            look_s=0.1,
            retry_s=0.05,
        )
        task = asyncio.create_task(sealer.run())
        while not last or sealer.next_frame <= last:  # noqa: ASYNC110 - the loop tells nobody
            await asyncio.sleep(0.05)
        task.cancel()

    asyncio.run(run())


def _judge(root: Path, died: Counter[str], last: FrameIndex) -> LogKilled:
    """Hold every receipt against what was sealed and anchored."""
    folder = log_folder(root / "log", MODEL, VERSION)
    where: dict[str, FrameIndex | None] = {}
    leaves: dict[str, bytes] = {}
    counted: Counter[str] = Counter()
    unproven: list[str] = []
    frames = 0
    for frame in map(FrameIndex, range(1, last + 1)):
        if not (folder / "frames" / str(frame)).exists():
            continue
        frames += 1
        for id_, leaf in _proven(root, folder, frame, unproven):
            where[id_], leaves[id_] = frame, leaf
            counted[id_] += 1
    for path in (folder / "wal" / "late").glob("*.wal"):
        for record in read_segment(path)[1]:
            where[record.id], leaves[record.id] = None, record.leaf
            counted[record.id] += 1
    lost: list[str] = []
    acknowledged = late = 0
    for name in WRITERS:
        for line in (root / f"{name}.receipts").read_bytes().split(b"\n")[:-1]:
            try:
                id_, _, frame, leaf = json.loads(line)
            except ValueError:
                continue  # half a line: whoever wrote it was killed before it was told
            acknowledged += 1
            late += frame is None
            if id_ not in where or leaves[id_].hex() != leaf or (frame is not None and where[id_] is None):
                lost.append(id_)
    duplicated = [id_ for id_, times in counted.items() if times > 1]
    return LogKilled(died, frames, acknowledged, late, 0, lost, duplicated, unproven, 0.0)


def _proven(root: Path, folder: Path, frame: FrameIndex, unproven: list[str]) -> list[tuple[str, bytes]]:
    """Return what a frame holds, each with its leaf; note what does not lead to the anchored word."""
    import pyarrow.parquet as parquet

    manifest = read_manifest(folder, frame)
    word = root / "anchors" / str(frame)
    if not word.exists() or word.read_bytes() != anchor_word(manifest):
        unproven.append(f"frame {frame} is not anchored as it is")
    verify_partitions(folder, manifest, leaves=True)
    rows: list[tuple[str, bytes]] = []
    for partition in manifest.partitions:
        table = parquet.read_table(folder / partition.path, columns=["id", "time", "leaf"])
        for row in table.to_pylist():
            rows.append((row["id"], row["leaf"]))
            if not manifest.start <= row["time"] < manifest.end:
                unproven.append(row["id"])
    tree = MerkleTree([leaf for _, leaf in rows])
    for i, (id_, leaf) in enumerate(rows):
        if not verify_proof(manifest.merkle_root, leaf, tree.proof(i)):
            unproven.append(id_)
    return rows
