"""Engines: what turns rows of partitions into tallies. One that fails the conformance file never signs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tribune.exceptions import ConfigurationError

if TYPE_CHECKING:
    from tribune_monitors.engines.base import Engine, Tell

ENGINES = ("duckdb", "spark")
"""Names of the engines, the default first."""


def open_engine(
    name: str = ENGINES[0], threads: int = 1, *, master: str = "", tell: Tell | None = None
) -> Engine:
    """Return the engine of this name; nothing is started before it counts.

    Args:
        name: one of `ENGINES`.
        threads: threads to count with; the result does not depend on it.
        master: address of the cluster to count on; empty: this process. Spark only.
        tell: is told how much of a count is done; Spark shows that on its own page.

    Raises:
        ConfigurationError: there is no such engine, or it knows no clusters.
    """
    if name == "spark":
        from tribune_monitors.engines.spark_engine import SparkEngine

        return SparkEngine(threads, master=master)
    if name != "duckdb":
        raise ConfigurationError(f"There is no engine {name!r}.", mend=f"Known: {', '.join(ENGINES)}.")
    if master:
        raise ConfigurationError("DuckDB counts on no cluster.", mend="Leave the master out, or take Spark.")
    from tribune_monitors.engines.duckdb_engine import DuckDBEngine

    return DuckDBEngine(threads, tell)
