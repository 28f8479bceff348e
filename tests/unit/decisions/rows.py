"""Small logs for the tests of this folder."""

from __future__ import annotations

from pathlib import Path

from tribune.decisions.frames.sealing import LogSealer
from tribune.decisions.grid import FrameGrid, Frames
from tribune.decisions.leaf import Decision, LogSchema
from tribune.decisions.log import DecisionLog
from tribune.decisions.proofs.receipts import Receipt
from tribune.ids import ModelId, VersionNumber

SCHEMA = LogSchema({"AGEP": "numeric", "SEX": "category"})
GRID = FrameGrid(epoch=0, step=1000, length=1000, grace=100)
MODEL = ModelId(1)
VERSION = VersionNumber(2)
LATE = 10**9


def decision(name: str, time: int, **features: object) -> Decision:
    return Decision(name, time, {"AGEP": 30.0, "SEX": "1", **features}, "1", 0.5)


def write(root: Path, *decisions: Decision, grid: Frames = GRID) -> list[Receipt]:
    """Write decisions by a writer of their own."""
    log = DecisionLog(root, SCHEMA, grid, model_id=MODEL, version=VERSION)
    futures = [log.accept(each) for each in decisions]
    log.close()
    return [future.result(5) for future in futures]


def sealer(root: Path, grid: Frames = GRID) -> LogSealer:
    return LogSealer(root, grid, MODEL, VERSION)
