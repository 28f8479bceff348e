"""The default engine: DuckDB, in memory, over sealed Parquet partitions. Touches no network, no other file.

Each column is read once; groups, prediction, score and label in one joint count. Refuses, by name, a file
that is no whole Parquet file.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tribune.exceptions import DataError
from tribune.metrics.profile import Profile
from tribune.metrics.scheme import Scheme
from tribune.metrics.tally import Tally
from tribune_monitors.engines import sql
from tribune_monitors.engines.base import UNREADABLE, Tell, scheme_of
from tribune_monitors.engines.counting import (
    Run,
    UnfitError,
    cast_late,
    count_rows,
    decision_columns,
    label_columns,
)
from tribune_monitors.engines.schema import (
    Wanted,
    as_stored,
    fitting,
    grouped,
    pattern,
    read_schemas,
    select_of,
)
from tribune_monitors.engines.sql import Labels

if TYPE_CHECKING:
    import duckdb

_FETCH = 10_000  # rows of a result held at once: a column full of new values must not fill memory

Views = Mapping[str, tuple[Sequence[Path], Sequence[Wanted]]]
"""Per view its partitions and columns."""

_NAME = re.compile(r'"(?:[^"]|"")*"|[a-z_]+')  # in a statement, quoted or as it is
_AT_ONCE = 8
"""Columns counted side by side: a thread on each costs a fifth less than all threads on one at a time."""
SHORT_FROM = 500_000
"""Rows from which on it pays to make room for all keys of sixteen bits: some milliseconds a column."""


class DuckDBEngine:
    """Counts with DuckDB.

    Args:
        threads: threads to count with; the result does not depend on it.
        tell: is told how much of a count is done.
        short_from: rows from which on numbers are counted by keys of sixteen bits; nor does the result depend
            on this.
    """

    name = "duckdb"

    def __init__(self, threads: int = 1, tell: Tell | None = None, short_from: int = SHORT_FROM) -> None:
        if threads < 1:
            raise DataError(f"An engine needs at least one thread, not {threads}.")
        self.threads = threads
        self._tell = tell
        self._short_from = short_from
        self._at_once = min(threads, _AT_ONCE)
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
        where = Labels.of(labels, inline_labels)
        views = {sql.ROWS: (decisions, decision_columns(scheme.spec, where))}
        if labels:
            views[sql.LABELS] = (labels, label_columns(scheme.spec))
        sources = self._sources(views)
        self._share(alone=bool(labels))
        stored = as_stored([fit for fit, _ in sources[sql.ROWS]], cast_late(scheme))
        run = self._over(views, sources, stored)
        return count_rows(
            scheme,
            where,
            run,
            self._at_once,
            stored=stored,
            short_from=self._short_from,
            stops_early=True,
            tell=self._tell,
        )

    def runner(self, views: Views) -> Run:
        """Return what runs statements over views of partitions, in canonical types, null where unfit.

        A view has only the columns that a statement names: with thousands of columns, binding them all for
        each statement would cost far more than counting.

        Args:
            views: over which.

        Raises:
            DataError: for a file that cannot be read, here or when a statement runs.
        """
        self._share(alone=False)
        return self._over(views, self._sources(views))

    def _share(self, *, alone: bool) -> None:
        """Say how many threads a statement has; `alone`: one, a join, goes on when all others have ended."""
        threads = self.threads if alone else self.threads - self._at_once + 1  # beside those that ask
        with self.cursor() as cursor:
            cursor.execute(f"SET threads = {threads}")

    def _sources(self, views: Views) -> dict[str, list[tuple[dict[str, str], str]]]:
        """Return per view, per kind of file, which wanted columns can be counted there, and what to read."""
        with self.cursor() as cursor:
            return {
                view: [
                    (fitting(types, wanted), _files(files))
                    for types, files in grouped(read_schemas(cursor, paths))
                ]
                for view, (paths, wanted) in views.items()
            }

    def _over(
        self,
        views: Views,
        sources: Mapping[str, Sequence[tuple[Container[str], str]]],
        stored: Container[str] = (),
    ) -> Run:
        """Return what runs statements over sources; `stored` rows' columns come as they are in the files."""
        names = {
            view: {one.alias or sql.quoted(one.name): one for one in wanted}
            for view, (_, wanted) in views.items()
        }

        def run(statement: str) -> Iterator[tuple[Any, ...]]:
            given = []
            said = dict.fromkeys(_NAME.findall(statement))
            for view, named in names.items():
                # one column at least, since rows are counted
                wanted = [named[name] for name in said if name in named] or [next(iter(named.values()))]
                as_they_are = stored if view == sql.ROWS else ()
                selects = (select_of(fit, wanted, source, as_they_are) for fit, source in sources[view])
                given.append(f"{view} AS ({' UNION ALL '.join(selects)})")
            return self._rows(f"WITH {', '.join(given)} {statement}")

        return run

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a cursor with views of its own, so that threads may count side by side."""
        import duckdb

        if self._connection is None:
            self._connection = duckdb.connect(
                ":memory:",
                config={
                    "threads": 1,  # until `_share` says
                    "autoinstall_known_extensions": False,
                    "autoload_known_extensions": False,
                    "enable_external_file_cache": False,  # a partition is read as it is now
                    "preserve_insertion_order": False,
                    # A file's word on its least and largest values is nowhere taken; and without it whole
                    # numbers stay in their dictionary, by which they are counted at half the cost.
                    "disabled_optimizers": "statistics_propagation",
                    # Keys of sixteen bits, and null, are counted in a table, at two thirds of a hash's cost.
                    "perfect_ht_threshold": 17,
                },
            )
            self._connection.execute("SET enable_progress_bar = false")
            # A footer is parsed once, not for each column, unless its file has changed meanwhile.
            self._connection.execute("SET parquet_metadata_cache = true")
            self._connection.execute(f"CREATE MACRO {sql.FLOOR}(x) AS floor(x)")
        return self._connection.cursor()

    def _rows(self, statement: str) -> Iterator[tuple[Any, ...]]:
        """Run a counting statement and yield its rows in pieces; DataError where a file cannot be read."""
        import duckdb

        with self.cursor() as own:
            try:
                own.execute(statement)
                while piece := own.fetchmany(_FETCH):
                    yield from piece
            except duckdb.Error as fault:
                kind = UnfitError if isinstance(fault, duckdb.ConversionException) else DataError
                raise kind(
                    f"A partition could not be read to its end: {str(fault).splitlines()[0]}",
                    mend=UNREADABLE,
                ) from fault


def _files(paths: Sequence[Path]) -> str:
    files = ", ".join(sql.literal(pattern(path)) for path in paths)
    return f"read_parquet([{files}], hive_partitioning = false)"
