from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from support.people import people, write
from tribune.exceptions import DataError
from tribune.reports.dataset import describe_files


def folder(top: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return top


def test_describe_files__document__is_sha256_of_files_in_order_of_bytes(tmp_path: Path) -> None:
    files = {"b.csv": b"2", "a/z.txt": b"1", "é.csv": b"3", "Z.csv": b""}
    found = describe_files(folder(tmp_path / "data", files))
    expected = {
        "schema": "tribune/dataset/1",
        "files": [
            {"path": n, "sha256": hashlib.sha256(files[n]).hexdigest(), "bytes": len(files[n]), "rows": None}
            for n in ("Z.csv", "a/z.txt", "b.csv", "é.csv")
        ],
    }
    assert found.document == expected
    text = json.dumps(expected, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert found.digest == hashlib.sha256(text.encode()).digest()


def test_describe_files__parquet__has_its_rows(tmp_path: Path) -> None:
    write(people(7), tmp_path / "data" / "a.parquet")
    (tmp_path / "data" / "odd.parquet").write_bytes(b"not Parquet")
    assert [file.rows for file in describe_files(tmp_path / "data").files] == [7, None]


def test_describe_files__the_folder_s_name_and_hidden_files__do_not_matter(tmp_path: Path) -> None:
    one = describe_files(folder(tmp_path / "one", {"a": b"1", ".cache/x": b"2", ".hidden": b"3"}))
    assert one.digest == describe_files(folder(tmp_path / "other", {"a": b"1"})).digest


@pytest.mark.parametrize("changed", [{"a": b"2"}, {"b": b"1"}, {"a": b"1", "b": b""}])
def test_describe_files__any_change__is_another_digest(tmp_path: Path, changed: dict[str, bytes]) -> None:
    before = describe_files(folder(tmp_path / "before", {"a": b"1"}))
    assert describe_files(folder(tmp_path / "after", changed)).digest != before.digest


def test_describe_files__one_file__is_a_set_of_one(tmp_path: Path) -> None:
    data = folder(tmp_path / "data", {"a": b"1"})
    assert describe_files(data / "a").digest == describe_files(data).digest


def test_describe_files__nothing_there__is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no folder"):
        describe_files(tmp_path / "none")
    with pytest.raises(DataError, match="holds no file"):
        describe_files(tmp_path)


def test_describe_files__a_link_out__is_refused(tmp_path: Path) -> None:
    data = folder(tmp_path / "data", {"a": b"1"})
    (tmp_path / "outside").write_bytes(b"2")
    (data / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(DataError, match="a link out of the folder"):
        describe_files(data)
