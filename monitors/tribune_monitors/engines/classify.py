"""From grouped rows of an engine to tally cells: in Python, so that every engine shares it.

Engines give each distinct key with its count, in any order and in several pieces; here a key finds its cell.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from tribune.metrics.binning import (
    ABSOLUTE,
    ERRORS,
    FOURTHS,
    NO_ERROR,
    SQUARES,
    SUM,
    UNLABELLED,
    Categories,
    Grid,
    Scheme,
    ScoreAxis,
)

_MISSING, _NAN, _PLUS, _MINUS = range(6, 10)  # after the tails' counts and sums


def numeric_column(grid: Grid, keys: Iterable[tuple[float | None, int]]) -> tuple[int, ...]:
    """Return a numeric column of a tally from (floor(x · 2^shift) or None, rows)."""
    low, high, size = grid.edges[0], grid.edges[-1], grid.size
    cells = [0] * grid.length
    for key, rows in keys:
        if key is None:
            cells[size + _MISSING] += rows
        elif math.isnan(key):
            cells[size + _NAN] += rows
        elif math.isinf(key):  # also a finite number whose scaled value overflows
            cells[size + (_PLUS if key > 0 else _MINUS)] += rows
        else:
            cell = int(key)
            if low <= cell < high:
                cells[cell - low] += rows
            else:
                tail = size if cell < low else size + 3
                cells[tail] += rows
                cells[tail + 1] += cell * rows
                cells[tail + 2] += cell * cell * rows
    return tuple(cells)


def category_column(categories: Categories, keys: Iterable[tuple[str | None, int]]) -> tuple[int, ...]:
    """Return a category column of a tally from (value or None, rows)."""
    cells = [0] * categories.length
    for key, rows in keys:
        cells[categories.position(key)] += rows
    return tuple(cells)


OutcomeKey = tuple[tuple[str | None, ...], bool, str | None, str | None, float | None]
"""Group values, whether a label came, the label, the prediction, the score's fine cell.

A regression model has neither label nor prediction here, and the fine cell is that of its error."""


class OutcomeCounter:
    """Counts outcomes and, from the same rows, the columns of groups, prediction category and score.

    Args:
        scheme: by which to count.
    """

    def __init__(self, scheme: Scheme) -> None:
        spec = scheme.spec
        self.outcomes: dict[int, int] = {}
        self._scheme, self._layout = scheme, scheme.outcomes
        self._places = {value: place for place, value in enumerate(spec.outcomes)}
        self._errors = scheme.grid(spec.error_name) if spec.has_errors else None
        groups = [column.name for column in spec.groups]
        self._groups = [(name, scheme.categories(name)) for name in groups]
        answers = [spec.prediction.name] if spec.outcomes else []
        self._rows: dict[str, dict[str | None, int]] = {name: {} for name in [*groups, *answers]}
        self._scores: list[tuple[float | None, int]] = []

    def add(self, key: OutcomeKey, rows: int) -> None:
        """Count rows that share a key."""
        groups, came, label, said, cell = key
        positions = []
        for (name, categories), value in zip(self._groups, groups, strict=True):
            positions.append(categories.position(value))
            seen = self._rows[name]
            seen[value] = seen.get(value, 0) + rows
        if self._errors is not None:
            for statistic, amount in _error(self._errors, came, cell):
                self._add([*positions, 0, statistic, 0], amount * rows)
        elif self._places:
            positions.append(label_place(self._scheme, came, label))
            invalid = self._layout.prediction_invalid
            positions.append(invalid if said is None else self._places.get(said, invalid))
            positions.append(self._layout.scores.cell(cell))
            self._add(positions, rows)
            predictions = self._rows[self._scheme.spec.prediction.name]
            predictions[said] = predictions.get(said, 0) + rows
            self._scores.append((cell, rows))
        else:
            self._add([*positions, 0, 0, 0], rows)

    def _add(self, positions: list[int], amount: int) -> None:
        if amount:
            index = self._layout.flat(positions)
            self.outcomes[index] = self.outcomes.get(index, 0) + amount

    def columns(self) -> dict[str, tuple[int, ...]]:
        """Return the columns that these rows cover."""
        columns = {
            name: category_column(self._scheme.categories(name), seen.items())
            for name, seen in self._rows.items()
        }
        score = self._scheme.spec.score
        if score is not None:
            columns[score.name] = numeric_column(self._scheme.grid(score.name), self._scores)
        return columns


def label_place(scheme: Scheme, came: bool, label: str | None) -> int:
    """Return a label's position among the outcomes."""
    layout = scheme.outcomes
    if not came:
        return layout.label_unknown
    outcomes = scheme.spec.outcomes
    return outcomes.index(label) if label in outcomes else layout.label_invalid


def score_table(
    scheme: Scheme, axis: ScoreAxis, rows: Iterable[tuple[bool, str | None, float | None, int]]
) -> dict[int, int]:
    """Return a class score's table of a tally from (whether a label came, label, fine cell, rows)."""
    table: dict[int, int] = {}
    for came, label, cell, n in rows:
        index = label_place(scheme, came, label) * axis.cells + axis.cell(cell)
        table[index] = table.get(index, 0) + n
    return table


def _error(grid: Grid, came: bool, cell: float | None) -> list[tuple[int, int]]:
    """Return what a row with this error adds to each statistic."""
    if not came:
        return [(UNLABELLED, 1)]
    if cell is None or not math.isfinite(cell):
        return [(NO_ERROR, 1)]
    error = grid.half_cells(int(cell))
    return [(ERRORS, 1), (SUM, error), (ABSOLUTE, abs(error)), (SQUARES, error**2), (FOURTHS, error**4)]


def joint_columns(scheme: Scheme) -> frozenset[str]:
    """Return the columns that `OutcomeCounter` covers, so that they need no count of their own."""
    spec = scheme.spec
    names = {column.name for column in spec.groups}
    if spec.outcomes:
        names.add(spec.prediction.name)
    if spec.score is not None:
        names.add(spec.score.name)
    return frozenset(names)
