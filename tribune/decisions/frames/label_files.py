"""Reading labels from files that people have: CSV, JSON lines, Parquet, with columns of any name.

Times are integers in a named unit or ISO 8601 with an offset. Refuses what would have to be guessed: a time
without an offset, a label that is no text where labels are text, a row that lacks a column. Says which row.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tribune.decisions.grid import microseconds
from tribune.exceptions import ConfigurationError, DataError, UnreadableError
from tribune.untrusted import load_json

if TYPE_CHECKING:
    from tribune.decisions.leaf import Kind

_MAX_LINE = 2**20


class Unit(StrEnum):
    """What times that are numbers count."""

    SECONDS = "s"
    MILLISECONDS = "ms"
    MICROSECONDS = "us"

    @property
    def microseconds(self) -> int:
        """How many microseconds one is."""
        return {"s": 1_000_000, "ms": 1_000, "us": 1}[self.value]


@dataclass(frozen=True)
class Columns:
    """What a file calls the id of a decision, the time of its label, and the label; and what times count."""

    id: str = "id"
    time: str = "time"
    label: str = "label"
    unit: Unit = Unit.MICROSECONDS


def read_labels(path: Path, columns: Columns, kind: Kind) -> Iterator[tuple[str, int, object]]:
    """Yield (id, time in UTC microseconds, label) of each row of a file, whose name says its form.

    Raises:
        ConfigurationError: it cannot be read, or is of another form than .csv, .jsonl, .ndjson or .parquet.
        DataError: a row cannot be used.
    """
    readers = {".csv": _csv, ".jsonl": _json_lines, ".ndjson": _json_lines, ".parquet": _parquet}
    read = readers.get(path.suffix.lower())
    if read is None:
        raise ConfigurationError(
            f"{path} is not of a form that is read.", mend="Give .csv, .jsonl, .ndjson or .parquet."
        )
    try:
        for number, row in read(path, columns):
            try:
                yield _row(row, columns, kind)
            except (KeyError, ValueError, TypeError, OverflowError) as fault:
                words = f"has no column {fault}" if isinstance(fault, KeyError) else str(fault)
                raise DataError(
                    f"Row {number} of {path}: {words}.", mend="Nothing was appended: mend the file."
                ) from None
    except OSError as fault:
        raise UnreadableError(
            f"{path} cannot be read: {fault.strerror or fault}.", mend="Check the path."
        ) from fault


def _row(row: Mapping[str, Any], columns: Columns, kind: Kind) -> tuple[str, int, object]:
    id_ = row[columns.id]
    if not isinstance(id_, str) or not id_:
        raise ValueError("an id is text")
    return id_, _time(row[columns.time], columns.unit), _label(row[columns.label], kind)


def _time(value: Any, unit: Unit) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value)
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("its time has no offset (write 2026-01-31T12:00:00Z)")
        return microseconds(value)
    if type(value) is not int:
        raise ValueError("its time is neither an integer nor ISO 8601")
    return value * unit.microseconds


def _label(value: Any, kind: Kind) -> object:
    if value is None or value == "" or isinstance(value, bool):
        raise ValueError("it has no label" if value in (None, "") else "a label is text or a number")
    if kind == "numeric":
        return float(value)
    if type(value) is int:
        return str(value)
    if not isinstance(value, str):
        raise ValueError("labels of this model are text (else add --numeric)")
    return value


def _csv(path: Path, columns: Columns) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            _check_header(path, reader.fieldnames or (), columns)
            yield from enumerate(reader, 1)
    except (csv.Error, UnicodeDecodeError) as fault:
        raise DataError(f"{path} is no CSV in UTF-8: {fault}.") from fault


def _json_lines(path: Path, columns: Columns) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(_MAX_LINE + 1):
            number += 1
            if not line.strip():
                continue
            try:
                row = load_json(line) if len(line) <= _MAX_LINE else None
            except (ValueError, json.JSONDecodeError):
                row = None
            if not isinstance(row, dict):
                raise DataError(f"Row {number} of {path} is no JSON object of a line.")
            yield number, row


def _parquet(path: Path, columns: Columns) -> Iterator[tuple[int, Mapping[str, Any]]]:
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            _check_header(path, file.schema_arrow.names, columns)
            number = 0
            for batch in file.iter_batches(columns=[columns.id, columns.time, columns.label]):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
    except pyarrow.ArrowException as fault:
        raise DataError(f"{path} cannot be read as Parquet: {fault}.") from fault


def _check_header(path: Path, names: Any, columns: Columns) -> None:
    for name in (columns.id, columns.time, columns.label):
        if name not in names:
            raise DataError(
                f"{path} has no column {name!r}.", mend="Name its columns: --id, --time and --label."
            )
