"""A table of a PostgreSQL database: `postgresql://user@host/database?table=schema.name`.

It is copied once, in one statement that sees one state of the table and can write nothing, and then read like
a file. Refuses a password in the address: libpq takes it from PGPASSWORD or ~/.pgpass.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from tribune.exceptions import ConfigurationError, DataError
from tribune_monitors.engines.sql import literal, quoted
from tribune_monitors.sources.rows import Rows
from tribune_monitors.sources.spec import checked_address

if TYPE_CHECKING:
    import duckdb

SCHEMES = ("postgresql://", "postgres://")
_TIMEOUT_S = 10
_TYPES = {
    "bool": "BOOLEAN",
    "int2": "SMALLINT",
    "int4": "INTEGER",
    "int8": "BIGINT",
    "float4": "FLOAT",
    "float8": "DOUBLE",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMPTZ",
    "uuid": "UUID",
    "json": "JSON",
    "jsonb": "JSON",
}
"""DuckDB's type for what differs from text; numeric stays text, since its range is larger than any."""


def open_table(
    cursor: duckdb.DuckDBPyConnection, data: str, folder: Path, fields: Collection[str] = ()
) -> Rows:
    """Copy a table into `folder` and return its rows.

    Args:
        cursor: reads the copy.
        data: the address.
        folder: takes the copy.
        fields: only columns that these paths lead into are copied; empty: all.

    Raises:
        ConfigurationError: the address names no table, or psycopg is not installed.
        DataError: the database does not answer, or has no such table.
    """
    try:
        import psycopg
    except ImportError:
        raise ConfigurationError(
            "Reading PostgreSQL needs psycopg.", mend="Install it: pip install 'tribune-dao[sources]'."
        ) from None
    address, table = _split(checked_address(data))
    title = f"table {table} of {urlsplit(address).hostname or 'the local PostgreSQL'}"
    file = folder / f"postgres-{len(list(folder.iterdir()))}.csv"
    try:
        with psycopg.connect(address, connect_timeout=_TIMEOUT_S) as connection:
            connection.read_only = True
            connection.execute("SET DateStyle = 'ISO'")
            columns = _columns(connection, table)
            if fields:
                columns = {
                    n: t for n, t in columns.items() if any(f == n or f.startswith(f"{n}.") for f in fields)
                }
            selected = ", ".join(_selected(name, kind) for name, kind in columns.items())
            statement = f"COPY (SELECT {selected} FROM {_named(table)}) TO STDOUT (FORMAT csv)"  # noqa: S608 - quoted
            with file.open("wb") as out, connection.cursor().copy(statement.encode()) as copy:
                for piece in copy:
                    out.write(piece)
    except psycopg.Error as fault:
        said = (str(fault).splitlines() or [type(fault).__name__])[0]
        raise DataError(
            f"PostgreSQL gave nothing of {table}: {said}.",
            mend="Check host, database, user and table; the password comes from PGPASSWORD or ~/.pgpass.",
        ) from None
    return _read(cursor, file, columns, title)


def _split(data: str) -> tuple[str, str]:
    parts = urlsplit(data)
    query = parse_qsl(parts.query, keep_blank_values=True)
    tables = [value for key, value in query if key == "table"]
    if len(tables) != 1 or not tables[0]:
        raise ConfigurationError(
            "The address of the database names no table.",
            mend="Write it like postgresql://host/database?table=log.",
        )
    rest = urlencode([pair for pair in query if pair[0] != "table"])
    return urlunsplit(parts._replace(query=rest)), tables[0]


def _named(table: str) -> str:
    return ".".join(quoted(part) for part in table.split("."))


def _columns(connection: Any, table: str) -> dict[str, str]:
    """Return the table's columns with PostgreSQL's names of their types."""
    read = connection.execute(f"SELECT * FROM {_named(table)} LIMIT 0".encode())  # noqa: S608 - quoted
    names = {}
    for column in read.description or ():
        info = connection.adapters.types.get(column.type_code)
        names[column.name] = info.name if info is not None and column.type_code == info.oid else "text"
    return names


def _selected(name: str, kind: str) -> str:
    return quoted(name) if kind in _TYPES else f"{quoted(name)}::text"


def _read(cursor: duckdb.DuckDBPyConnection, file: Path, columns: dict[str, str], title: str) -> Rows:
    if not columns:
        raise DataError(
            f"The {title} has none of the columns that are asked for.", mend="Map them in [source.columns]."
        )
    described = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns)
    casts = ", ".join(
        quoted(name)
        if kind not in _TYPES
        else f"TRY_CAST({quoted(name)} AS {_TYPES[kind]}) AS {quoted(name)}"
        for name, kind in columns.items()
    )
    copied = (
        f"read_csv([{literal(str(file))}], auto_detect = false, header = false, delim = ',', quote = '\"', "
        f"escape = '\"', nullstr = '', allow_quoted_nulls = false, columns = {{{described}}})"
    )
    return Rows.of(cursor, f"(SELECT {casts} FROM {copied})", title)  # noqa: S608 - quoted
