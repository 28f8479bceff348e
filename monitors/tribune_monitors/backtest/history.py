"""Past decisions cut into frames, each as partitions of its own that an engine counts and faults may change.

Frames are stretches of time on a grid, or so many rows in order of time (in the files' order where rows have
no time). Labels stay with the rows that they belong to. What belongs to no frame is told, never dropped
silently.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tribune.exceptions import ConfigurationError, DataError
from tribune.metrics import Profile, Tally
from tribune.metrics.spec import ColumnKind, ModelSpec, Role
from tribune.wording import counted
from tribune_monitors.engines.base import Engine
from tribune_monitors.engines.schema import CAST
from tribune_monitors.engines.sql import literal, quoted
from tribune_monitors.sources.export import Partitions
from tribune_monitors.sources.files import files_title, parquet_rows
from tribune_monitors.sources.rows import readable
from tribune_monitors.telling import Say, say_nothing

if TYPE_CHECKING:
    import duckdb

ROW = "tribune_row"
"""Added to frames: a row's number within the history, by which faults choose rows."""
_FRAME = "tribune_frame"
_MOST_FRAMES = 10_000
_CALENDAR = (-62_135_596_800_000_000, 253_402_300_800_000_000)
"""The years 1 to 9999, half-open: what lies outside is a time in another unit."""


@dataclass(frozen=True)
class Cut:
    """How to cut: frames of `step_us` microseconds, or of `rows` rows; one of them."""

    step_us: int = 0
    rows: int = 0

    def __post_init__(self) -> None:
        if (self.step_us > 0) is (self.rows > 0):
            raise ConfigurationError(
                "A history is cut by time or by rows.", mend="Give --step or --frame-rows, not both."
            )


@dataclass(frozen=True)
class PastFrame:
    """A frame of the history.

    Args:
        start_us, end_us: its time, UTC microseconds; 0 where it is cut by rows.
        decisions: partitions; none: nothing was decided in that time.
        labels: label partitions of these decisions.
        inline: whether labels stand in the decisions.
    """

    start_us: int
    end_us: int
    decisions: tuple[Path, ...] = ()
    labels: tuple[Path, ...] = ()
    inline: bool = False

    def count(self, engine: Engine, profile: Profile) -> Tally:
        """Count it, labels joined."""
        return engine.count(self.decisions, self.labels, profile, inline_labels=self.inline)


def cut_history(
    cursor: duckdb.DuckDBPyConnection,
    spec: ModelSpec,
    partitions: Partitions,
    cut: Cut,
    folder: Path,
    say: Say = say_nothing,
) -> tuple[list[PastFrame], list[str]]:
    """Return the frames of a history in order, and what to know about it.

    Args:
        cursor: copies.
        spec: the model's columns.
        partitions: of all decisions.
        cut: how.
        folder: takes the frames.
        say: is told of progress.

    Raises:
        ConfigurationError: it is to be cut by time, and rows have none.
        DataError: there are no frames, or more than can be replayed.
    """
    kinds = _kinds(cursor, partitions.decisions)
    time = next((c.name for c in spec.with_role(Role.TIME) if c.name in kinds), "")
    if cut.step_us and not time:
        raise ConfigurationError(
            "A history is cut by time, but its rows have none.",
            mend='Describe the time in the model (role = "time") and make the profile anew, or cut by rows '
            "with --frame-rows 5000.",
        )
    say("Cutting the history into frames")
    columns = _columns(spec, partitions, kinds)
    rows = _framed(parquet_rows(partitions.decisions), columns, time, cut)
    with readable(files_title(partitions.decisions)):
        cursor.execute(f"CREATE TEMP TABLE history AS {rows}")
    sizes = f"SELECT {_FRAME}, count(*) FROM history GROUP BY 1 ORDER BY 1 NULLS LAST"  # noqa: S608
    counts = dict(cursor.execute(sizes).fetchall())
    told = []
    if lost := counts.pop(None, 0):
        told.append(f"{counted(lost, 'row has', 'rows have')} no time: of no frame.")
    if cut.rows and counts and counts[max(counts)] < cut.rows:
        rest = counted(counts.pop(max(counts)), "row")
        told.append(f"Left out: {rest} at the end, which make no whole frame.")
    if not counts:
        why = f" {' '.join(told)}" if told else ""
        raise DataError(f"The history makes no whole frame.{why}", mend="Give more rows, or cut it finer.")
    numbers = range(min(counts), max(counts) + 1)
    if numbers.start * cut.step_us < _CALENDAR[0] or numbers.stop * cut.step_us > _CALENDAR[1]:
        raise DataError(
            "The history's times lie outside the years 1 to 9999.",
            mend="Say what they count since 1970 as the unit in [source.time]: s, ms, us or ns.",
        )
    if len(numbers) > _MOST_FRAMES:
        raise DataError(
            f"The history makes {len(numbers):,} frames; at most {_MOST_FRAMES:,} are replayed.",
            mend="Take longer frames, or a shorter time (--since, --until).",
        )
    _write(cursor, f"FROM history WHERE {_FRAME} IS NOT NULL", folder / "decisions")
    if partitions.labels:
        with readable(files_title(partitions.labels)):
            _write(cursor, _labels(spec, partitions), folder / "labels")
    cursor.execute("DROP TABLE history")
    return [
        PastFrame(
            number * cut.step_us,
            (number + 1) * cut.step_us,
            _files(folder / "decisions", number),
            _files(folder / "labels", number),
            partitions.inline,
        )
        for number in numbers
    ], told


