"""Opening data by its name, whatever kind it is: the one place that knows all kinds."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from tribune.exceptions import ConfigurationError
from tribune_monitors.sources import database, files, postgres, remote
from tribune_monitors.sources.rows import Rows
from tribune_monitors.sources.spec import checked_address

if TYPE_CHECKING:
    import duckdb

_MEMORY = "2GB"
"""DuckDB's own limit; beyond it, sorts and joins go to disk."""


def connect(folder: Path, threads: int = 1) -> duckdb.DuckDBPyConnection:
    """Return a connection that touches no network and spills into `folder`."""
    import duckdb

    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": threads,
            "memory_limit": _MEMORY,
            "temp_directory": str(folder / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    connection.execute("SET enable_progress_bar = false; SET TimeZone = 'UTC'")
    return connection


def title_of(data: str) -> str:
    """Return the data's name as it may be shown."""
    return remote.title_of(data) if "://" in data else data


def open_rows(
    cursor: duckdb.DuckDBPyConnection, data: str, folder: Path, fields: Collection[str] = ()
) -> list[Rows]:
    """Return the rows of some data, in pieces of equal columns, in order.

    Args:
        cursor: reads it.
        data: a file, a folder or glob of partitions, `file.duckdb::table`, `postgresql://…?table=…`, or the
            address of a file or folder that fsspec can read.
        folder: takes copies of what is not on this machine.
        fields: what will be read of it; empty: everything.

    Raises:
        DataError: there is nothing, or it cannot be read.
        ConfigurationError: the address is unfit, or a package for it is missing.
    """
    if not data:
        raise ConfigurationError(
            "No data is named.", mend="Name it on the command line, or in [source] as data."
        )
    if data.startswith(postgres.SCHEMES):
        return [postgres.open_table(cursor, data, folder, fields)]
    if "://" in checked_address(data):
        return files.open_files(cursor, remote.fetch_files(data, folder), remote.title_of(data), folder)
    if database.is_database(data):
        return [database.open_table(cursor, data)]
    return files.open_files(cursor, files.find_files(data), data, folder)
