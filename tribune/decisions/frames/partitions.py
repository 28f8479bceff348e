"""Partitions: decisions and labels as Parquet files that every engine counts alike.

Columns of decisions: id, time (int64, UTC microseconds), the features, prediction, score, salt, leaf; where
there are any also input_digest, and body_digest of rows that were erased. Columns of labels: id, time, label.
Numbers are DOUBLE, categories text. Files are written beside their place, synced, and only then renamed by
the caller; a file in place is whole. Does not decide which rows belong together.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tribune.decisions.anchor import Partition
from tribune.decisions.leaf import RESERVED, Decision, Kind, LogSchema
from tribune.decisions.records import Record
from tribune.exceptions import EvidenceError
from tribune.ids import Digest

if TYPE_CHECKING:
    import pyarrow


def decision_table(schema: LogSchema, records: Sequence[Record]) -> pyarrow.Table:
    """Return accepted decisions as a table, rows as given."""
    import pyarrow

    bodies = [json.loads(record.body) for record in records]
    columns: dict[str, Any] = {
        "id": pyarrow.array([record.id for record in records], pyarrow.string()),
        "time": pyarrow.array([record.time for record in records], pyarrow.int64()),
    }
    for name, kind in schema.features.items():
        columns[name] = _array(kind, [body["features"][name] for body in bodies])
    columns["prediction"] = _array(schema.prediction, [body["prediction"] for body in bodies])
    columns["score"] = _array("numeric", [body["score"] for body in bodies])
    columns["salt"] = pyarrow.array([record.salt for record in records], pyarrow.binary())
    columns["leaf"] = pyarrow.array([bytes(record.leaf) for record in records], pyarrow.binary())
    digests = [body.get("input") for body in bodies]
    if any(digests):
        raw = [None if digest is None else bytes.fromhex(digest) for digest in digests]
        columns["input_digest"] = pyarrow.array(raw, pyarrow.binary())
    return pyarrow.table(columns)


def schema_of(partition: pyarrow.Schema) -> LogSchema:
    """Return the log's columns as a partition of decisions has them."""
    import pyarrow

    kinds: dict[str, Kind] = {
        field.name: "numeric" if pyarrow.types.is_floating(field.type) else "category" for field in partition
    }
    features = {name: kind for name, kind in kinds.items() if name not in RESERVED}
    return LogSchema(features, kinds["prediction"])


def body_of(schema: LogSchema, row: Mapping[str, Any]) -> bytes | None:
    """Return the body that a partition's row was sealed with, byte for byte; None where it was erased."""
    if row["salt"] is None:
        return None
    features = {name: row[name] for name in schema.features}
    decision = Decision(row["id"], row["time"], features, row["prediction"], row["score"])
    digest = row.get("input_digest")
    return schema.body(decision, None if digest is None else Digest(digest))


def label_table(rows: Iterable[tuple[str, int, object]], kind: Kind) -> pyarrow.Table:
    """Return labels as a table of id, time and label, sorted by time and id."""
    import pyarrow

    ordered = sorted(rows, key=lambda row: (row[1], row[0]))
    labels = [label for _, _, label in ordered]
    return pyarrow.table(
        {
            "id": pyarrow.array([id_ for id_, _, _ in ordered], pyarrow.string()),
            "time": pyarrow.array([time for _, time, _ in ordered], pyarrow.int64()),
            "label": pyarrow.array(labels, pyarrow.string() if kind == "category" else pyarrow.float64()),
        }
    )


def write_table(table: pyarrow.Table, path: Path) -> None:
    """Write a table as one Parquet file and wait until the device has it."""
    import pyarrow.parquet as parquet

    with path.open("wb") as file:
        parquet.write_table(table, file)
        file.flush()
        os.fsync(file.fileno())


def describe(path: Path, name: str) -> Partition:
    """Return a file's entry in a manifest: its path there, and sha-256 and rows read back from the disk.

    Raises:
        EvidenceError: when it is no readable Parquet file.
    """
    import pyarrow
    import pyarrow.parquet as parquet

    try:
        with path.open("rb") as file:
            sha256 = Digest(hashlib.file_digest(file, "sha256").digest())
        return Partition(name, sha256, parquet.read_metadata(path).num_rows)
    except (OSError, pyarrow.ArrowException) as fault:
        raise EvidenceError(f"Partition {path} cannot be read: {fault}.", path=str(path)) from fault


def _array(kind: Kind, values: list[str | None]) -> Any:
    import pyarrow

    if kind == "category":
        return pyarrow.array(values, pyarrow.string())
    # from_pandas=False keeps NaN apart from null: "not a number" and "missing" are different results.
    numbers = [None if value is None else float.fromhex(value) for value in values]
    return pyarrow.array(numbers, pyarrow.float64(), from_pandas=False)
