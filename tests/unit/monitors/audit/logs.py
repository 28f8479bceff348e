"""Sealed frames for the tests of this folder, honest ones and such as an operator might make."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet

from tribune.decisions.anchor import (
    MANIFEST_NAME,
    anchor_word,
    frame_folder,
    log_folder,
    manifest_bytes,
    read_manifest,
)
from tribune.decisions.frames.partitions import describe
from tribune.decisions.frames.sealing import LogSealer
from tribune.decisions.grid import FrameGrid
from tribune.decisions.leaf import Decision, LogSchema
from tribune.decisions.log import DecisionLog
from tribune.decisions.merkle import MerkleTree
from tribune.ids import FrameIndex, ModelId, VersionNumber
from tribune_monitors.sources.sealed import SealedFrame, SealedLog

SCHEMA = LogSchema({"age": "numeric", "sex": "category"})
GRID = FrameGrid(epoch=0, step=1000, length=1000, grace=100)
SLIDING = FrameGrid(epoch=10_000, step=1000, length=2000, grace=100)
MODEL, VERSION, ONE, TWO = ModelId(1), VersionNumber(2), FrameIndex(1), FrameIndex(2)
LATE = 10**9


def served(age: float) -> tuple[str, float]:
    """Answer as the model of these tests does."""
    score = min(1.0, max(0.0, age / 100))
    return ("1" if score > 0.4 else "0"), score


def decisions(n: int, start: int = 0, seed: int = 1) -> list[Decision]:
    dice = random.Random(seed)  # noqa: S311 - samples, not secrets
    made = []
    for i in range(n):
        age = dice.uniform(0, 100)
        prediction, score = served(age)
        made.append(Decision(f"{seed}-{i}", start + i, {"age": age, "sex": "1"}, prediction, score))
    return made


def sealed(
    root: Path, rows: Sequence[Decision], frame: FrameIndex = ONE, grid: FrameGrid = GRID
) -> SealedFrame:
    """Log, seal and read a frame as an honest gate, steward and monitor do."""
    log = DecisionLog(root, SCHEMA, grid, model_id=MODEL, version=VERSION)
    futures = [log.accept(row) for row in rows]
    log.close()
    for future in futures:
        future.result(5)
    LogSealer(root, grid, MODEL, VERSION).seal(frame, now=LATE)
    return read(root, frame)


def read(root: Path, frame: FrameIndex = ONE) -> SealedFrame:
    word = anchor_word(read_manifest(log_folder(root, MODEL, VERSION), frame))
    return SealedLog(root).read(MODEL, VERSION, frame, word=word)


def tampered(
    root: Path, change: Callable[[pa.Table], pa.Table], *, frame: FrameIndex = ONE, own_root: bool = False
) -> SealedFrame:
    """Return a frame whose operator changed its first partition before it anchored it.

    Args:
        root: the log.
        change: what the operator does to the partition.
        frame: which.
        own_root: whether the anchored root is of the changed leaf column.
    """
    folder = log_folder(root, MODEL, VERSION)
    manifest = read_manifest(folder, frame)
    path = folder / manifest.partitions[0].path
    parquet.write_table(change(parquet.read_table(path)), path)
    first = describe(path, manifest.partitions[0].path)
    partitions = (first, *manifest.partitions[1:])
    leaves = parquet.read_table(path, columns=["leaf"]).column("leaf").to_pylist() if own_root else []
    changed = replace(
        manifest,
        partitions=partitions,
        rows=sum(one.rows for one in partitions),
        merkle_root=MerkleTree(leaves).root if own_root else manifest.merkle_root,
    )
    (frame_folder(folder, frame) / MANIFEST_NAME).write_bytes(manifest_bytes(changed))
    return read(root, frame)


def column(name: str, change: Callable[[list[object]], list[object]]) -> Callable[[pa.Table], pa.Table]:
    """Return what changes the values of a column."""

    def of(table: pa.Table) -> pa.Table:
        place = table.column_names.index(name)
        field = table.schema.field(place)
        return table.set_column(place, field, pa.array(change(table.column(name).to_pylist()), field.type))

    return of


def at(place: int, value: object) -> Callable[[list[object]], list[object]]:
    """Return what puts a value into one row."""
    return lambda values: [*values[:place], value, *values[place + 1 :]]
