"""The grids of a log, beside it: whoever seals tells writers of a new policy's frames.

A serving process needs no chain to know which frame a decision belongs to: it shares the log's folder with
the logger, which reads the chain. Writers look at this file while they hold a slot's door, so that none
places a decision by an older one once the doors were passed (`sorting`).
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from tribune.decisions.grid import FrameGrid, GridHistory
from tribune.decisions.waiting.slots import sync_folder
from tribune.exceptions import ConfigurationError, EvidenceError
from tribune.ids import FrameIndex
from tribune.untrusted import load_json

SCHEMA = "tribune/grids/1"
NAME = "grids.json"

Stamp = tuple[int, int, int] | None
"""Tells two states of the file apart; None: there is none."""


def stamp_of(folder: Path) -> Stamp:
    """Return the state of the file in the log folder of a model version."""
    try:
        found = (folder / NAME).stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def read_grids(folder: Path) -> GridHistory | None:
    """Return the grids that were told last, None where none ever were.

    Raises:
        EvidenceError: the file cannot be read.
    """
    try:
        document = load_json((folder / NAME).read_bytes())
        if document["schema"] != SCHEMA:
            raise ValueError("another schema")
        return GridHistory(
            tuple(
                (FrameIndex(one["first"]), FrameGrid(one["epoch"], one["step"], one["length"], one["grace"]))
                for one in document["grids"]
            )
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, ConfigurationError) as fault:
        raise EvidenceError(f"The grids {folder / NAME} cannot be read: {fault}.") from fault


def write_grids(folder: Path, grids: GridHistory) -> None:
    """Tell writers of the grids."""
    document = {
        "schema": SCHEMA,
        "grids": [
            {"first": first, "epoch": one.epoch, "step": one.step, "length": one.length, "grace": one.grace}
            for first, one in grids.parts
        ],
    }
    temporary = folder / f".{NAME}.writing"
    with temporary.open("w", encoding="utf-8") as file:
        file.write(json.dumps(document, indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(folder / NAME)
    sync_folder(folder)
