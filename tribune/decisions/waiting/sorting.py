"""Sorting what waits by a new grid, so that no decision falls between two policies.

A policy takes force at a boundary of the grid before it, and may be set moments before: until a writer hears
of it, it puts decisions into the slots of the old grid. So whoever seals first tells the new grids, then
passes through every door, after which no writer goes by the old ones; what lies in another slot than its
time now says is copied into its own, and left out where it lay. Killed anywhere, it is run again: a copy is
written anew under the same name, and what is found twice in a slot counts once, by its leaf.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from tribune.decisions.anchor import read_manifest
from tribune.decisions.grid import GridHistory
from tribune.decisions.records import Record
from tribune.decisions.waiting.gridfile import read_grids, write_grids
from tribune.decisions.waiting.slots import LATE, Slot, slots_of, sync_folder
from tribune.decisions.waiting.wal import SUFFIX, encode, read_segment, schema_line
from tribune.ids import FrameIndex

_SORTED = "grids.sorted"


def follow(folder: Path, grids: GridHistory) -> None:
    """Bring writers and what waits in a log under these grids; at once where they are the ones in force.

    To be called by whoever alone may seal.

    Args:
        folder: the log folder of the model version.
        grids: as the chain has them.

    Raises:
        EvidenceError: a segment or the file of grids is damaged.
        OSError: the disk refuses; it can be run again.
    """
    marker = folder / _SORTED
    if read_grids(folder) != grids:
        marker.unlink(missing_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        write_grids(folder, grids)
    if marker.exists():
        return
    waiting = list(slots_of(folder))
    for slot in waiting:
        slot.pass_through()
    for slot in waiting:
        _sort(folder, slot, grids)
    marker.touch()
    sync_folder(folder)


def strays(records: list[Record], frame: FrameIndex, grids: GridHistory) -> Iterator[Record]:
    """Yield those records of a slot whose time belongs to another frame, or to none."""
    return (record for record in records if grids.frame_of(record.time) != frame)


def _sealed_leaves(folder: Path, frame: FrameIndex) -> frozenset[bytes]:
    """Return the leaves of a sealed frame."""
    import pyarrow.parquet as parquet

    leaves: list[bytes] = []
    for partition in read_manifest(folder, frame).partitions:
        leaves += parquet.read_table(folder / partition.path, columns=["leaf"]).column("leaf").to_pylist()
    return frozenset(leaves)


def _sort(folder: Path, slot: Slot, grids: GridHistory) -> None:
    """Copy what belongs elsewhere to where it does: to its slot, or to the late ones if that is sealed."""
    known: dict[FrameIndex, frozenset[bytes]] = {}
    for path in slot.segments():
        document, records = read_segment(path)
        by_place: dict[Path, list[Record]] = {}
        for record in strays(records, slot.frame, grids):
            frame = grids.frame_of(record.time)
            target = None if frame is None else Slot(folder, frame)
            if target is None or not target.sealed:
                place = folder / "wal" / LATE if target is None else target.folder
            else:
                if target.frame not in known:
                    known[target.frame] = _sealed_leaves(folder, target.frame)
                if record.leaf in known[target.frame]:
                    continue  # sorted before, by an earlier change, and sealed since
                place = folder / "wal" / LATE
            by_place.setdefault(place, []).append(record)
        for place, moved in by_place.items():
            place.mkdir(parents=True, exist_ok=True)
            name = f"from-{slot.frame}-{path.stem}"
            temporary = place / f"{name}.sorting"
            with temporary.open("wb") as file:
                file.write(schema_line(document or {}) + b"".join(map(encode, moved)))
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(place / f"{name}{SUFFIX}")
            sync_folder(place)
