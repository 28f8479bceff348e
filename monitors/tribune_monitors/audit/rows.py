"""Rows of a sealed frame in manifest order, each held against the leaf beside it.

A leaf is recomputed from what the partition itself says: id, time, salt and body, the columns and their kinds
as the file has them. A row without a salt is erased: its leaf alone is left. A file whose columns no log has
proves none of its rows; a file that cannot be read to its end is an error, never a row that is not proven.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tribune.decisions.frames.partitions import schema_of
from tribune.decisions.leaf import (
    SALT_BYTES,
    Decision,
    LogSchema,
    body_digest,
    decision_leaves,
)
from tribune.decisions.merkle import MerkleTree
from tribune.exceptions import EvidenceError
from tribune.ids import Digest, ModelId, VersionNumber
from tribune.metrics.families.log_audit import MOST_NAMED, Leaves
from tribune_monitors.engines.base import UNREADABLE
from tribune_monitors.sources.sealed import SealedFrame

if TYPE_CHECKING:
    import pyarrow

_BATCH = 10_000
_COLUMNS = ("id", "time", "prediction", "score")
_BINARY = ("salt", "leaf")


@dataclass(frozen=True)
class Row:
    """A row as it was sealed.

    Args:
        decision: what it says; None where it is erased, or its file holds what no log does.
        leaf: as the column has it.
        erased: whether its body is gone.
        proven: whether its own body gives the leaf.
    """

    decision: Decision | None
    leaf: bytes
    erased: bool
    proven: bool


def check_leaves(sealed: SealedFrame) -> Leaves:
    """Recompute the leaf of every row of a frame, and the root of the leaves as they stand.

    Raises:
        EvidenceError: a partition cannot be read to its end.
    """
    manifest = sealed.manifest
    leaves: list[bytes] = []
    proven = erased = 0
    erased_at: list[int] = []
    changed_at: list[int] = []
    for place, row in enumerate(rows_of(sealed)):
        leaves.append(row.leaf)
        proven += row.proven
        erased += row.erased
        if not row.proven:
            named = erased_at if row.erased else changed_at
            if len(named) < MOST_NAMED:
                named.append(place)
    whole = len(leaves) == manifest.rows and all(len(leaf) == 32 for leaf in leaves)
    rooted = whole and MerkleTree(leaves).root == manifest.merkle_root
    return Leaves(manifest.rows, rooted, proven, erased, tuple(erased_at), tuple(changed_at))


def rows_of(sealed: SealedFrame) -> Iterator[Row]:
    """Yield the rows of a frame in manifest order.

    Raises:
        EvidenceError: a partition cannot be read to its end.
    """
    about = sealed.manifest.model_id, sealed.manifest.version
    for path in sealed.decisions:
        for batch in _batches(path):
            yield from _rows(batch, *about)


def rows_at(sealed: SealedFrame, places: Iterable[int]) -> dict[int, Row]:
    """Return some rows of a frame by their place; only the row groups that hold them are read.

    Raises:
        EvidenceError: a partition cannot be read, or there is no such row.
    """
    wanted = sorted(set(places))
    found: dict[int, Row] = {}
    first = 0
    for partition, path in zip(sealed.manifest.partitions, sealed.decisions, strict=True):
        own = [place - first for place in wanted if first <= place < first + partition.rows]
        if own:
            rows = _rows(_taken(path, own), sealed.manifest.model_id, sealed.manifest.version)
            found.update(zip((first + place for place in own), rows, strict=True))
        first += partition.rows
    if len(found) < len(wanted):
        raise EvidenceError(f"The frame has {first} rows, none at {wanted[-1]}.")
    return found


def _batches(path: Path) -> Iterator[pyarrow.RecordBatch]:
    import pyarrow
    import pyarrow.parquet as parquet

    try:
        with parquet.ParquetFile(path) as file:
            yield from file.iter_batches(batch_size=_BATCH, use_threads=False)
    except (OSError, pyarrow.ArrowException) as fault:
        raise _unreadable(path, fault) from fault


def _taken(path: Path, places: Sequence[int]) -> pyarrow.RecordBatch:
    """Return the rows of a file at these places, ascending."""
    import pyarrow
    import pyarrow.parquet as parquet

    taken = []
    first = 0
    try:
        with parquet.ParquetFile(path) as file:
            for number in range(file.num_row_groups):
                rows = file.metadata.row_group(number).num_rows
                own = [place - first for place in places if first <= place < first + rows]
                if own:
                    taken.append(file.read_row_group(number, use_threads=False).take(own))
                first += rows
    except (OSError, pyarrow.ArrowException) as fault:
        raise _unreadable(path, fault) from fault
    (batch,) = pyarrow.concat_tables(taken).combine_chunks().to_batches()
    return batch


def _unreadable(path: Path, fault: Exception) -> EvidenceError:
    return EvidenceError(f"Partition {path.name} cannot be read: {fault}.", path=str(path))


def _rows(batch: pyarrow.RecordBatch, model_id: ModelId, version: VersionNumber) -> Iterator[Row]:
    schema = _schema(batch.schema)
    if schema is None:
        yield from (Row(None, leaf, erased=False, proven=False) for leaf in _binary(batch, "leaf"))
        return
    names = tuple(schema.features)
    try:
        values = [batch.column(name).to_pylist() for name in (*_COLUMNS, *names)]
    except UnicodeDecodeError as fault:
        raise EvidenceError("A partition holds text that is not valid Unicode.", mend=UNREADABLE) from fault
    rows: list[Decision | None] = []
    whole: list[int] = []
    bodies: list[tuple[str, int, Digest]] = []
    inputs, salts, leaves = (_binary(batch, name) for name in ("input_digest", "salt", "leaf"))
    for place, (id_, time, prediction, score, *features) in enumerate(zip(*values, strict=True)):
        salt = salts[place]
        if not salt or id_ is None or time is None:
            rows.append(None)
            continue
        row = Decision(id_, time, dict(zip(names, features, strict=True)), prediction, score)
        rows.append(row)
        if len(salt) == SALT_BYTES and time >= 0:  # else a salt could begin where another body ends
            body = schema.body(row, Digest(inputs[place]) if inputs[place] else None)
            whole.append(place)
            bodies.append((id_, time, body_digest(salt, body)))
    found = dict(zip(whole, decision_leaves(model_id, version, bodies), strict=True))
    for place, (row_or_none, leaf) in enumerate(zip(rows, leaves, strict=True)):
        yield Row(row_or_none, leaf, erased=not salts[place], proven=found.get(place) == leaf)


def _schema(columns: pyarrow.Schema) -> LogSchema | None:
    """Return the log's columns as a file has them; None where they are not of a log's types."""
    from pyarrow import types

    found = {column.name: column.type for column in columns}
    if len(found) < len(columns) or not found.keys() >= {*_COLUMNS, *_BINARY}:
        return None
    right = {
        "id": _is_text,
        "time": types.is_int64,
        "score": types.is_float64,
        **dict.fromkeys(("salt", "leaf", "input_digest", "body_digest"), types.is_binary),
    }
    if not all(right.get(name, _is_value)(kind) for name, kind in found.items()):
        return None
    return schema_of(columns)


def _is_text(kind: pyarrow.DataType) -> bool:
    from pyarrow import types

    return bool(types.is_string(kind) or types.is_large_string(kind))


def _is_value(kind: pyarrow.DataType) -> bool:
    from pyarrow import types

    return bool(_is_text(kind) or types.is_float64(kind))


def _binary(batch: pyarrow.RecordBatch, name: str) -> list[bytes]:
    """Return a column of bytes, empty ones where there is nothing or no such column."""
    import pyarrow

    names = batch.schema.names
    if names.count(name) == 1 and pyarrow.types.is_binary(batch.schema.field(name).type):
        return [value or b"" for value in batch.column(name).to_pylist()]
    return [b""] * batch.num_rows
