"""A reference cut into consecutive blocks: how much they differ is how much days differ without a fault."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from tribune.exceptions import DataError
from tribune.metrics.spec import ModelSpec
from tribune_monitors.engines.schema import read_schemas
from tribune_monitors.engines.sql import literal, quoted
from tribune_monitors.sources.files import files_title, parquet_rows
from tribune_monitors.sources.rows import readable

if TYPE_CHECKING:
    import duckdb


def split(
    cursor: duckdb.DuckDBPyConnection,
    files: Sequence[Path],
    spec: ModelSpec,
    blocks: int,
    folder: Path,
    *,
    timed: bool,
) -> list[list[Path]]:
    """Write rows again as consecutive blocks of about equal size; return the partitions of each.

    Args:
        cursor: copies.
        files: partitions.
        spec: the model's columns; blocks have no others, which may be of any type in each file.
        blocks: how many.
        folder: takes them.
        timed: whether the rows' times decide, or rows are in order of time already.

    Raises:
        DataError: there are fewer rows, or different times, than blocks, or none of the columns, or a file
            cannot be read to its end.
    """
    names = {name for types in read_schemas(cursor, files).values() for name, _ in types}
    described = dict.fromkeys([*(column.name for column in spec.columns), spec.id_name])
    wanted = [name for name in described if name in names]
    if not wanted:
        raise DataError("The reference has none of the model's columns.", mend="Check the model description.")
    folder.mkdir(parents=True)
    columns, rows = ", ".join(map(quoted, wanted)), parquet_rows(files)
    paths = [[folder / f"block-{place:05}.parquet"] for place in range(blocks)]
    with readable(files_title(files)):
        time = spec.time_name if spec.time_name in names else ""
        pieces = _by_time(cursor, rows, time, blocks) if timed else _by_place(cursor, rows, blocks)
        for piece, (path,) in zip(pieces, paths, strict=True):
            cursor.execute(
                f"COPY (SELECT {columns} FROM {rows} {piece}) TO {literal(str(path))} (FORMAT parquet)"  # noqa: S608
            )
    return paths


def _by_time(cursor: duckdb.DuckDBPyConnection, rows: str, name: str, blocks: int) -> list[str]:
    """Return which rows each block has, by their times; no name: there are none."""
    time = quoted(name)
    shares = ", ".join(str(place / blocks) for place in range(1, blocks))
    cuts = None
    if name:
        found = cursor.execute(f"SELECT quantile_disc({time}, [{shares}]) FROM {rows}")  # noqa: S608 - quoted
        (cuts,) = found.fetchone() or (None,)
    if cuts is None or len(set(cuts)) < blocks - 1:
        raise DataError(
            f"The reference does not have times for {blocks} blocks.",
            mend="Give fewer by --blocks, or --blocks 1 for none.",
        )
    ends = ["true", *(f"{time} >= {cut}" for cut in cuts), "false"]
    return [f"WHERE coalesce({low}, true) AND NOT coalesce({high}, true)" for low, high in pairwise(ends)]


def _by_place(cursor: duckdb.DuckDBPyConnection, rows: str, blocks: int) -> list[str]:
    """Return which rows each block has, in their order."""
    (total,) = cursor.execute(f"SELECT count(*) FROM {rows}").fetchone() or (0,)  # noqa: S608 - quoted
    cuts = [total * place // blocks for place in range(blocks + 1)]
    if len(set(cuts)) <= blocks:
        raise DataError(f"The reference has {total} rows, too few for {blocks} blocks.", mend="Give fewer.")
    return [f"LIMIT {high - low} OFFSET {low}" for low, high in pairwise(cuts)]
