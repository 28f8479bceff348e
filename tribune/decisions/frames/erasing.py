"""Erasing what was decided about somebody, without breaking what others can prove.

Blanks features, prediction, score and salts of rows in a sealed partition; id, time, leaf and the salted
digest of the body stay. So every proof of a neighbour, and that a decision of this id was made at its time,
holds as before, and nobody can guess the body back. Reports over the frame can no longer be recomputed.
Refused while monitors may still need the frame. Labels, copies of the log elsewhere and backups are out of
its reach.
"""

from __future__ import annotations

import fcntl
import os
import time as clock
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tribune.decisions.anchor import Manifest, Partition, frame_folder, read_manifest
from tribune.decisions.erasures import Erasure, Erasures, read_erasures, write_erasures
from tribune.decisions.frames.partitions import body_of, describe, schema_of, write_table
from tribune.decisions.frames.sealing import one_at_a_time
from tribune.decisions.leaf import LogSchema, body_digest, decision_leaf
from tribune.decisions.records import Record
from tribune.decisions.waiting.slots import sync_folder
from tribune.decisions.waiting.wal import SUFFIX, encode, read_segment, schema_line
from tribune.exceptions import AbsentError, DataError, EvidenceError, LogUnavailableError
from tribune.ids import Digest, FrameIndex

if TYPE_CHECKING:
    import pyarrow

_AT_ONCE = 65_536  # rows whose values are in memory
_KEPT = frozenset({"id", "time", "leaf", "body_digest"})


def erase(
    folder: Path,
    frame: FrameIndex,
    ids: Collection[str] | None,
    *,
    reason: str,
    needed_until: int,
    now: int | None = None,
) -> int:
    """Erase rows of a sealed frame and return how many; those erased before stay as they are.

    Killed anywhere, it can be run again.

    Args:
        folder: the log folder of the model version.
        frame: the frame, 1 or later, in whose folder the rows lie.
        ids: of the decisions; None erases all.
        reason: for the record.
        needed_until: when the last report that may need the frame can have been given, UTC microseconds.
        now: UTC microseconds; the clock's where None.

    Raises:
        DataError: the frame is still needed, or holds none of these ids.
        EvidenceError: the frame is not sealed, or not what its manifest and record of erasures say.
        LogUnavailableError: the disk refuses; what was not erased is as it was.
    """
    now = clock.time_ns() // 1000 if now is None else now
    if now < needed_until:
        raise DataError(
            f"Frame {frame} can still be reported, looked back on or voted about: nothing in it is erased.",
            mend=f"Try again in {-(-(needed_until - now) // 3_600_000_000)} h.",
            frame=frame,
        )
    place = frame_folder(folder, frame)
    manifest = read_manifest(folder, frame)
    erased, known = 0, 0
    try:
        with one_at_a_time(folder):
            for partition in _own(manifest):
                table = _read(folder, partition)
                chosen = [ids is None or id_ in ids for id_ in table.column("id").to_pylist()]
                blank = [
                    this and salt is not None
                    for this, salt in zip(chosen, table.column("salt").to_pylist(), strict=True)
                ]
                known += sum(chosen)
                if any(blank):
                    _replace(
                        folder,
                        partition,
                        _blanked(table, blank, manifest),
                        Erasure(now, sum(blank), None if ids is None else tuple(_ids(table, blank)), reason),
                    )
                    erased += sum(blank)
    except OSError as fault:
        raise LogUnavailableError(f"{place} cannot be written: {fault.strerror}.", frame=frame) from fault
    if not known and ids is not None:
        raise AbsentError(f"Frame {frame} holds none of these decisions.", mend="Check the ids.", frame=frame)
    return erased


def holds_bodies(folder: Path, manifest: Manifest) -> bool:
    """Return whether a row in a sealed frame's folder still has its body, as its files' own counts say.

    Reads no row. A file that cannot be read counts as one that has: `erase` says what is wrong with it.
    """
    return any(_has_salt(folder / part.path) for part in _own(manifest))


def ids_in(folder: Path, frame: FrameIndex) -> frozenset[str]:
    """Return the ids of the decisions whose rows lie in the folder of a sealed frame.

    Raises:
        EvidenceError: the frame is not sealed, or a partition is not what is on record.
    """
    found: list[str] = []
    for partition in _own(read_manifest(folder, frame)):
        found += _read(folder, partition).column("id").to_pylist()
    return frozenset(found)


def erase_late(folder: Path, ids: Collection[str] | None, *, before: int | None = None) -> int:
    """Erase decisions that came too late for their frame, whole, and return how many.

    No proof leads to them, so nothing of them has to stay.

    Args:
        folder: the log folder of the model version.
        ids: of the decisions; None erases all, up to `before`.
        before: erase only those whose time, in UTC microseconds, lies before this.

    Raises:
        LogUnavailableError: a writer still has one of their files open, or the disk refuses.
        EvidenceError: one of them is damaged.
    """
    erased, busy = 0, None
    for path in sorted((folder / "wal" / "late").glob(f"*{SUFFIX}")):
        try:
            erased += _erase_in(path, ids, before)
        except BlockingIOError:
            busy = path
        except OSError as fault:
            raise LogUnavailableError(f"{path} cannot be written: {fault.strerror}.") from fault
    if busy is not None:
        raise LogUnavailableError(
            f"A server still writes into {busy}.", mend="Stop or restart it, then try again."
        )
    return erased


