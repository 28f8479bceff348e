from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from support.people import write
from tribune.metrics.spec import Column, ColumnKind, ModelSpec, Role, Task
from tribune_monitors.sources import ids
from tribune_monitors.sources.export import Partitions
from tribune_monitors.sources.opening import connect

SPEC = ModelSpec((Column("key", ColumnKind.CATEGORY, Role.ID),), Task.GENERIC)


def repeated(folder: Path, *tables: pa.Table, spec: ModelSpec = SPEC, labels: bool = False) -> list[str]:
    paths = tuple(write(table, folder / f"{place}.parquet") for place, table in enumerate(tables))
    found = Partitions((), paths) if labels else Partitions(paths)
    return ids.repeated_ids(connect(folder), spec, found)


@pytest.mark.parametrize("at_once", [4_000_000, 3])
def test_repeated_ids__across_files_and_passes__are_counted_once_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(ids, "_IDS", at_once)
    one, other = pa.table({"key": ["a", "b", "b", None]}), pa.table({"key": ["a", "b", "c", None]})
    assert repeated(tmp_path, one, other) == [
        "key: 2 ids come more than once in the rows; each of these rows counts."
    ]


def test_repeated_ids__labels__say_which_counts(tmp_path: Path) -> None:
    assert repeated(tmp_path, pa.table({"key": [1, 1]}), labels=True) == [
        "key: 1 id comes more than once in the labels; the earliest label counts."
    ]


def test_repeated_ids__none_or_no_id__says_nothing(tmp_path: Path) -> None:
    assert repeated(tmp_path, pa.table({"key": ["a", "b", None, None]})) == []
    assert repeated(tmp_path, pa.table({"other": ["a", "a"]})) == []
    without = ModelSpec((Column("x", ColumnKind.CATEGORY, Role.FEATURE),), Task.GENERIC)
    assert repeated(tmp_path, pa.table({"id": ["a", "a"]}), spec=without) == []
