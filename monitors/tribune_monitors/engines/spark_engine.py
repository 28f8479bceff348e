"""The Spark engine: the same statements over the same files, on this machine or on a cluster.

For logs too large for one machine; a session of its own costs some ten seconds at its start. It listens on
127.0.0.1 only. What Spark would read otherwise than DuckDB (names that it hides, bytes that are no UTF-8) it
refuses instead. Needs Java 17 or newer and the extra `tribune-dao[spark]`.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from tribune.exceptions import ConfigurationError, DataError
from tribune.metrics.profile import Profile
from tribune.metrics.scheme import Scheme
from tribune.metrics.tally import Tally
from tribune_monitors.engines import sql
from tribune_monitors.engines.base import UNREADABLE, scheme_of
from tribune_monitors.engines.counting import count_rows, decision_columns, label_columns
from tribune_monitors.engines.duckdb_engine import DuckDBEngine
from tribune_monitors.engines.schema import Types, Wanted, fitting, grouped, read_schemas, select_of
from tribune_monitors.engines.sql import Labels

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_MEANING: Mapping[str, str] = {
    "spark.sql.ansi.enabled": "true",  # a cast that fails is an error, not a null
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    "spark.sql.caseSensitive": "true",
    "spark.sql.groupByOrdinal": "true",
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.parquet.filterPushdown": "false",  # no row is left out on the word of a file's statistics
}
"""What the statements' meaning depends on, set in whatever session is given."""
_QUIET: Mapping[str, str] = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.ui.retainedJobs": "10",  # a monitor counts for months
    "spark.ui.retainedStages": "10",
    "spark.ui.retainedTasks": "100",
    "spark.sql.ui.retainedExecutions": "10",
    "spark.log.level": "OFF",  # what fails is raised, with its reason
    "spark.python.unix.domain.socket.enabled": "true",  # results come by a file's rights, not by a port
}
_LOOPBACK: Mapping[str, str] = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
_AT_ONCE = 8
"""Statements planned and run side by side, each of many small steps."""
_HELD = 100_000
"""Rows of a result held at once. More are fetched in parts, which costs the driver some memory for good."""
# Spark's own floor gives a whole number of 64 bits: NaN becomes 0, large numbers the largest.
_FLOOR = (
    f"CREATE TEMPORARY FUNCTION {sql.FLOOR}(x DOUBLE) RETURNS DOUBLE "
    "RETURN rint(x) - CAST(rint(x) > x AS DOUBLE)"
)
_TYPES: Mapping[str, str] = {
    "TINYINT": "byte",
    "SMALLINT": "short",
    "INTEGER": "integer",
    "BIGINT": "long",
    "UTINYINT": "short",
    "USMALLINT": "integer",
    "UINTEGER": "long",
    "UBIGINT": "decimal(20,0)",
    "FLOAT": "float",
    "DOUBLE": "double",
    "VARCHAR": "string",
    "BOOLEAN": "boolean",
}
"""What Spark reads a Parquet column as, by DuckDB's name of its type."""


