"""The record of what was erased from a sealed frame, kept beside its manifest.

A manifest never changes: its word is on the chain. So a partition out of which rows were erased is no longer
the file that the manifest names, and this record says so: which file, since when, why, and what its sha-256
is now. It proves nothing; it keeps an erasure from looking like damage, and damage from passing for one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tribune.exceptions import EvidenceError
from tribune.ids import Digest
from tribune.untrusted import load_json

SCHEMA = "tribune/erasures/1"
NAME = "erasures.json"
_MAX_BYTES = 2**26


@dataclass(frozen=True)
class Erasure:
    """One act: `at` in UTC microseconds, the ids whose rows it erased (None: all rows), and why."""

    at: int
    rows: int
    ids: tuple[str, ...] | None
    reason: str

    @property
    def day(self) -> str:
        """The day of it, in UTC."""
        return f"{datetime.fromtimestamp(self.at / 1e6, UTC):%Y-%m-%d}"


@dataclass(frozen=True)
class Erasures:
    """All acts on one frame, oldest first, and what the files' sha-256 are since the last of them."""

    acts: Sequence[Erasure] = ()
    files: Mapping[str, Digest] = field(default_factory=dict)


def read_erasures(place: Path) -> Erasures:
    """Return what was erased from the frame in a folder.

    Raises:
        EvidenceError: the record cannot be read.
    """
    path = place / NAME
    try:
        with path.open("rb") as file:
            document = load_json(file.read(_MAX_BYTES))
        if document["schema"] != SCHEMA:
            raise ValueError("another schema")
        acts = [
            Erasure(act["at"], act["rows"], None if act["ids"] is None else tuple(act["ids"]), act["reason"])
            for act in document["acts"]
        ]
        files = {name: Digest(bytes.fromhex(sha256)) for name, sha256 in document["files"].items()}
    except FileNotFoundError:
        return Erasures()
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as fault:
        raise EvidenceError(
            f"The record of erasures {path} cannot be read: {fault}.", path=str(path)
        ) from fault
    return Erasures(acts, files)


def write_erasures(place: Path, erasures: Erasures) -> None:
    """Put a record in place, whole or not at all."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "acts": [
            {"at": act.at, "rows": act.rows, "ids": act.ids, "reason": act.reason} for act in erasures.acts
        ],
        "files": {name: sha256.hex() for name, sha256 in sorted(erasures.files.items())},
    }
    temporary = place / f".{NAME}.writing"
    with temporary.open("w", encoding="utf-8") as file:
        file.write(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(place / NAME)


def erased_since(folder: Path, path: str, sha256: Digest) -> str | None:
    """Return the day since which a sealed file is another by an erasure on record; None: it is not.

    Args:
        folder: the log folder of the model version.
        path: of the file in the manifest.
        sha256: that it has now.
    """
    erasures = read_erasures((folder / path).parent)
    if not erasures.acts or erasures.files.get(path) != sha256:
        return None
    return erasures.acts[0].day
