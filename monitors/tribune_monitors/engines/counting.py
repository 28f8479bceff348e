"""From rows to a tally: which columns are read and which statements are run, the same on every engine.

An engine makes the views and runs the statements; what it finds is classified in Python. Knows no engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tribune.metrics.binning import Grid, Scheme
from tribune.metrics.spec import ColumnKind, ModelSpec
from tribune.metrics.tally import Tally
from tribune_monitors.engines import sql
from tribune_monitors.engines.classify import OutcomeCounter, category_column, numeric_column, score_table
from tribune_monitors.engines.schema import Wanted
from tribune_monitors.engines.sql import Labels

Run = Callable[[str], Iterable[tuple[Any, ...]]]
"""Runs a counting statement and gives its rows, in any order."""


def count_rows(scheme: Scheme, labels: Labels, run: Run) -> Tally:
    """Count the rows of an engine's views.

    Args:
        scheme: by which to count.
        labels: where labels come from.
        run: runs a statement over `sql.ROWS` and, where labels are joined, `sql.LABELS`.
    """
    spec = scheme.spec
    counter = OutcomeCounter(scheme)
    rows = 0
    for *groups, came, label, said, cell, n in run(sql.outcome_counts(scheme, labels)):
        counter.add((tuple(groups), came, label, said, cell), n)
        rows += n
    columns = counter.columns()
    scores = {}
    for name, axis in scheme.class_scores.items():
        found = list(run(sql.score_counts(scheme, name, labels)))
        scores[name] = score_table(scheme, axis, found)
        columns[name] = numeric_column(scheme.grid(name), ((cell, n) for _, _, cell, n in found))
    if spec.has_errors:
        keys = run(sql.label_counts(scheme, labels))
        columns[spec.label_name] = numeric_column(scheme.grid(spec.label_name), keys)
    for column in spec.measured:
        if column.name not in columns:
            columns[column.name] = _column(scheme, column.name, run)
    return Tally(rows, {c.name: columns[c.name] for c in spec.counted}, counter.outcomes, scores)


def _column(scheme: Scheme, name: str, run: Run) -> tuple[int, ...]:
    keys = run(sql.column_counts(scheme, name))
    binning = scheme.binnings[name]
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