class SparkEngine:
    """Counts with Spark.

    Args:
        threads: threads to count with in this process; a cluster has its own.
        master: the cluster's address, as `spark.master` takes it; empty: in this process. A cluster must see
            the partitions under the same paths.
        session: a session that is already there, and is left running; wins over both.
    """

    name = "spark"

    def __init__(self, threads: int = 1, *, master: str = "", session: SparkSession | None = None) -> None:
        if threads < 1:
            raise DataError(f"An engine needs at least one thread, not {threads}.")
        self.threads = threads
        self._at_once = _AT_ONCE if master or session else min(threads, _AT_ONCE)
        self._master = master
        self._given = session
        self._session: SparkSession | None = None
        self._starting = threading.Lock()
        self._views = itertools.count()
        self._footers = DuckDBEngine()  # whatever counts, one reader says what columns a file has

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
        session = self._started()
        where = Labels.of(labels, inline_labels)
        sources: list[str] = []
        try:
            views = {
                sql.ROWS: self._select(session, decisions, decision_columns(scheme.spec, where), sources)
            }
            if labels:
                views[sql.LABELS] = self._select(session, labels, label_columns(scheme.spec), sources)
            given = ", ".join(f"{view} AS ({select})" for view, select in views.items())
            return count_rows(
                scheme, where, lambda statement: _rows(session, f"WITH {given} {statement}"), self._at_once
            )
        finally:
            for source in sources:
                session.catalog.dropTempView(source)

    def close(self) -> None:
        """Stop the session that was started here, if one was."""
        with self._starting:
            if self._session is not None and self._given is None:
                self._session.stop()
            self._session = None

    def __enter__(self) -> SparkEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _started(self) -> SparkSession:
        """Return this engine's session: its settings and views are nobody else's."""
        with self._starting:
            if self._session is None:
                session = (self._given or start(self.threads, self._master)).newSession()
                for name, value in _MEANING.items():
                    session.conf.set(name, value)
                session.sql(_FLOOR)
                self._session = session
            return self._session

    def _select(
        self, session: SparkSession, paths: Sequence[Path], wanted: Sequence[Wanted], sources: list[str]
    ) -> str:
        """Return the SELECT of the wanted columns of partitions; name the views that it reads in `sources`.

        Threads count side by side in one session (each costs the driver a megabyte), so no view is fixed.
        """
        selects = []
        for types, files in grouped(read_schemas(self._footers.cursor(), paths)):
            sources.append(f"tribune_files_{next(self._views)}")
            _read(session, types, files, wanted).createOrReplaceTempView(sources[-1])
            selects.append(select_of(fitting(types, wanted), wanted, sources[-1]))
        return " UNION ALL ".join(selects)


def start(threads: int = 1, master: str = "") -> SparkSession:
    """Start a session; see `SparkEngine`.

    Raises:
        ConfigurationError: Spark or its Java is missing.
    """
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as fault:
        raise ConfigurationError(
            "Spark is not installed.", mend="Install tribune-dao[spark], or count with DuckDB."
        ) from fault
    settings = dict(_QUIET)
    if not master:
        settings |= {**_LOOPBACK, "spark.sql.shuffle.partitions": str(threads)}
    builder = SparkSession.builder.appName("tribune").master(master or f"local[{threads}]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except PySparkException as fault:
        raise ConfigurationError(
            f"Spark does not start: {str(fault).splitlines()[0]}",
            mend="It needs Java 17 or newer: install it and let JAVA_HOME name its folder.",
        ) from fault


def _read(session: SparkSession, types: Types, paths: Sequence[Path], wanted: Sequence[Wanted]) -> DataFrame:
    """Return the wanted columns of files of equal columns, in exactly the types that were looked at."""
    from pyspark.sql import functions
    from pyspark.sql.types import StructType

    schema, columns = StructType(), []
    for name, kind in fitting(types, wanted).items():
        schema.add(name, _TYPES[kind])
        column = functions.col(f"`{name.replace('`', '``')}`")
        columns.append(functions.validate_utf8(column).alias(name) if kind == "VARCHAR" else column)
    with _readable():
        frame = session.read.schema(schema).parquet(*map(_path, paths))
        if len(frame.inputFiles()) == len(paths):
            return frame.select(*columns)
    raise DataError(
        "Spark does not read partitions whose names begin with a dot or an underscore.",
        mend="Rename them, or count with DuckDB.",
    )


def _path(path: Path) -> str:
    """Return a path as Spark's glob reads it, so that it names this file and no other."""
    return "file:" + re.sub(r"([\\{}\[\]*?])", r"\\\1", str(path.absolute()))


def _rows(session: SparkSession, statement: str) -> Iterator[tuple[Any, ...]]:
    """Run a counting statement and yield its rows; DataError where a file cannot be read."""
    with _readable():
        frame = session.sql(statement)
        rows = frame.limit(_HELD + 1).collect()
        yield from rows if len(rows) <= _HELD else frame.toLocalIterator()


@contextmanager
def _readable() -> Iterator[None]:
    """Raise DataError in place of whatever Spark raises when it cannot read a file."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError) as fault:
        raise DataError(
            f"A partition could not be read to its end: {_reason(fault)}",
            mend=UNREADABLE,
        ) from fault


def _reason(fault: Exception) -> str:
    """Return the first line of what is at the root of a failure in Java."""
    root = getattr(fault, "java_exception", None)
    while root is not None and root.getCause() is not None:
        root = root.getCause()
    return str(fault if root is None else root.toString()).splitlines()[0]