def _labels(spec: ModelSpec, partitions: Partitions) -> str:
    """Return the labels of the rows of each frame."""
    id_ = quoted(spec.id_name)
    ids = f"SELECT DISTINCT {id_} AS id, {_FRAME} FROM history WHERE {_FRAME} IS NOT NULL"  # noqa: S608
    labels = parquet_rows(partitions.labels)
    return f"SELECT l.*, h.{_FRAME} FROM {labels} AS l JOIN ({ids}) AS h ON l.{id_} = h.id"  # noqa: S608


def _columns(spec: ModelSpec, partitions: Partitions, kinds: Container[str]) -> list[str]:
    """Return what frames hold: one that the history lacks is null in all rows, so that faults find it too."""
    names = [column.name for column in spec.measured]
    names += [spec.label_name] if partitions.inline else []
    names += [spec.id_name] if partitions.labels else []
    numbers = {column.name for column in spec.columns if column.kind is ColumnKind.NUMERIC}
    return [
        quoted(name)
        if name in kinds
        else f"CAST(NULL AS {CAST['number' if name in numbers else 'text']}) AS {quoted(name)}"
        for name in dict.fromkeys(names)
    ]


def _framed(rows: str, columns: Sequence[str], time: str, cut: Cut) -> str:
    order = f"ORDER BY {quoted(time)}" if time else ""
    numbered = f"SELECT *, row_number() OVER ({order}) - 1 AS {ROW} FROM {rows}"  # noqa: S608 - quoted
    frame = f"{quoted(time)} // {cut.step_us}" if cut.step_us else f"{ROW} // {cut.rows}"
    return f"SELECT {', '.join(columns)}, {ROW}, {frame} AS {_FRAME} FROM ({numbered})"  # noqa: S608 - quoted


def _write(cursor: duckdb.DuckDBPyConnection, select: str, folder: Path) -> None:
    folder.mkdir(parents=True)
    cursor.execute(f"COPY ({select}) TO {literal(str(folder))} (FORMAT parquet, PARTITION_BY ({_FRAME}))")


def _files(folder: Path, number: int) -> tuple[Path, ...]:
    return tuple(sorted((folder / f"{_FRAME}={number}").glob("*.parquet")))


def _kinds(cursor: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> dict[str, str]:
    """Return the type of each column that some file has."""
    found = cursor.execute(f"DESCRIBE SELECT * FROM {parquet_rows(files)}").fetchall()  # noqa: S608 - quoted
    return {name: kind for name, kind, *_ in found}
