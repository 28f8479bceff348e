"""Faults that are put into past frames, to see what a policy sees: chosen from the profile's columns.

Faults of columns change rows before they are counted; labels that turn wrong change the tally, exactly.
The model is not asked again: its answers stay as they were recorded, so what a fault would do to them is not
in here, and what is seen is the least that would have been.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from tribune.metrics import Categories, Column, Grid, Profile, Role, Tally
from tribune.metrics.scheme import LABEL_NEGATIVE, LABEL_POSITIVE
from tribune.metrics.spec import ColumnKind
from tribune_monitors.backtest.history import ROW, PastFrame
from tribune_monitors.engines.base import Engine
from tribune_monitors.engines.sql import literal, quoted
from tribune_monitors.sources.files import parquet_rows

if TYPE_CHECKING:
    import duckdb

_MONTHS = 12


@dataclass(frozen=True)
class Fault:
    """A fault.

    Args:
        name: short, for documents.
        words: what is wrong, for people.
        column: that is changed; empty: labels are.
        expression: SQL for its new value.
        condition: SQL for the rows that are concerned.
        group: group column and value whose labels turn wrong, for faults of labels.
        share: of the rows (or labels) concerned.
    """

    name: str
    words: str
    column: str = ""
    expression: str = ""
    condition: str = ""
    group: tuple[str, str] = ("", "")
    share: Fraction = Fraction(1)

    def count(
        self,
        cursor: duckdb.DuckDBPyConnection,
        frame: PastFrame,
        engine: Engine,
        profile: Profile,
        folder: Path,
    ) -> Tally:
        """Count a frame with the fault in it; `folder` takes the changed rows."""
        if not self.column:
            return relabelled(profile, frame.count(engine, profile), *self.group, self.share)
        path = folder / "faulty.parquet"
        path.unlink(missing_ok=True)
        name = quoted(self.column)
        changed = f"CASE WHEN {self._where()} THEN {self.expression} ELSE {name} END"
        cursor.execute(
            f"COPY (SELECT * REPLACE ({changed} AS {name}) FROM {parquet_rows(frame.decisions)}) "  # noqa: S608
            f"TO {literal(str(path))} (FORMAT parquet)"
        )
        return engine.count([path], frame.labels, profile, inline_labels=frame.inline)

    def _where(self) -> str:
        """Return the condition of the rows concerned; of a share, spread evenly and not by chance."""
        chosen = f"({ROW} * {_STRIDE}) % {_PARTS} < {int(self.share * _PARTS)}"
        return " AND ".join(part for part in (self.condition, chosen) if part)


_PARTS, _STRIDE = 1000, 617
"""Rows are taken 617 on modulo 1,000: no period of the log can hide in that."""


def faults_for(profile: Profile) -> list[Fault]:
    """Return faults that this model's columns can have, in an order that people read well."""
    return [*_numeric(profile), *_category(profile), *_missing(profile), *_labels(profile)]


def _numeric(profile: Profile) -> Iterator[Fault]:
    features = [c for c in profile.spec.with_role(Role.FEATURE) if c.kind is ColumnKind.NUMERIC]
    if not features:
        return
    column = features[0]
    number = f"CAST({quoted(column.name)} AS DOUBLE)"
    for share in (Fraction(1), Fraction(1, 20)):
        yield Fault(
            f"unit/{column.name}/{share * 100}",
            f"{column.title} comes {_MONTHS} times too large (months for years) in {_percent(share)} rows",
            column.name,
            f"{number} * {_MONTHS}",
            share=share,
        )
    if (group := _a_group(profile)) is not None:
        of, value = group
        shift = _shift(profile.scheme.grid(column.name))
        yield Fault(
            f"shift/{column.name}/{of.name}={value}",
            f"{column.title} comes {float(shift):g} too large for {of.value_title(value)}",
            column.name,
            f"{number} + {float(shift)!r}",
            f"CAST({quoted(of.name)} AS VARCHAR) = {literal(value)}",
        )


def _shift(grid: Grid) -> Fraction:
    """Return half of the range that the middle eighty of a hundred reference values lie in."""
    inner = grid.edges[1:-1] or grid.edges
    return (grid.value(inner[-1]) - grid.value(inner[0])) / 2 or grid.half_cell * 2


def _category(profile: Profile) -> Iterator[Fault]:
    """Recode the category feature whose commonest value is least common: it says most."""
    features = [c for c in profile.spec.with_role(Role.FEATURE) if c.kind is ColumnKind.CATEGORY]
    known = [c for c in features if len(profile.scheme.categories(c.name).values) > 1]
    if not known:
        return
    column = min(known, key=lambda c: max(profile.reference.columns[c.name]))
    value = profile.scheme.categories(column.name).values[0]
    share = Fraction(1, 10)
    yield Fault(
        f"recode/{column.name}/{share * 100}",
        f"{column.title} falls back to {column.value_title(value)} in {_percent(share)} rows",
        column.name,
        literal(value),
        share=share,
    )


def _missing(profile: Profile) -> Iterator[Fault]:
    features = profile.spec.with_role(Role.FEATURE)
    if features:
        share = Fraction(1, 20)
        yield Fault(
            f"missing/{features[0].name}/{share * 100}",
            f"{features[0].title} is missing in {_percent(share)} rows",
            features[0].name,
            "NULL",
            share=share,
        )


def _labels(profile: Profile) -> Iterator[Fault]:
    spec, group = profile.spec, _a_group(profile)
    if group is None or not spec.outcomes or not spec.with_role(Role.LABEL):
        return
    of, value = group
    share = Fraction(3, 10)
    wrong, right = spec.outcomes[LABEL_NEGATIVE], spec.outcomes[LABEL_POSITIVE]
    yield Fault(
        f"relabel/{of.name}={value}/{share * 100}",
        f"{_percent(share)} {of.value_title(value)} whose label is {right} get the label {wrong}",
        group=(of.name, value),
        share=share,
    )


def _a_group(profile: Profile) -> tuple[Column, str] | None:
    """Return the second largest group of the first group column."""
    for column in profile.spec.groups:
        binning = profile.binnings[column.name]
        if isinstance(binning, Categories) and len(binning.values) > 1:
            return column, binning.values[1]
    return None


def relabelled(profile: Profile, tally: Tally, group: str, value: str, share: Fraction) -> Tally:
    """Return a tally in which a share of a group's positive labels (of each cell) are negative."""
    layout = profile.scheme.outcomes
    axis = [name for name, _ in layout.groups].index(group)
    place = profile.scheme.categories(group).position(value)
    outcomes = dict(tally.outcomes)
    owed = Fraction(0)
    for index in sorted(tally.outcomes):
        positions = list(layout.positions(index))
        if positions[axis] == place and positions[-3] == LABEL_POSITIVE:
            owed += tally.outcomes[index] * share
            moved = min(int(owed), outcomes[index])
            owed -= moved
            positions[-3] = LABEL_NEGATIVE
            other = layout.flat(positions)
            outcomes[index] -= moved
            outcomes[other] = outcomes.get(other, 0) + moved
    kept = {index: n for index, n in outcomes.items() if n}
    return Tally(tally.rows, tally.columns, kept, tally.scores)


def _percent(share: Fraction) -> str:
    return "all" if share == 1 else f"{float(share * 100):g} % of"
