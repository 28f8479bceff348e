"""From rows to a tally: which columns are read and which statements are run, the same on every engine.

An engine makes the views and runs the statements; what it finds is classified in Python. Knows no engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tribune.metrics.binning import Binning, Grid, Scheme
from tribune.metrics.spec import ColumnKind, ModelSpec
from tribune.metrics.tally import Tally
from tribune_monitors.engines import sql
from tribune_monitors.engines.classify import OutcomeCounter, category_column, numeric_column, score_table
from tribune_monitors.engines.schema import Wanted
from tribune_monitors.engines.sql import Labels

Run = Callable[[str], Iterable[tuple[Any, ...]]]
"""Runs a counting statement and gives its rows, in any order; from several threads at once."""


def count_rows(scheme: Scheme, labels: Labels, run: Run, at_once: int = 1) -> Tally:
    """Count the rows of an engine's views.

    Args:
        scheme: by which to count.
        labels: where labels come from.
        run: runs a statement over `sql.ROWS` and, where labels are joined, `sql.LABELS`.
        at_once: how many statements run side by side.
    """
    from concurrent.futures import ThreadPoolExecutor

    spec = scheme.spec
    with ThreadPoolExecutor(at_once) as pool:
        joint = pool.submit(_outcomes, scheme, labels, run)  # the longest first
        scores = {name: pool.submit(_score, scheme, name, labels, run) for name in scheme.scored}
        alone = {
            name: pool.submit(_column, scheme.binnings[name], statement, run)
            for name, statement in _alone(scheme, labels)
        }
    counter = joint.result()
    columns = counter.columns()
    columns |= {name: future.result() for name, future in alone.items()}
    columns |= {name: future.result()[0] for name, future in scores.items()}
    return Tally(
        counter.rows,
        {column.name: columns[column.name] for column in spec.counted},
        counter.outcomes(),
        {name: future.result()[1] for name, future in scores.items()},
    )


def _outcomes(scheme: Scheme, labels: Labels, run: Run) -> OutcomeCounter:
    counter = OutcomeCounter(scheme)
    for *groups, came, label, said, cell, n in run(sql.outcome_counts(scheme, labels)):
        counter.add((tuple(groups), came, label, said), cell, n)
    return counter


def _score(scheme: Scheme, name: str, labels: Labels, run: Run) -> tuple[tuple[int, ...], dict[int, int]]:
    """Return a score's column and its table by label."""
    found = list(run(sql.score_counts(scheme, name, labels)))
    column = numeric_column(scheme.grid(name), ((cell, n) for _, _, cell, n in found))
    return column, score_table(scheme, name, found)


def _alone(scheme: Scheme, labels: Labels) -> Iterator[tuple[str, str]]:
    """Yield the columns that have a count of their own, each with its statement."""
    spec = scheme.spec
    if spec.has_errors:
        yield spec.label_name, sql.label_counts(scheme, labels)
    joint = {column.name for column in spec.groups} | set(scheme.scored)
    if spec.outcomes:
        joint.add(spec.prediction.name)
    for column in spec.measured:
        if column.name not in joint:
            yield column.name, sql.column_counts(scheme, column.name)


def _column(binning: Binning, statement: str, run: Run) -> tuple[int, ...]:
    keys = run(statement)
    return numeric_column(binning, keys) if isinstance(binning, Grid) else category_column(binning, keys)


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
