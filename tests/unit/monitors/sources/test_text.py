"""Text files with bad bytes or lines: mended in a copy, told, and no row lost."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tribune_monitors.sources.opening import connect, open_rows
from tribune_monitors.sources.text import mended


def read(folder: Path, name: str, data: bytes) -> tuple[list[tuple[str | None, ...]], tuple[str, ...]]:
    """Return columns a and b of a file's rows, in order, and what is told of it."""
    (folder / name).write_bytes(data)
    (folder / "work").mkdir()
    cursor = connect(folder / "work")
    (rows,) = open_rows(cursor, str(folder / name), folder / "work")
    relation, fields = rows.with_fields(["a", "b"])
    selected = ", ".join(field.sql for field in fields.values() if field is not None)
    found = cursor.execute(f"SELECT {selected} FROM {relation}").fetchall()  # noqa: S608 - ours
    cursor.close()
    return found, rows.told


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_open_rows__csv_with_a_byte_that_is_no_text__keeps_the_row(tmp_path: Path, pack: type[bytes]) -> None:
    name = "log.csv" if pack is bytes else "log.csv.gz"
    found, told = read(tmp_path, name, pack(b"a,b\nx,1\ny\xffz,2\n\xc3\xa9,3\n"))
    assert found == [("x", "1"), ("y�z", "2"), ("é", "3")]
    assert len(told) == 1
    assert "line 3;" in told[0]


def test_open_rows__json_with_a_byte_that_is_no_text__keeps_the_row(tmp_path: Path) -> None:
    found, told = read(tmp_path, "log.jsonl", b'{"a":"x","b":1}\n{"a":"\xff","b":2}\n{"a":"\xfe","b":3}\n')
    assert found == [("x", "1"), ("�", "2"), ("�", "3")]
    assert "line 2 and 1 more;" in told[0]


@pytest.mark.parametrize("stray", [b"hello", b"5", b'"text"', b"null", b"[1]"])
def test_open_rows__line_that_is_no_object__is_a_row_without_values(tmp_path: Path, stray: bytes) -> None:
    found, told = read(tmp_path, "log.jsonl", b'{"a":"x","b":1}\n' + stray + b'\n\n{"a":"y","b":2}\n')
    assert found == [("x", "1"), (None, None), ("y", "2")]
    assert len(told) == 1
    assert "no JSON object in line 2;" in told[0]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("log.csv", b"a,b\n\xc3\xa9,1\n"),
        ("log.jsonl", b'{"a":1}\n\n{"a":2}'),
        ("log.jsonl", b'{\n "a": 1\n}\n'),
        ("log.jsonl", b'[{"a": 1},\n {"a": 2}]\n'),
        ("latin.csv", b"caf\xe9,b\n1,2\n"),
    ],
)
def test_mended__nothing_to_mend__gives_the_file_itself(tmp_path: Path, name: str, data: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    assert mended([file], tmp_path / "work") == ([file], [])
