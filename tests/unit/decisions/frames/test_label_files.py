"""Label files as people have them: read as they are, or refused with the row that is wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet as parquet
import pytest

from tribune.decisions.frames.label_files import Columns, Unit, read_labels
from tribune.exceptions import ConfigurationError, DataError

NAMES = Columns("case", "known_at", "truth")
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
NOON_US = int(NOON.timestamp()) * 1_000_000


def _file(folder: Path, name: str, rows: list[dict[str, Any]]) -> Path:
    path = folder / name
    if path.suffix == ".csv":
        lines = [",".join(rows[0]), *(",".join(str(value) for value in row.values()) for row in rows)]
        path.write_text("\ufeff" + "\r\n".join(lines), encoding="utf-8")
    elif path.suffix == ".parquet":
        parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    else:
        path.write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    return path


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.NDJSON", "a.parquet"])
def test_read_labels__each_form__same_rows(tmp_path: Path, name: str) -> None:
    rows = [
        {"case": "d1", "known_at": "2026-01-31T12:00:00Z", "truth": "01", "more": "x"},
        {"case": "d2", "known_at": "2026-01-31T13:00:00+01:00", "truth": "no", "more": "y"},
    ]
    found = list(read_labels(_file(tmp_path, name, rows), NAMES, "category"))
    assert found == [("d1", NOON_US, "01"), ("d2", NOON_US, "no")]


@pytest.mark.parametrize(
    ("unit", "value"), [("s", NOON_US // 10**6), ("ms", NOON_US // 1000), ("us", NOON_US)]
)
def test_read_labels__times_as_numbers__in_their_unit(tmp_path: Path, unit: str, value: int) -> None:
    path = _file(tmp_path, "a.csv", [{"id": "d", "time": value, "label": 1.5}])
    assert list(read_labels(path, Columns(unit=Unit(unit)), "numeric")) == [("d", NOON_US, 1.5)]


def test_read_labels__parquet_with_timestamps__read(tmp_path: Path) -> None:
    path = _file(tmp_path, "a.parquet", [{"id": "d", "time": NOON, "label": 1}])
    assert list(read_labels(path, Columns(), "category")) == [("d", NOON_US, "1")]


GOOD = {"id": "d1", "time": NOON_US, "label": "yes"}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"id": 7}, "an id is text"),
        ({"id": ""}, "an id is text"),
        ({"time": "2026-01-31T12:00:00"}, "no offset"),
        ({"time": 1.5}, "neither an integer"),
        ({"time": "yesterday"}, "yesterday"),
        ({"label": None}, "no label"),
        ({"label": ""}, "no label"),
        ({"label": 0.5}, "--numeric"),
        ({"label": True}, "text or a number"),
    ],
)
def test_read_labels__row_that_cannot_be_used__named(
    tmp_path: Path, wrong: dict[str, Any], words: str
) -> None:
    path = _file(tmp_path, "a.jsonl", [GOOD, {**GOOD, **wrong}])
    with pytest.raises(DataError, match=f"Row 2 of .*{words}"):
        list(read_labels(path, Columns(), "category"))


def test_read_labels__number_that_is_none__named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Row 1"):
        list(read_labels(_file(tmp_path, "a.jsonl", [GOOD]), Columns(), "numeric"))


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_read_labels__column_missing__named(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="no column 'case'"):
        list(read_labels(_file(tmp_path, name, [GOOD]), NAMES, "category"))


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_read_labels__bytes_of_anything__refused_plainly(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b'\xff\xfe"\x00,' * 50)
    with pytest.raises(DataError):
        list(read_labels(path, Columns(), "category"))


@pytest.mark.parametrize("name", ["a.xlsx", "nowhere.csv", "nowhere.parquet"])
def test_read_labels__no_such_file_or_form__refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError):
        list(read_labels(tmp_path / name, Columns(), "category"))