def _erase_in(path: Path, ids: Collection[str] | None, before: int | None) -> int:
    """Erase from a segment, which is there whole before and after, and return how many."""
    document, records = read_segment(path)
    if document is None or len(_young(records, ids, before)) == len(records):
        return 0
    temporary = path.with_suffix(".erasing")
    with path.open("rb+") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # a writer holds it for as long as it writes
        _, records = read_segment(path)  # again: it may have written before it let go
        kept = _young(records, ids, before)
        if kept:
            with temporary.open("wb") as written:
                written.write(schema_line(document) + b"".join(map(encode, kept)))
                written.flush()
                os.fsync(written.fileno())
            temporary.rename(path)
        else:
            path.unlink()
            temporary.unlink(missing_ok=True)  # of a try that was killed: it holds what was kept then
        sync_folder(path.parent)
    return len(records) - len(kept)


def _young(records: Sequence[Record], ids: Collection[str] | None, before: int | None) -> list[Record]:
    """Return the records that stay."""
    return [
        record
        for record in records
        if (ids is not None and record.id not in ids) or (before is not None and record.time >= before)
    ]


def _own(manifest: Manifest) -> list[Partition]:
    """Return the partitions that lie in the frame's own folder, not in those of the frames it slides over."""
    return [part for part in manifest.partitions if part.path.startswith(f"frames/{manifest.frame}/")]


def _has_salt(path: Path) -> bool:
    import pyarrow
    import pyarrow.parquet as parquet

    try:
        metadata = parquet.read_metadata(path)
        place = metadata.schema.names.index("salt")
        parts = [metadata.row_group(i).column(place) for i in range(metadata.num_row_groups)]
    except (OSError, ValueError, pyarrow.ArrowException):
        return True
    return any(part.statistics is None or part.statistics.null_count < part.num_values for part in parts)


def _read(folder: Path, partition: Partition) -> pyarrow.Table:
    """Return a partition that is as sealed, or as an erasure on record left it."""
    import pyarrow.parquet as parquet

    path = folder / partition.path
    found = describe(path, partition.path)
    allowed = {partition.sha256, read_erasures(path.parent).files.get(partition.path)}
    if found.sha256 not in allowed:
        raise EvidenceError(
            f"Partition {partition.path} was changed: its sha-256 differs.", path=partition.path
        )
    return parquet.read_table(path)


def _blanked(table: pyarrow.Table, blank: list[bool], manifest: Manifest) -> pyarrow.Table:
    import pyarrow
    import pyarrow.compute as compute

    schema, names, mask = schema_of(table.schema), table.column_names, pyarrow.array(blank)
    digests = table.column("body_digest").to_pylist() if "body_digest" in names else [None] * len(blank)
    places = (i for i, this in enumerate(blank) if this)
    for batch in table.filter(mask).to_batches(max_chunksize=_AT_ONCE):
        for row in batch.to_pylist():
            digests[next(places)] = _digest(schema, row, manifest)
    columns = {
        name: table.column(name)
        if name in _KEPT
        else compute.if_else(mask, pyarrow.scalar(None, table.schema.field(name).type), table.column(name))
        for name in names
    }
    columns["body_digest"] = pyarrow.array(digests, pyarrow.binary())
    return pyarrow.table(columns)


def _digest(schema: LogSchema, row: Mapping[str, Any], manifest: Manifest) -> Digest:
    """Return the body's digest, with which a row's leaf can be told without its body."""
    body = body_of(schema, row)
    if body is None:
        raise EvidenceError(f"The row of decision {row['id']} has no salt.", id=row["id"])
    digest = body_digest(row["salt"], body)
    leaf = decision_leaf(manifest.model_id, manifest.version, row["id"], row["time"], digest)
    if row["leaf"] != leaf:
        raise EvidenceError(f"The row of decision {row['id']} does not have its leaf.", id=row["id"])
    return digest


def _replace(folder: Path, partition: Partition, table: pyarrow.Table, act: Erasure) -> None:
    """Put a table in a partition's place: first what it is going to be is on record, then it is."""
    path = folder / partition.path
    temporary = path.with_name(f".{path.name}.erasing")
    write_table(table, temporary)
    now = describe(temporary, partition.path)
    before = read_erasures(path.parent)
    if before.files.get(partition.path) != now.sha256:  # else it was on record when the last try was killed
        files = {**before.files, partition.path: now.sha256}
        write_erasures(path.parent, Erasures([*before.acts, act], files))
    temporary.rename(path)
    sync_folder(path.parent)


def _ids(table: pyarrow.Table, chosen: list[bool]) -> list[str]:
    return [id_ for id_, this in zip(table.column("id").to_pylist(), chosen, strict=True) if this]
