"""A history of sample rows: one Parquet file, labels inside, opened as a backtest opens it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from tribune.metrics import Profile, Tally
from tribune_monitors.backtest.history import Cut, PastFrame, cut_history
from tribune_monitors.engines.duckdb_engine import DuckDBEngine
from tribune_monitors.sources.export import read_source
from tribune_monitors.sources.opening import connect
from tribune_monitors.sources.spec import Reading, SourceSpec
from unit.metrics.samples import Row

ENGINE = DuckDBEngine()


def write_rows(path: Path, rows: Sequence[Row], times: Sequence[int | None] | None = None) -> Path:
    """Write rows with their labels; times default to the rows' places."""
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            "CREATE TABLE t (id VARCHAR, time BIGINT, age DOUBLE, job VARCHAR, sex VARCHAR,"
            " prediction VARCHAR, score DOUBLE, label VARCHAR)"
        )
        connection.executemany(
            "INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (str(at), times[at] if times else at, r.age, r.job, r.sex, r.prediction, r.score, r.label)
                for at, r in enumerate(rows)
            ],
        )
        connection.execute(f"COPY t TO '{path}' (FORMAT parquet)")
    return path


def cut(
    folder: Path, profile: Profile, data: Path, how: Cut, labels: Path | None = None
) -> tuple[duckdb.DuckDBPyConnection, list[PastFrame], list[str]]:
    """Cut a history; return the cursor, its frames and findings."""
    place = folder / "work"
    place.mkdir()
    cursor = connect(place)
    source = SourceSpec(Reading(str(data)), Reading(str(labels)) if labels else None)
    partitions = read_source(cursor, profile.spec, source, place, timed=how.step_us > 0)
    frames, told = cut_history(cursor, profile.spec, partitions, how, place / "frames")
    return cursor, frames, told


def counted(frames: Sequence[PastFrame], profile: Profile) -> list[Tally]:
    return [frame.count(ENGINE, profile) for frame in frames]
