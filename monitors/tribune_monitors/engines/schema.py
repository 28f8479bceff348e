"""What partitions hold, looked at before a row is counted: columns by exact name, types that engines share.

Decimals, timestamps and floating-point categories are unfit: their text and casts differ between engines. A
column that is unfit or missing in a file is null in all its rows; `findings` says so in words, and `check`
refuses, where a profile is to be made.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tribune.exceptions import DataError
from tribune.wording import counted
from tribune_monitors.engines.sql import quoted

if TYPE_CHECKING:
    import duckdb

_WHOLE = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
)
COUNTABLE = {
    "number": _WHOLE | {"FLOAT", "DOUBLE"},
    "text": _WHOLE | {"VARCHAR", "BOOLEAN"},
    "time": _WHOLE,
}
"""Types that every engine counts alike, by what a column must be."""
CAST = {"number": "DOUBLE", "text": "STRING", "time": "BIGINT"}
"""The type in which it is counted."""
_MEND = {
    "number": "Write it as DOUBLE, with null where there is no value.",
    "text": "Write it as text or whole numbers.",
    "time": "Write it as int64, microseconds since 1970 in UTC.",
}
_TWICE = "given twice"
_SAYS = {"number": "a number", "text": "a category", "time": "a time"}

_TELL_APART = _WHOLE | {"BOOLEAN"}
"""Types of which no two values become one in what they are counted as, text or DOUBLE up to 2^53."""

Types = tuple[tuple[str, str], ...]
"""Top-level columns of a file in its order: (name, DuckDB type)."""


@dataclass(frozen=True)
class Wanted:
    """A column to read: its name in the files, what it must be (number, text, time), its name in the view."""

    name: str
    kind: str
    alias: str = ""


def read_schemas(cursor: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> dict[Path, Types]:
    """Return the top-level columns of each file.

    Raises:
        DataError: for a file that is missing, given twice or not a whole Parquet file.
    """
    import duckdb

    if len(set(paths)) != len(paths):
        raise DataError("A partition is listed twice; its rows would be counted twice.")
    schemas: dict[Path, Types] = {}
    for path in paths:
        if not path.is_file():
            raise DataError(f"The partition {path.name} is missing.", mend=f"Looked in {path.parent}.")
        try:
            leaves = cursor.execute(
                "SELECT name, num_children, duckdb_type FROM parquet_schema(?)", [pattern(path)]
            ).fetchall()
        except duckdb.Error as fault:
            raise DataError(
                f"{'/'.join(path.parts[-2:])} is not a whole Parquet file.",
                mend="Write or copy it again; if it was sealed, its sha-256 must be the manifest's.",
            ) from fault
        schemas[path] = _top_level(leaves)
    return schemas


def _top_level(leaves: Sequence[tuple[str, int | None, str | None]]) -> Types:
    """Walk the depth-first schema and keep the root's children."""
    columns: list[tuple[str, str]] = []
    inside = 0
    for name, children, kind in leaves[1:]:
        if inside:
            inside += (children or 0) - 1
            continue
        columns.append((name, kind or "STRUCT" if not children else "STRUCT"))
        inside = children or 0
    return tuple(columns)


def grouped(schemas: Mapping[Path, Types]) -> list[tuple[Types, list[Path]]]:
    """Return the files grouped by equal columns, in the order in which these first come."""
    groups: dict[Types, list[Path]] = {}
    for path, types in schemas.items():
        groups.setdefault(types, []).append(path)
    return list(groups.items())


def findings(schemas: Mapping[Path, Types], wanted: Sequence[Wanted]) -> list[DataError]:
    """Return what is wrong with wanted columns, per column and kind of file, naming file and mend."""
    return [
        found
        for types, paths in grouped(schemas)
        for column, alike in _alike(types, wanted)
        if (found := _fault(column, alike, types, _named(paths)))
    ]


def _named(paths: Sequence[Path]) -> str:
    return f"{paths[0].name} and {counted(len(paths) - 1, 'more file')}" if len(paths) > 1 else paths[0].name


def check(schemas: Mapping[Path, Types], wanted: Sequence[Wanted]) -> None:
    """Raise the first of `findings`, if there is one."""
    for found in findings(schemas, wanted):
        raise found


def _alike(types: Types, wanted: Sequence[Wanted]) -> Iterator[tuple[Wanted, dict[str, str]]]:
    """Yield each wanted column with those of its name in any case, and their types.

    A name that a file gives twice has no type: which of the two an engine reads is its own affair.
    """
    by_name: dict[str, dict[str, str]] = {}
    for name, kind in types:
        same = by_name.setdefault(name.lower(), {})
        same[name] = _TWICE if name in same else kind
    for column in wanted:
        yield column, by_name.get(column.name.lower(), {})


def _fault(column: Wanted, alike: Mapping[str, str], types: Types, file: str) -> DataError | None:
    if column.name not in alike:
        has = f"It has {next(iter(alike))}; names are compared exactly." if alike else ""
        return DataError(
            f"Column {column.name} is missing in {file}.",
            mend=has or f"It has: {', '.join(name for name, _ in types)}.",
            column=column.name,
        )
    if len(alike) > 1:
        return DataError(
            f"The columns {' and '.join(alike)} in {file} differ in case only.",
            mend="Rename one of them.",
            column=column.name,
        )
    kind = alike[column.name]
    if kind not in COUNTABLE[column.kind]:
        return DataError(
            f"Column {column.name} in {file} is {kind}, which cannot be counted as {_SAYS[column.kind]}.",
            mend=_MEND[column.kind],
            column=column.name,
        )
    return None


def fitting(types: Types, wanted: Sequence[Wanted]) -> dict[str, str]:
    """Return the wanted columns that can be counted as they are, each with its type."""
    return {
        one.name: alike[one.name]
        for one, alike in _alike(types, wanted)
        if _fault(one, alike, types, "") is None
    }


def as_stored(fits: Sequence[Mapping[str, str]], names: Iterable[str]) -> frozenset[str]:
    """Return which of some columns may be cast after they were grouped by, a thousand times less often.

    Those are whole numbers or truth values, of one type in every kind of file (`fits`: see `fitting`).
    """
    first, *others = fits
    return frozenset(
        name
        for name in names
        if first.get(name) in _TELL_APART and all(fit.get(name) == first[name] for fit in others)
    )


def select_of(fit: Container[str], wanted: Sequence[Wanted], source: str, stored: Container[str] = ()) -> str:
    """Return the SELECT of a source of equal columns in canonical types, null where not `fitting`.

    Columns in `stored` come in the type that they have in the files.
    """
    columns = ", ".join(f"{_column(one, fit, stored)} AS {quoted(one.alias or one.name)}" for one in wanted)
    return f"SELECT {columns} FROM {source}"  # noqa: S608 - names are quoted


def _column(one: Wanted, fit: Container[str], stored: Container[str]) -> str:
    if one.name in stored:
        return quoted(one.name)
    return f"CAST({quoted(one.name) if one.name in fit else 'NULL'} AS {CAST[one.kind]})"


def pattern(path: Path) -> str:
    """Return a path as DuckDB's glob reads it, so that it names this file and no other."""
    text = str(path)
    for special in "[*?":
        text = text.replace(special, f"[{special}]")
    return text
