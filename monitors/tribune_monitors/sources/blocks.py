"""A reference cut into consecutive blocks: how much they differ is how much days differ without a fault."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from tribune.exceptions import DataError
from tribune.metrics.spec import ModelSpec
from tribune_monitors.engines.sql import literal, quoted
from tribune_monitors.sources.files import parquet_rows

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
        DataError: there are fewer rows, or different times, than blocks.
    """
    folder.mkdir(parents=True)
    rows = parquet_rows(files)
    (total,) = cursor.execute(f"SELECT count(*) FROM {rows}").fetchone() or (0,)  # noqa: S608
    if timed:
        time = quoted(spec.time_name)
        shares = ", ".join(str(place / blocks) for place in range(1, blocks))
        (cuts,) = cursor.execute(
            f"SELECT quantile_disc({time}, [{shares}]) FROM {rows}"  # noqa: S608
        ).fetchone() or (None,)
        if cuts is None or len(set(cuts)) < blocks - 1:
            raise DataError(
                f"The reference does not have times for {blocks} blocks.",
                mend="Give fewer by --blocks, or --blocks 1 for none.",
            )
        ends = ["true", *(f"{time} >= {cut}" for cut in cuts), "false"]
        pieces = [
            f"WHERE coalesce({low}, true) AND NOT coalesce({high}, true)" for low, high in pairwise(ends)
        ]
    else:
        cuts = [total * place // blocks for place in range(blocks + 1)]
        if len(set(cuts)) <= blocks:
            raise DataError(
                f"The reference has {total} rows, too few for {blocks} blocks.", mend="Give fewer."
            )
        pieces = [f"LIMIT {high - low} OFFSET {low}" for low, high in pairwise(cuts)]
    named = ", ".join(literal(name) for name in {*(column.name for column in spec.columns), spec.id_name})
    paths = []
    for place, piece in enumerate(pieces):
        paths.append([folder / f"block-{place:05}.parquet"])
        cursor.execute(
            f"COPY (SELECT COLUMNS(lambda c: c IN ({named})) FROM {rows} {piece}) "  # noqa: S608 - quoted
            f"TO {literal(str(paths[-1][0]))} (FORMAT parquet)"
        )
    return paths
