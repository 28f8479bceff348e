"""Rows as DuckDB can select them, wherever they come from, and the fields in them.

A field is a column, a path into a nested one or into JSON text. A field that is not there is None: "not
there" is a finding about the data, never an error here. Refuses nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tribune.exceptions import DataError
from tribune_monitors.engines.sql import literal, quoted

if TYPE_CHECKING:
    import duckdb

WHOLE = frozenset(f"{sign}{size}int" for sign in ("", "u") for size in ("tiny", "small", "big", "huge")) | {
    "integer",
    "uinteger",
}
REAL = frozenset({"float", "double", "decimal"})
NESTED = frozenset({"struct", "map", "list", "array", "union"})


@dataclass(frozen=True)
class Field:
    """A field of the rows: how to select it, and DuckDB's name of its type ("bigint", "varchar" …)."""

    sql: str
    kind: str


@dataclass(frozen=True)
class Rows:
    """Rows that can be selected.

    Args:
        relation: what stands after FROM.
        columns: DuckDB's type of each top-level column.
        files: where these rows are whole Parquet files and nothing else: those files, in order.
        record: for JSON: the one column that holds each row's object; paths lead into it.
        title: the data's name for people; holds no password.
        told: what to know about the data, in words.
        alike: names of columns that are not told apart, each once for each of these columns: the same, or
            different in case only. Which of them one reads is the reader's own affair.
    """

    relation: str
    columns: Mapping[str, Any]
    title: str
    files: tuple[Path, ...] = ()
    record: str = ""
    told: tuple[str, ...] = ()
    alike: tuple[tuple[str, ...], ...] = ()

    @classmethod
    def of(
        cls,
        cursor: duckdb.DuckDBPyConnection,
        relation: str,
        title: str,
        files: tuple[Path, ...] = (),
        record: str = "",
    ) -> Rows:
        """Describe a relation; DataError where DuckDB cannot read it."""
        import duckdb

        try:
            read = cursor.sql(f"SELECT * FROM {relation}")  # noqa: S608 - made by our own readers
        except duckdb.Error as fault:
            raise unreadable(title, fault) from None
        return cls(relation, dict(zip(read.columns, read.types, strict=True)), title, files, record)

    def with_fields(self, paths: Iterable[str]) -> tuple[str, dict[str, Field | None]]:
        """Return what to select from, and for each path its field there; None: there is none."""
        wanted = list(dict.fromkeys(paths))
        if not self.record:
            return self.relation, {path: self._field(path) for path in wanted}
        pointers: list[str] = []
        fields: dict[str, Field | None] = {}
        for path in wanted:  # a key may hold dots itself: both readings are tried
            both = dict.fromkeys((pointer([path]), pointer(path.split("."))))
            places = []
            for one in both:
                pointers.append(one)
                places.append(f"v[{len(pointers)}]")
            fields[path] = Field(
                places[0] if len(places) == 1 else f"coalesce({', '.join(places)})", "varchar"
            )
        listed = ", ".join(literal(one) for one in pointers)
        inner = f"SELECT json_extract_string({quoted(self.record)}, [{listed}]) AS v FROM {self.relation}"  # noqa: S608
        return f"({inner})", fields

    def like(self, column: str) -> tuple[str, ...]:
        """Return the columns that are not told apart from this one, itself among them; mostly none."""
        return next((same for same in self.alike if column in same), ())

    def _field(self, path: str) -> Field | None:
        if self.like(path):
            return None
        if path in self.columns:
            return Field(quoted(path), self.columns[path].id)
        steps = path.split(".")
        for length in range(len(steps) - 1, 0, -1):
            name = ".".join(steps[:length])
            if name in self.columns:
                return _inside(quoted(name), self.columns[name], steps[length:])
        return None

    def leaves(self, cursor: duckdb.DuckDBPyConnection) -> dict[str, str]:
        """Return every field that is no object, in order, with its type; "" where the format says none."""
        if not self.record:
            typed = bool(self.files) or not self.relation.startswith("read_csv")
            found = (leaf for name, kind in self.columns.items() for leaf in _leaves(name, kind))
            return {path: kind if typed else "" for path, kind in found}
        import json

        import duckdb

        try:
            (text,) = cursor.execute(
                f"SELECT json_group_structure({quoted(self.record)}) FROM {self.relation}"  # noqa: S608
            ).fetchone() or (None,)
        except duckdb.Error as fault:
            raise unreadable(self.title, fault) from None
        return dict(_json_leaves("", json.loads(text) if text else {}))


@contextmanager
def readable(title: str) -> Iterator[None]:
    """Say, by the data's name, that some rows cannot be read; DataError."""
    import duckdb

    try:
        yield
    except duckdb.Error as fault:
        raise unreadable(title, fault) from None


def unreadable(title: str, fault: Exception) -> DataError:
    """Return what to say when DuckDB cannot read some rows: where and why, without its own advice."""
    lines = str(fault).splitlines() or [type(fault).__name__]
    found = next((line for line in lines if line.startswith(("Expected", "Value", "Invalid unicode"))), "")
    said = (lines[0].partition("Error: ")[2] or lines[0]).rstrip(" .!")
    if "strptime" in said:
        return DataError(f"The times of {title} have an unfit format: {said}.", mend="Mend [source.time].")
    return DataError(
        f"{title} cannot be read to its end: {said}{'; ' + found if found else ''}.",
        mend="The file may be cut short: write or copy it again, or leave it out.",
    )


def pointer(steps: Iterable[str]) -> str:
    """Return steps as a JSON pointer (RFC 6901)."""
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def _inside(sql: str, kind: Any, steps: list[str]) -> Field | None:
    """Follow a path into a struct, a map or JSON text."""
    if not steps:
        return Field(sql, kind.id)
    if kind.id == "struct":
        for length in range(len(steps), 0, -1):
            name = ".".join(steps[:length])
            inner = dict(kind.children).get(name)
            if inner is not None:
                return _inside(f"struct_extract({sql}, {literal(name)})", inner, steps[length:])
        return None
    if kind.id == "varchar":
        return Field(f"json_extract_string({sql}, {literal(pointer(steps))})", "varchar")
    if kind.id in NESTED:
        return Field(f"json_extract_string(to_json({sql}), {literal(pointer(steps))})", "varchar")
    return None


def _leaves(path: str, kind: Any) -> Iterator[tuple[str, str]]:
    if kind.id != "struct":
        yield path, kind.id
        return
    for name, inner in kind.children:
        yield from _leaves(f"{path}.{name}", inner)


def _json_leaves(path: str, structure: object) -> Iterator[tuple[str, str]]:
    if isinstance(structure, dict):
        for name, inner in structure.items():
            yield from _json_leaves(f"{path}.{name}" if path else name, inner)
    elif path:
        yield path, structure.lower() if isinstance(structure, str) else "list"
