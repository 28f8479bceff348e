"""Partitions of sample rows, written by DuckDB, and the ACS data where it is present."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pytest

from unit.metrics.samples import Row

ACS = Path("/work/shared/data")
DECISIONS = {
    "id": "VARCHAR",
    "time": "BIGINT",
    "age": "DOUBLE",
    "job": "VARCHAR",
    "sex": "VARCHAR",
    "prediction": "VARCHAR",
    "score": "DOUBLE",
}


def acs_file(name: str) -> Path:
    """The ACS file of this name; the test is skipped where the data is absent."""
    path = ACS / f"acs_employment_ma_{name}.parquet"
    if not path.is_file():
        pytest.skip("the ACS data is not on this machine")
    return path


def write_decisions(
    path: Path, rows: Sequence[Row], first: int = 0, types: Mapping[str, str] | None = None
) -> Path:
    """Write a decision partition; `types` changes a column's type, an empty one leaves it out."""
    columns = {name: kind for name, kind in {**DECISIONS, **(types or {})}.items() if kind}
    values = [
        (str(first + place), place, row.age, row.job, row.sex, row.prediction, row.score)
        for place, row in enumerate(rows)
    ]
    connection = duckdb.connect(":memory:")
    connection.execute(f"CREATE TABLE t ({', '.join(f'{n} {k}' for n, k in DECISIONS.items())})")
    if values:
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    selected = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in columns.items())
    connection.execute(f"COPY (SELECT {selected} FROM t) TO '{path}' (FORMAT parquet)")  # noqa: S608
    return path


def write_labels(path: Path, rows: Sequence[Row], first: int = 0) -> Path:
    """Write the labels of `write_decisions`' rows; those without a label have none."""
    connection = duckdb.connect(":memory:")
    connection.execute("CREATE TABLE t (id VARCHAR, time BIGINT, label VARCHAR)")
    values = [(str(first + i), i, row.label) for i, row in enumerate(rows) if row.label is not None]
    connection.executemany("INSERT INTO t VALUES (?, ?, ?)", values)
    connection.execute(f"COPY t TO '{path}' (FORMAT parquet)")
    return path
