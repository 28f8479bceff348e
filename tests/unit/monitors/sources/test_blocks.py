from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest

from support.people import write
from tribune.exceptions import DataError
from tribune.metrics.spec import Column, ColumnKind, ModelSpec, Role, Task
from tribune_monitors.sources.blocks import split
from tribune_monitors.sources.opening import connect
from unit.monitors.sources.reading import rows

SPEC = ModelSpec(
    (Column("x", ColumnKind.NUMERIC, Role.FEATURE), Column("at", ColumnKind.NUMERIC, Role.TIME)), Task.GENERIC
)


def blocks(folder: Path, table: pa.Table, count: int, *, timed: bool) -> list[list[int]]:
    """Split rows in two files; return each block's numbers."""
    half = table.num_rows // 2
    files = [
        write(table.slice(0, half), folder / "1.parquet"),
        write(table.slice(half), folder / "2.parquet"),
    ]
    found = split(connect(folder), files, SPEC, count, folder / "blocks", timed=timed)
    return [[row["x"] for row in rows(block)] for block in found]


def test_split__without_times__cuts_rows_in_their_order(tmp_path: Path) -> None:
    found = blocks(tmp_path, pa.table({"x": list(range(10))}), 4, timed=False)
    assert found == [[0, 1], [2, 3, 4], [5, 6], [7, 8, 9]]


def test_split__times__decide_whatever_the_order(tmp_path: Path) -> None:
    times = [9, 1, 8, 2, 7, 3, 6, 4, 5, None]
    found = blocks(tmp_path, pa.table({"x": list(range(10)), "at": times}), 3, timed=True)
    by_time = [sorted(times[x] or 99 for x in block) for block in found]
    assert sum(map(len, found)) == 10
    assert all(low[-1] < high[0] for low, high in pairwise(by_time))
    assert by_time[-1][-1] == 99  # a row without a time is kept, in the last block


def test_split__equal_times__are_never_torn_apart(tmp_path: Path) -> None:
    found = blocks(tmp_path, pa.table({"x": list(range(8)), "at": [1, 1, 1, 1, 1, 2, 2, 2]}), 2, timed=True)
    assert [sorted(block) for block in found] in ([[0, 1, 2, 3, 4], [5, 6, 7]], [[], list(range(8))])


@pytest.mark.parametrize("timed", [False, True])
def test_split__too_few__is_refused(tmp_path: Path, timed: bool) -> None:
    with pytest.raises(DataError, match="blocks"):
        blocks(tmp_path, pa.table({"x": [1, 2], "at": [1, 1]}), 5, timed=timed)
