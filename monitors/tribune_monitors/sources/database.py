"""Tables of a DuckDB file, opened for reading only: `file.duckdb::table`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tribune.exceptions import DataError
from tribune_monitors.engines.sql import literal, quoted
from tribune_monitors.sources.rows import Rows

if TYPE_CHECKING:
    import duckdb

SUFFIXES = (".duckdb", ".ddb", ".db")


def is_database(data: str) -> bool:
    """Whether the data is a DuckDB file, with or without a table's name."""
    return data.partition("::")[0].lower().endswith(SUFFIXES)


def open_table(cursor: duckdb.DuckDBPyConnection, data: str) -> Rows:
    """Return the rows of a table or view.

    Raises:
        DataError: there is no such file or table, or more than one table and none is named.
    """
    import duckdb

    file, _, table = data.partition("::")
    if not Path(file).is_file():
        raise DataError(f"There is no file {file}.", mend="Check the path.")
    alias = "source_" + hex(abs(hash(file)))[2:]
    try:
        cursor.execute(f"ATTACH IF NOT EXISTS {literal(file)} AS {alias} (READ_ONLY)")
        found = cursor.execute(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_catalog = ? ORDER BY ALL",
            [alias],
        ).fetchall()
    except duckdb.Error as fault:
        raise DataError(
            f"{file} cannot be opened as a DuckDB file: {str(fault).splitlines()[0]}",
            mend="Close other programs that write to it, or export the table to Parquet.",
        ) from None
    names = {f"{schema}.{name}": (schema, name) for schema, name in found}
    names |= {name: (schema, name) for schema, name in found if schema == "main"}
    if not table and len(found) == 1:
        table = found[0][1] if found[0][0] == "main" else ".".join(found[0])
    if table not in names:
        listed = ", ".join(name if schema == "main" else f"{schema}.{name}" for schema, name in found)
        raise DataError(
            f"{file} has no table {table!r}." if table else f"{file} has more than one table, or none.",
            mend=f"Name one, as in {file}::{found[0][1]}. It has: {listed}." if found else "It has no table.",
        )
    schema, name = names[table]
    return Rows.of(cursor, f"{alias}.{quoted(schema)}.{quoted(name)}", f"{file}::{table}")
