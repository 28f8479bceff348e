"""The default engine: DuckDB, in memory, over sealed Parquet partitions. Touches no network, no other file.

Each column is read once; groups, prediction, score and label in one joint count. Refuses, by name, a file
that is no whole Parquet file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tribune.exceptions import DataError
from tribune.metrics.binning import Grid, Scheme
from tribune.metrics.profile import Profile
from tribune.metrics.spec import ColumnKind, ModelSpec
from tribune.metrics.tally import Tally
from tribune_monitors.engines import sql
from tribune_monitors.engines.base import scheme_of
from tribune_monitors.engines.classify import OutcomeCounter, category_column, numeric_column, score_table
from tribune_monitors.engines.schema import Wanted, grouped, read_schemas, select_of
from tribune_monitors.engines.sql import Labels

if TYPE_CHECKING:
    import duckdb

_FETCH = 10_000  # rows of a result held at once: a column full of new values must not fill memory


class DuckDBEngine:
    """Counts with DuckDB.

    Args:
        threads: threads to count with; the result does not depend on it.
    """

    name = "duckdb"

    def __init__(self, threads: int = 1) -> None:
        if threads < 1:
            raise DataError(f"An engine needs at least one thread, not {threads}.")
        self.threads = threads
        self._connection: duckdb.DuckDBPyConnection | None = None

    def count(
        self,
        decisions: Sequence[Path],
        labels: Sequence[Path],
        profile: Profile | Scheme,
        *,
        inline_labels: bool = False,
    ) -> Tally:
        """Count partitions; see `Engine.count`."""
        scheme = scheme_of(profile)
        if not decisions:
            return Tally.zero(scheme)
        spec = scheme.spec
        cursor = self.cursor()
        where = Labels.JOINED if labels else Labels.INLINE if inline_labels else Labels.NONE
        self.open(cursor, sql.ROWS, decisions, decision_columns(spec, where))
        if labels:
            self.open(cursor, sql.LABELS, labels, label_columns(spec))
        counter = OutcomeCounter(scheme)
        rows = 0
        for *groups, came, label, said, cell, n in self.rows(cursor, sql.outcome_counts(scheme, where)):
            counter.add((tuple(groups), came, label, said, cell), n)
            rows += n
        columns = counter.columns()
        scores = {}
        for name, axis in scheme.class_scores.items():
            found = list(self.rows(cursor, sql.score_counts(scheme, name, where)))
            scores[name] = score_table(scheme, axis, found)
            columns[name] = numeric_column(scheme.grid(name), ((cell, n) for _, _, cell, n in found))
        if spec.has_errors:
            keys = self.rows(cursor, sql.label_counts(scheme, where))
            columns[spec.label_name] = numeric_column(scheme.grid(spec.label_name), keys)
        for column in spec.measured:
            if column.name not in columns:
                columns[column.name] = self._column(cursor, scheme, column.name)
        return Tally(rows, {c.name: columns[c.name] for c in spec.counted}, counter.outcomes, scores)

    def _column(self, cursor: duckdb.DuckDBPyConnection, scheme: Scheme, name: str) -> tuple[int, ...]:
        keys = self.rows(cursor, sql.column_counts(scheme, name))
        binning = scheme.binnings[name]
        return numeric_column(binning, keys) if isinstance(binning, Grid) else category_column(binning, keys)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a cursor with views of its own, so that threads may count side by side."""
        import duckdb

        if self._connection is None:
            self._connection = duckdb.connect(
                ":memory:",
                config={
                    "threads": self.threads,
                    "autoinstall_known_extensions": False,
                    "autoload_known_extensions": False,
                    "enable_external_file_cache": False,  # a partition is read as it is now
                    "preserve_insertion_order": False,
                },
            )
            self._connection.execute("SET enable_progress_bar = false")
        return self._connection.cursor()

    def open(
        self, cursor: duckdb.DuckDBPyConnection, view: str, paths: Sequence[Path], wanted: Sequence[Wanted]
    ) -> None:
        """Make a view of partitions with the wanted columns in their canonical types, null where unfit.

        Raises:
            DataError: for a file that cannot be read.
        """
        groups = grouped(read_schemas(cursor, paths))
        selects = " UNION ALL ".join(select_of(types, files, wanted) for types, files in groups)
        cursor.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {selects}")

    def rows(self, cursor: duckdb.DuckDBPyConnection, statement: str) -> Iterator[tuple[Any, ...]]:
        """Run a counting statement and yield its rows in pieces; DataError where a file cannot be read."""
        import duckdb

        try:
            cursor.execute(statement)
            while piece := cursor.fetchmany(_FETCH):
                yield from piece
        except duckdb.Error as fault:
            raise DataError(
                f"A partition could not be read to its end: {str(fault).splitlines()[0]}",
                mend="Seal and fetch it again; its sha-256 should be the manifest's.",
            ) from fault


def decision_columns(spec: ModelSpec, labels: Labels) -> list[Wanted]:
    """Return the columns that are read of decision partitions."""
    wanted = [
        Wanted(column.name, "number" if column.kind is ColumnKind.NUMERIC else "text")
        for column in spec.measured
    ]
    if labels is Labels.JOINED and all(column.name != spec.id_name for column in spec.measured):
        wanted.append(Wanted(spec.id_name, "text"))
    if labels is Labels.INLINE:
        wanted.append(Wanted(spec.label_name, _label_kind(spec), sql.LABEL))
    return wanted


def label_columns(spec: ModelSpec) -> list[Wanted]:
    """Return the columns that are read of label partitions."""
    return [
        Wanted(spec.id_name, "text", "id"),
        Wanted(spec.time_name, "time", "time"),
        Wanted(spec.label_name, _label_kind(spec), "label"),
    ]


def _label_kind(spec: ModelSpec) -> str:
    return "number" if spec.has_errors else "text"
