"""Ids that come twice: a row told twice counts twice, and labels are joined by id."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tribune.metrics.spec import ModelSpec, Role
from tribune.wording import counted
from tribune_monitors.engines.schema import read_schemas
from tribune_monitors.engines.sql import quoted
from tribune_monitors.sources.export import Partitions
from tribune_monitors.sources.files import files_title, parquet_rows
from tribune_monitors.sources.rows import readable

if TYPE_CHECKING:
    import duckdb

_IDS = 4_000_000
"""Ids that are compared at once: some 200 MB."""


def repeated_ids(cursor: duckdb.DuckDBPyConnection, spec: ModelSpec, partitions: Partitions) -> list[str]:
    """Say how many ids come more than once, counted in passes of bounded memory.

    Raises:
        DataError: a file cannot be read to its end.
    """
    said = []
    for files, what in ((partitions.decisions, "rows"), (partitions.labels, "labels")):
        if not files or not spec.with_role(Role.ID) or spec.id_name not in _columns(cursor, files):
            continue
        with readable(files_title(files)):
            repeated = _repeated(cursor, quoted(spec.id_name), parquet_rows(files))
        if repeated:
            so = "the earliest label counts" if what == "labels" else "each of these rows counts"
            ids = counted(repeated, "id comes", "ids come")
            said.append(f"{spec.id_name}: {ids} more than once in the {what}; {so}.")
    return said


def _repeated(cursor: duckdb.DuckDBPyConnection, name: str, rows: str) -> int:
    (total,) = cursor.execute(f"SELECT count({name}) FROM {rows}").fetchone() or (0,)  # noqa: S608 - quoted
    passes = 1 + total // _IDS
    repeated = 0
    for place in range(passes):
        piece = f"SELECT {name} FROM {rows} WHERE hash({name}) % {passes} = {place}"  # noqa: S608
        (more,) = cursor.execute(
            f"SELECT count(*) FROM ({piece} GROUP BY 1 HAVING {name} IS NOT NULL AND count(*) > 1)"  # noqa: S608
        ).fetchone() or (0,)
        repeated += more
    return repeated


def _columns(cursor: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> set[str]:
    return {name for types in read_schemas(cursor, files).values() for name, _ in types}
