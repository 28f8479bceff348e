"""Files on this machine: one, a folder of partitions, or a glob; Parquet, CSV or JSON.

CSV is read as text, by its own header and without guessing: what a column is, the model says. Refuses a mix
of formats, a header that names a column twice and, once it is read, a line that is cut short or too long.
"""

from __future__ import annotations

import csv
import glob
import gzip
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from tribune.exceptions import DataError
from tribune_monitors.engines.schema import pattern, read_schemas
from tribune_monitors.engines.sql import literal
from tribune_monitors.sources.rows import Rows
from tribune_monitors.sources.text import mended

if TYPE_CHECKING:
    import duckdb

SUFFIXES = {
    "parquet": (".parquet", ".pq"),
    "csv": (".csv", ".tsv", ".csv.gz", ".tsv.gz"),
    "json": (".jsonl", ".ndjson", ".json", ".jsonl.gz", ".ndjson.gz", ".json.gz"),
}
_DELIMITERS = ",;\t|"
_MAX_OBJECT = 2**24  # bytes of one JSON row; buffers are some times as large


def format_of(name: str) -> str:
    """Return the format that a file's name says; empty: none of ours."""
    return next((kind for kind, ends in SUFFIXES.items() if name.lower().endswith(ends)), "")


def find_files(data: str) -> list[Path]:
    """Return the files that a path, folder or glob names, in the order of their names.

    Raises:
        DataError: there is none.
    """
    path = Path(data)
    if path.is_file():
        return [path]
    if path.is_dir():
        found = [inner for inner in path.rglob("*") if inner.is_file() and format_of(inner.name)]
        parts = ((inner, inner.relative_to(path).parts) for inner in found)
        files = sorted(
            inner for inner, names in parts if not any(name.startswith(("_", ".")) for name in names)
        )
        if not files:
            raise DataError(
                f"The folder {data} holds no Parquet, CSV or JSON file.",
                mend="Give the folder of the partitions.",
            )
        return files
    matches = sorted(Path(match) for match in glob.glob(data, recursive=True))  # noqa: PTH207 - absolute too
    files = [match for match in matches if match.is_file()]
    if not files:
        raise DataError(
            f"There is no file {data}.", mend="Check the path; a glob is written like 'log/*.parquet'."
        )
    return files


def open_files(
    cursor: duckdb.DuckDBPyConnection, files: Sequence[Path], title: str, folder: Path
) -> list[Rows]:
    """Return the rows of files of one format, in pieces: neighbours of equal columns together.

    `folder` takes mended copies of text files.

    Raises:
        DataError: formats are mixed or unknown, a header is unfit, a file cannot be opened.
    """
    formats = {format_of(file.name): file for file in files}
    if "" in formats:
        raise DataError(
            f"{formats[''].name} is of a format that cannot be read.",
            mend=f"Known: {', '.join(end for ends in SUFFIXES.values() for end in ends)}.",
        )
    if len(formats) > 1:
        raise DataError(
            f"{title} mixes {' and '.join(sorted(formats))} files.",
            mend="Give one format at a time, by a glob.",
        )
    (kind,) = formats
    if kind == "parquet":
        hive = any("=" in part for file in files for part in file.parts[:-1])
        schemas = read_schemas(cursor, files)
        pieces = [
            (f"read_parquet([{_listed(same)}], hive_partitioning = {str(hive).lower()})", same)
            for same in _neighbours(files, schemas.__getitem__)
        ]
        return [
            replace(
                Rows.of(cursor, relation, files_title(same), () if hive else same),
                alike=_alike([name for name, _ in schemas[same[0]]]),
            )
            for relation, same in pieces
        ]
    files, told = mended(files, folder)
    return [
        replace(rows, told=tuple(told) if place == 0 else ())
        for place, rows in enumerate(_text_rows(cursor, files, title, kind))
    ]


def _text_rows(cursor: duckdb.DuckDBPyConnection, files: Sequence[Path], title: str, kind: str) -> list[Rows]:
    if kind == "json":
        return [Rows.of(cursor, _json(files), title, record="record")]
    headers = {file: _header(file) for file in files}
    return [
        Rows.of(cursor, _csv(same, *headers[same[0]]), files_title(same))
        for same in _neighbours(files, headers.__getitem__)
    ]


def _neighbours(files: Sequence[Path], key: Callable[[Path], object]) -> Iterator[tuple[Path, ...]]:
    for _, same in groupby(files, key):
        yield tuple(same)


def files_title(files: Sequence[Path]) -> str:
    """Return what neighbouring files are called: one's name, or the first's and the last's."""
    names = [_name(files[0]), _name(files[-1])]
    return names[0] if len(files) == 1 else " to ".join(names)


def _name(file: Path) -> str:
    """Return a file's name, with the folders that part the data: every file may be called part.parquet."""
    return "/".join([*(part for part in file.parent.parts if "=" in part), file.name])


def _json(files: Sequence[Path]) -> str:
    read = f"read_json_objects([{_listed(files)}], format = 'auto', maximum_object_size = {_MAX_OBJECT})"
    return f"(SELECT json AS record FROM {read})"  # noqa: S608 - quoted


def _csv(files: Sequence[Path], delimiter: str, *names: str) -> str:
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    return (
        f"read_csv([{_listed(files)}], auto_detect = false, header = true, delim = {literal(delimiter)}, "
        f"quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false, columns = {{{columns}}})"
    )


def _header(file: Path) -> tuple[str, ...]:
    """Return the delimiter and the column names."""
    stream: TextIO
    try:
        opener = gzip.open if file.name.lower().endswith(".gz") else open
        with opener(file, "rt", encoding="utf-8-sig", newline="") as stream:
            line = stream.readline()
            delimiter = max(_DELIMITERS, key=line.count)
            stream.seek(0)
            names = next(csv.reader(stream, delimiter=delimiter), [])
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise DataError(
            f"{file.name} cannot be read as CSV: {fault}.", mend="Write it as UTF-8 text."
        ) from None
    if not any(names):
        raise DataError(
            f"{file.name} has no line of column names.", mend="Its first line must name the columns."
        )
    for one, *others in _alike(names):
        said = (
            f"the column {one!r} twice"
            if one in others
            else f"the columns {one!r} and {others[0]!r}, which differ in case only"
        )
        raise DataError(f"{file.name} names {said}.", mend="Rename one of them.")
    return (delimiter, *(name or f"column{place}" for place, name in enumerate(names)))


def _alike(names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return the names that a reader does not tell apart: the same, or different in case only."""
    by_name: dict[str, list[str]] = {}
    for name in names:
        by_name.setdefault(name.lower(), []).append(name)
    return tuple(tuple(same) for same in by_name.values() if len(same) > 1)


def parquet_rows(files: Sequence[Path]) -> str:
    """Return what stands after FROM to read partitions that may differ in columns."""
    return f"read_parquet([{_listed(files)}], union_by_name = true)"


def _listed(files: Sequence[Path]) -> str:
    return ", ".join(literal(pattern(file)) for file in files)
