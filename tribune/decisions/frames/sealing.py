"""Sealing: turns what waits for a frame into partitions and a manifest that nobody can change unseen.

A seal closes the frame's slot first; what comes later is late. The sealed frame is built in a folder beside
its place and moved there by one rename, so it is there whole or not at all, and a seal that was killed
anywhere is simply run again: a decision is never lost and never in two frames. Refuses to seal early, or over
a damaged segment.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time as clock
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tribune.decisions.anchor import (
    MANIFEST_NAME,
    Manifest,
    Partition,
    frame_folder,
    log_folder,
    manifest_bytes,
    read_manifest,
)
from tribune.decisions.frames.labels import arrived_before
from tribune.decisions.frames.partitions import decision_table, describe, label_table, write_table
from tribune.decisions.grid import Frames, GridHistory
from tribune.decisions.leaf import Decision, LogSchema
from tribune.decisions.merkle import MerkleTree
from tribune.decisions.records import Record, row_of, salted
from tribune.decisions.waiting.slots import Slot, sync_folder
from tribune.decisions.waiting.sorting import follow
from tribune.decisions.waiting.wal import holds_records, read_segment
from tribune.exceptions import DataError, EvidenceError, LogUnavailableError
from tribune.ids import FrameIndex, ModelId, VersionNumber

_ROWS = 1_000_000  # of one partition: bounds the memory of whoever reads it


@dataclass(frozen=True)
class LogSealer:
    """Seals the frames of one model version's log; may run in another process than the writers.

    Args:
        root: the log folder.
        grid: which frame a time belongs to, as the chain has it; writers follow it from the next seal on.
        model_id: the model.
        version: its version.
    """

    root: Path
    grid: Frames
    model_id: ModelId
    version: VersionNumber

    @property
    def folder(self) -> Path:
        """The log folder of the model version."""
        return log_folder(self.root, self.model_id, self.version)

    def is_sealed(self, frame: FrameIndex) -> bool:
        """Whether the frame's manifest is in place."""
        return (frame_folder(self.folder, frame) / MANIFEST_NAME).exists()

    def follow(self) -> None:
        """Bring writers and what waits under this grid; done by each seal, and at once where it is in force.

        Raises:
            LogUnavailableError: when the disk refuses; it can be run again.
            EvidenceError: for a damaged segment.
        """
        try:
            with one_at_a_time(self.folder):
                follow(self.folder, GridHistory.of(self.grid))
        except OSError as fault:
            raise LogUnavailableError(
                f"The log {self.folder} cannot be written: {fault.strerror}."
            ) from fault

    def close(self, frame: FrameIndex) -> bool:
        """Close a frame to writers for good and return whether decisions wait in it.

        Raises:
            EvidenceError: for a segment that cannot be read.
        """
        self.follow()
        return self._close(frame)

    def _close(self, frame: FrameIndex) -> bool:
        slot = Slot(self.folder, frame)
        slot.close()
        return any(holds_records(path) for path in slot.segments())

    def seal(self, frame: FrameIndex, *, now: int | None = None) -> Manifest:
        """Seal a frame and return its manifest; a frame already sealed is returned as it is.

        Args:
            frame: its index, from 1.
            now: UTC microseconds; the clock's where None.

        Raises:
            DataError: before the frame's end plus grace.
            LogUnavailableError: when the disk refuses; the seal can be run again.
            EvidenceError: for a damaged segment or a sealed partition that is not what its manifest says.
        """
        due = self.grid.due_at(frame)
        if (clock.time_ns() // 1000 if now is None else now) < due:
            raise DataError(f"Frame {frame} cannot be sealed before its end plus grace.", frame=frame)
        try:
            with one_at_a_time(self.folder):
                follow(self.folder, GridHistory.of(self.grid))
                slot = Slot(self.folder, frame)
                if not self.is_sealed(frame):
                    slot.close()
                    self._take_labels(slot, due)
                    self._build(slot)
                manifest = read_manifest(self.folder, frame)
                for leftover in (*slot.segments(), *slot.folder.glob("*.parquet")):
                    leftover.unlink()  # sealed by now
        except OSError as fault:
            raise LogUnavailableError(
                f"Frame {frame} cannot be sealed: {fault.strerror}.", frame=frame
            ) from fault
        return manifest

    def _take_labels(self, slot: Slot, before: int) -> None:
        # Moved, not copied, and for good: a seal that is run again must not take later ones.
        marker = slot.folder / "labels-taken"
        if not marker.exists():
            for path in arrived_before(self.folder, before):
                path.rename(slot.folder / path.name)
            marker.touch()
            sync_folder(slot.folder)

    def _build(self, slot: Slot) -> None:
        schema, records = _read_slot(slot, GridHistory.of(self.grid))
        start, end = self.grid.bounds(slot.frame)
        with _building(self.folder, slot.frame) as (place, name):
            earlier, leaves = self._earlier(slot.frame, place)
            leaves += [record.leaf for record in records]
            parts = _write_decisions(schema, records, place, name)
            labels = []
            for i, source in enumerate(sorted(slot.folder.glob("*.parquet"))):
                target = place / f"labels-{i:04d}.parquet"
                shutil.copyfile(source, target)
                labels.append(describe(target, f"{name}/{target.name}"))
            partitions = (*earlier, *parts)
            _finish(
                place,
                Manifest(
                    model_id=self.model_id,
                    version=self.version,
                    frame=slot.frame,
                    start=start,
                    end=end,
                    partitions=partitions,
                    labels=tuple(labels),
                    merkle_root=MerkleTree(leaves).root,
                    rows=sum(partition.rows for partition in partitions),
                ),
            )

    def _earlier(self, frame: FrameIndex, place: Path) -> tuple[list[Partition], list[bytes]]:
        """Return partitions and leaves of what a sliding frame shares with those before it.

        Their files are named as they are; only of a frame that another grid cut, and which begins before this
        one, the rows that both hold are written anew, into `place`.
        """
        import pyarrow.compute as compute
        import pyarrow.parquet as parquet

        start, _ = self.grid.bounds(frame)
        index, shared = frame, []
        while index > 1 and self.grid.bounds(FrameIndex(index - 1))[1] > start:
            index = FrameIndex(index - 1)
            shared.append(index)
        found: list[Partition] = []
        leaves: list[bytes] = []
        for index in reversed(shared):
            if not self.is_sealed(index):
                if self._close(index):
                    raise DataError(f"Frame {index} must be sealed before frame {frame}.", frame=frame)
                continue
            for partition in read_manifest(self.folder, index).partitions:
                if not partition.path.startswith(f"frames/{index}/part-"):
                    continue
                path = self.folder / partition.path
                if self.grid.step_of(index)[0] < start:
                    table = parquet.read_table(path)
                    table = table.filter(compute.greater_equal(table.column("time"), start))
                    path = place / f"shared-{len(found):04d}.parquet"
                    write_table(table, path)
                    partition = describe(path, f"frames/{frame}/{path.name}")
                found.append(partition)
                leaves += _leaves(path)
        return found, leaves


def seal_evaluation(
    root: Path,
    schema: LogSchema,
    decisions: Iterable[Decision],
    labels: Iterable[tuple[str, int, object]],
    *,
    model_id: ModelId,
    version: VersionNumber,
) -> Manifest:
    """Seal a version's evaluation set as frame 0 and return its manifest.

    Its `anchor_word` is the evaluation-set digest to register. A frame 0 already sealed is never replaced.

    Raises:
        DataError: for a decision that is not of these columns, or no decisions.
        EvidenceError: when frame 0 is sealed already.
    """
    records, _ = salted(model_id, version, [row_of(schema, decision) for decision in decisions])
    if not records:
        raise DataError("An evaluation set needs rows.")
    folder = log_folder(root, model_id, version)
    frame = FrameIndex(0)
    with one_at_a_time(folder):
        if frame_folder(folder, frame).exists():
            raise EvidenceError(f"The evaluation set of version {version} is sealed already.", frame=frame)
        with _building(folder, frame) as (place, name):
            parts = _write_decisions(schema, records, place, name)
            path = place / "labels-0000.parquet"
            write_table(label_table(labels, schema.prediction), path)
            times = [record.time for record in records]
            _finish(
                place,
                Manifest(
                    model_id=model_id,
                    version=version,
                    frame=frame,
                    start=min(times),
                    end=max(times) + 1,
                    partitions=tuple(parts),
                    labels=(describe(path, f"{name}/{path.name}"),),
                    merkle_root=MerkleTree([record.leaf for record in records]).root,
                    rows=len(records),
                ),
            )
        return read_manifest(folder, frame)


def _read_slot(slot: Slot, grids: GridHistory) -> tuple[LogSchema | None, list[Record]]:
    """Return the columns and what belongs to the slot's frame; what does not was sorted where it does."""
    schema: LogSchema | None = None
    first: dict[str, object] | None = None
    found: dict[bytes, Record] = {}  # a leaf is one decision's, whose record may lie here twice by sorting
    for path in slot.segments():
        document, read = read_segment(path)
        if document is None:
            continue
        if first is not None and document != first:
            raise EvidenceError(f"{path} was written with other columns than its neighbours.", path=str(path))
        first = document
        schema = LogSchema.from_document(document)
        found |= {one.leaf: one for one in read if grids.frame_of(one.time) == slot.frame}
    return schema, sorted(found.values(), key=lambda record: (record.time, record.id))


def _write_decisions(
    schema: LogSchema | None, records: list[Record], place: Path, name: str
) -> list[Partition]:
    parts: list[Partition] = []
    if schema is None:
        return parts
    for i in range(0, len(records), _ROWS):
        path = place / f"part-{len(parts):04d}.parquet"
        write_table(decision_table(schema, records[i : i + _ROWS]), path)
        parts.append(describe(path, f"{name}/{path.name}"))
    return parts


def _leaves(path: Path) -> list[bytes]:
    import pyarrow.parquet as parquet

    leaves: list[bytes] = parquet.read_table(path, columns=["leaf"]).column("leaf").to_pylist()
    return leaves


@contextmanager
def _building(folder: Path, frame: FrameIndex) -> Iterator[tuple[Path, str]]:
    """Yield a folder to build a frame in and its final name; on success, move it into place at once."""
    target = frame_folder(folder, frame)
    place = target.with_name(f".{frame}.building")
    shutil.rmtree(place, ignore_errors=True)  # of a seal that was killed
    place.mkdir(parents=True)
    yield place, f"frames/{frame}"
    sync_folder(place)
    place.rename(target)
    sync_folder(target.parent)


def _finish(place: Path, manifest: Manifest) -> None:
    with (place / MANIFEST_NAME).open("wb") as file:
        file.write(manifest_bytes(manifest))
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Let nobody else seal or erase in the log of a model version while the block runs."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "seal.lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
