"""What rows are grouped by, cheaper than their cell's key, ends in the cell that this key has."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tribune.metrics import Categories, Column, ColumnKind, Grid, ModelSpec, Role, Scheme
from tribune.metrics.spec import Task
from tribune_monitors.engines.classify import category_column, numeric_column
from tribune_monitors.engines.duckdb_engine import DuckDBEngine
from tribune_monitors.engines.sql import FLOOR

NUMBER, CATEGORY = ColumnKind.NUMERIC, ColumnKind.CATEGORY
COLUMNS = (Column("x", NUMBER, Role.FEATURE), Column("job", CATEGORY, Role.FEATURE))
GROUPED = (Column("sex", CATEGORY, Role.GROUP), Column("said", CATEGORY, Role.PREDICTION))
SPEC = ModelSpec((*COLUMNS, *GROUPED, Column("label", CATEGORY, Role.LABEL)))
BINARY = Categories(("0", "1"))
WHOLE = [0, 3, 3, -1, None, 9, 10, 2**53 + 1, 2**53, -(2**63), 2**63 - 1, 7]
WIDENING = Grid(4, (-3000, 900, 3400), digits=10, origin=3)


def scheme(grid: Grid) -> Scheme:
    binnings = {"job": Categories(("1", "true"), rest=True), "sex": BINARY, "said": BINARY}
    return Scheme(SPEC, {"x": grid, **binnings})


def write(path: Path, x: pa.Array, texts: pa.Array) -> Path:
    others = dict.fromkeys(("job", "sex", "said", "label"), texts)
    pq.write_table(pa.table({"x": x, **others}), path)
    return path


@pytest.mark.parametrize("shift", [-2, 0, 5])
@pytest.mark.parametrize("kind", [pa.int64(), pa.bool_()])
def test_count__whole_numbers_and_truth_values__count_as_doubles_and_texts(
    tmp_path: Path, shift: int, kind: pa.DataType
) -> None:
    by, engine = scheme(Grid(shift, (0, 4, 9))), DuckDBEngine(2)
    short = pa.array([None if one is None else one % 2 for one in WHOLE]).cast(kind)
    texts = pa.array([None if one is None else str(one).lower() for one in short.to_pylist()])
    stored = write(tmp_path / "stored.parquet", pa.array(WHOLE, pa.int64()), short)
    doubles = pa.array([None if one is None else float(one) for one in WHOLE], pa.float64())
    plain = write(tmp_path / "plain.parquet", doubles, texts)
    expected = engine.count([plain], [], by, inline_labels=True)
    assert engine.count([stored], [], by, inline_labels=True) == expected
    assert engine.count([stored, plain], [], by, inline_labels=True) == expected + expected


def test_count__a_column_that_one_file_lacks__is_missing_there(tmp_path: Path) -> None:
    by, engine = scheme(Grid(0, (0, 4, 9))), DuckDBEngine(2)
    stored = write(tmp_path / "s.parquet", pa.array([1, 2]), pa.array([1, 0]))
    pq.write_table(pa.table({"sex": pa.array([1])}), tmp_path / "less.parquet")
    found = engine.count([stored, tmp_path / "less.parquet"], [], by, inline_labels=True)
    assert found.columns["job"] == (1, 0, 1, 1)
    assert found.columns["said"] == (1, 1, 0, 1)


def test_count__cells_that_widen__near_and_far_have_the_cells_of_their_steps(tmp_path: Path) -> None:
    spec = ModelSpec((COLUMNS[0],), task=Task.GENERIC)
    ends = [sign * (2.0**power) + off for sign in (1, -1) for power in range(22) for off in (-1, -0.03, 0, 1)]
    values = [*ends, 2.0**40 + 5, -(2.0**60), 1e308, -1e308, math.nan, math.inf, -math.inf, -0.0, 5e-324]
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"x": values}), path)
    steps = [(number - WIDENING.origin / 16) * 16 for number in values]
    keys = [(float(math.floor(step)) if math.isfinite(step) else step, 1) for step in steps]
    found = DuckDBEngine().count([path], [], Scheme(spec, {"x": WIDENING}))
    assert found.columns["x"] == numeric_column(WIDENING, keys)


ODD = [math.nan, math.inf, -math.inf, 1e300, -1e300, 32767.99, 32768.0, -32768.0, -32768.01, 65536.0]


@pytest.mark.parametrize("odd", [None, *ODD])
@pytest.mark.parametrize("grid", [Grid(0, (-40, 3, 900)), Grid(0, (-40, 3, 900), digits=6)])
def test_count__one_odd_value_among_many__each_has_its_cell(
    tmp_path: Path, grid: Grid, odd: float | None
) -> None:
    values = [*[float(one) / 7 for one in range(-9000, 9000)], None, odd, odd]
    keys = [one if one is None or not math.isfinite(one) else float(math.floor(one)) for one in values]
    expected = numeric_column(grid, [(key, 1) for key in keys])
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"x": values}), path, row_group_size=3000)
    by = Scheme(ModelSpec((COLUMNS[0],), task=Task.GENERIC), {"x": grid})
    assert DuckDBEngine(2, short_from=0).count([path], [], by).columns["x"] == expected


def test_count__a_value_without_a_short_key__costs_its_column_another_scan_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"x": [1.0, 2.5, None], "y": [1.0, math.nan, 3.0]}), path)
    columns = (COLUMNS[0], Column("y", NUMBER, Role.FEATURE))
    by = Scheme(ModelSpec(columns, task=Task.GENERIC), dict.fromkeys("xy", Grid(0, (0, 4, 9))))
    engine, asked = DuckDBEngine(short_from=0), list[str]()
    rows = engine._rows

    def spied(statement: str) -> Iterator[tuple[Any, ...]]:
        asked.append(statement)
        return rows(statement)

    monkeypatch.setattr(engine, "_rows", spied)
    found = engine.count([path], [], by).columns
    assert found["x"] == numeric_column(by.grid("x"), [(1.0, 1), (2.0, 1), (None, 1)])
    assert found["y"] == numeric_column(by.grid("y"), [(1.0, 1), (3.0, 1), (math.nan, 1)])
    assert [sum(f'{FLOOR}("{name}"' in one for one in asked) for name in "xy"] == [1, 2]


def test_count__categories_of_every_type_in_one_statement__each_has_its_own(tmp_path: Path) -> None:
    given: dict[str, list[Any]] = {
        "whole": [1, 2, None, 1, 1],
        "truth": [True, None, None, False, True],
        "text": ["1", None, "", "true", "1"],
        "empty": [None, None, None, None, None],
        "last": ["1", "1", "2", "2", "2"],
    }
    path = tmp_path / "c.parquet"
    pq.write_table(pa.table({**given, "empty": pa.array(given["empty"], pa.string())}), path)
    spec = ModelSpec(tuple(Column(name, CATEGORY, Role.FEATURE) for name in given), task=Task.GENERIC)
    by = Scheme(spec, dict.fromkeys(given, Categories(("", "1", "true"), rest=True)))
    found = DuckDBEngine(2).count([path], [], by).columns
    said = {name: [None if one is None else str(one).lower() for one in some] for name, some in given.items()}
    assert found == {
        name: category_column(by.categories(name), [(one, 1) for one in some]) for name, some in said.items()
    }
