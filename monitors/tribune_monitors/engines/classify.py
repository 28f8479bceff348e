"""From grouped rows of an engine to tally cells: in Python, so that every engine shares it.

Engines give each distinct key with its count, in any order and in several pieces; here a key finds its cell.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from tribune.metrics.binning import (
    LABEL_INVALID,
    LABEL_UNKNOWN,
    PREDICTION_INVALID,
    Categories,
    Grid,
    OutcomeLayout,
    Scheme,
)


def numeric_column(grid: Grid, keys: Iterable[tuple[float | None, int]]) -> tuple[int, ...]:
    """Return a numeric column of a tally from (floor(x · 2^shift) or None, rows)."""
    low, high = grid.edges[0], grid.edges[-1]
    cells = [0] * grid.length
    below, above, missing, nan, plus, minus = (grid.size + place for place in (0, 2, 4, 5, 6, 7))
    for key, rows in keys:
        if key is None:
            cells[missing] += rows
        elif math.isnan(key):
            cells[nan] += rows
        elif math.isinf(key):  # also a finite number whose scaled value overflows
            cells[plus if key > 0 else minus] += rows
        else:
            cell = int(key)
            if low <= cell < high:
                cells[cell - low] += rows
            else:
                tail = below if cell < low else above
                cells[tail] += rows
                cells[tail + 1] += cell * rows
    return tuple(cells)


def category_column(categories: Categories, keys: Iterable[tuple[str | None, int]]) -> tuple[int, ...]:
    """Return a category column of a tally from (value or None, rows)."""
    cells = [0] * categories.length
    for key, rows in keys:
        cells[categories.position(key)] += rows
    return tuple(cells)


OutcomeKey = tuple[tuple[str | None, ...], bool, str | None, str | None, float | None]
"""Group values, whether a label came, the label, the prediction, the score's fine cell."""


class OutcomeCounter:
    """Counts outcomes and, from the same rows, the columns of groups, prediction and score.

    Args:
        scheme: by which to count.
    """

    def __init__(self, scheme: Scheme) -> None:
        spec = scheme.spec
        self.outcomes: dict[int, int] = {}
        self._layout: OutcomeLayout = scheme.outcomes
        self._labels = {spec.negative: 0, spec.positive: 1}
        self._groups = [column.name for column in spec.groups]
        self._scheme = scheme
        self._category_rows: dict[str, dict[str | None, int]] = {
            name: {} for name in [*self._groups, spec.prediction.name]
        }
        self._score_rows: list[tuple[float | None, int]] = []

    def add(self, key: OutcomeKey, rows: int) -> None:
        """Count rows that share a key."""
        groups, came, label, said, score = key
        positions = []
        for name, value in zip(self._groups, groups, strict=True):
            binning = self._scheme.binnings[name]
            assert isinstance(binning, Categories)  # noqa: S101 - ModelSpec allows nothing else
            positions.append(binning.position(value))
            seen = self._category_rows[name]
            seen[value] = seen.get(value, 0) + rows
        positions.append(self._labels.get(label or "", LABEL_INVALID) if came else LABEL_UNKNOWN)
        positions.append(
            self._labels.get(said, PREDICTION_INVALID) if said is not None else PREDICTION_INVALID
        )
        positions.append(self._layout.score_cell(score))
        index = self._layout.flat(positions)
        self.outcomes[index] = self.outcomes.get(index, 0) + rows
        predictions = self._category_rows[self._scheme.spec.prediction.name]
        predictions[said] = predictions.get(said, 0) + rows
        self._score_rows.append((score, rows))

    def columns(self) -> dict[str, tuple[int, ...]]:
        """Return the columns that these rows cover."""
        columns: dict[str, tuple[int, ...]] = {}
        for name, seen in self._category_rows.items():
            binning = self._scheme.binnings[name]
            assert isinstance(binning, Categories)  # noqa: S101 - ModelSpec allows nothing else
            columns[name] = category_column(binning, seen.items())
        if self._scheme.spec.score is not None:
            name = self._scheme.spec.score.name
            grid = self._scheme.binnings[name]
            assert isinstance(grid, Grid)  # noqa: S101 - Scheme allows nothing else
            columns[name] = numeric_column(grid, self._score_rows)
        return columns
