"""From grouped rows of an engine to tally cells: in Python, so that every engine shares it.

Engines give each distinct key with its count, in any order and in several pieces; here a key finds its cell.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from tribune.metrics.binning import EXACT, Categories, Grid
from tribune.metrics.scheme import (
    ABSOLUTE,
    ERRORS,
    FOURTHS,
    NO_ERROR,
    SQUARES,
    SUM,
    UNLABELLED,
    Scheme,
)
from tribune.metrics.scores import Scores, ends

_MISSING, _NAN, _PLUS, _MINUS = range(6, 10)  # after the tails' counts and sums


def numeric_column(grid: Grid, keys: Iterable[tuple[float | None, int]]) -> tuple[int, ...]:
    """Return a numeric column of a tally from (key or None, rows)."""
    if grid.digits:
        return _widening_column(grid, keys)
    low, size = grid.edges[0], grid.size
    least, beyond = _bounds(grid)
    cells = [0] * grid.length
    for key, rows in keys:
        if key is None:
            cells[size + _MISSING] += rows
        elif least <= key < beyond:
            cells[int(key) - low] += rows
        elif math.isnan(key):
            cells[size + _NAN] += rows
        elif math.isinf(key):  # also a finite number whose scaled value overflows
            cells[size + (_PLUS if key > 0 else _MINUS)] += rows
        else:
            cell = int(key)
            tail = size if cell < low else size + 3
            cells[tail] += rows
            cells[tail + 1] += cell * rows
            cells[tail + 2] += cell * cell * rows
    return tuple(cells)


def _widening_column(grid: Grid, keys: Iterable[tuple[float | None, int]]) -> tuple[int, ...]:
    low, high, size = grid.edges[0], grid.edges[-1], grid.size
    near = 2.0**grid.digits  # within, a key is its cell
    cells = [0] * grid.length
    for key, rows in keys:
        if key is None:
            cells[size + _MISSING] += rows
        elif -near < key < near and low <= (cell := int(key)) < high:
            cells[cell - low] += rows
        elif math.isnan(key):
            cells[size + _NAN] += rows
        elif math.isinf(key):
            cells[size + (_PLUS if key > 0 else _MINUS)] += rows
        elif low <= (cell := grid.cell(int(key))) < high:
            cells[cell - low] += rows
        else:
            tail, at = size if cell < low else size + 3, grid.half_cells(cell)
            cells[tail] += rows
            cells[tail + 1] += at * rows
            cells[tail + 2] += at * at * rows
    return tuple(cells)


def _bounds(grid: Grid) -> tuple[float, float]:
    """Return the ends of a grid's range, as doubles where exact: compared in half the time."""
    low, high = grid.edges[0], grid.edges[-1]
    return (float(low), float(high)) if low >= -EXACT and high <= EXACT else (low, high)


def category_column(categories: Categories, keys: Iterable[tuple[str | None, int]]) -> tuple[int, ...]:
    """Return a category column of a tally from (value or None, rows)."""
    cells = [0] * categories.length
    for key, rows in keys:
        cells[categories.position(key)] += rows
    return tuple(cells)


OutcomeKey = tuple[tuple[str | None, ...], bool, str | None, str | None]
"""Group values, whether a label came, the label, the prediction; the last two null for a regression model."""
_Place = tuple[tuple[int, ...], int, int]
"""Positions: of each group's value, of the label among the outcomes, of the prediction in its column."""


_REMEMBERED = 256
"""Keys whose place is not looked for again: each comes with every cell of the score."""
_CELLS = 4096
"""Cells of the score whose position is not looked for again: each comes with every key."""


@dataclass(slots=True)
class _Seen:
    """What is known of a place: its first outcome, and its rows so far.

    Scores, or a regression model's statistics, follow the first outcome.
    """

    first: int
    rows: int = 0


class OutcomeCounter:
    """Counts outcomes and, from the same rows, the columns of groups and of a prediction that is a category.

    Args:
        scheme: by which to count.
    """

    def __init__(self, scheme: Scheme) -> None:
        spec = scheme.spec
        self.rows = 0
        self._scheme, self._layout = scheme, scheme.outcomes
        self._errors = scheme.grid(spec.error_name) if spec.has_errors else None
        self._groups = [scheme.categories(column.name) for column in spec.groups]
        self._said = scheme.categories(spec.prediction.name) if spec.outcomes else None
        self._cells: dict[int, int] = {}
        self._seen: dict[_Place, _Seen] = {}
        self._known: dict[OutcomeKey, _Seen] = {}
        self._positions: dict[float | None, int] = {}

    def add(self, key: OutcomeKey, cell: float | None, rows: int) -> None:
        """Count rows that share a key and the fine cell of their score (regression: of their error).

        Few of the values themselves are kept: a log may hold millions that the profile does not know.
        """
        seen = self._known.get(key)
        if seen is None:
            seen = self._find(key)
        self.rows += rows
        seen.rows += rows
        if self._errors is None:
            position = self._positions.get(cell)
            if position is None:
                position = self._position(cell)
            self._add(seen.first + position, rows)
        else:
            for statistic, amount in _error(self._errors, key[1], cell):
                self._add(seen.first + statistic, amount * rows)

    def _find(self, key: OutcomeKey) -> _Seen:
        """Return what is known of a key's place, and remember whose key it is."""
        place = self._place(key)
        seen = self._seen.get(place)
        if seen is None:
            seen = self._seen[place] = _Seen(self._flat(place))
        if len(self._known) < _REMEMBERED:
            self._known[key] = seen
        return seen

    def _position(self, cell: float | None) -> int:
        """Return the position of a score's cell, and remember it."""
        position = self._layout.scores.cell(cell)
        if len(self._positions) < _CELLS:
            self._positions[cell] = position
        return position

    def _place(self, key: OutcomeKey) -> _Place:
        values, came, label, said = key
        groups = tuple(one.position(value) for one, value in zip(self._groups, values, strict=True))
        labelled = label_place(self._scheme, came, label) if self._said else 0
        return groups, labelled, self._said.position(said) if self._said else 0

    def _flat(self, place: _Place) -> int:
        """Return the first outcome of a place."""
        groups, labelled, said = place
        return self._layout.flat([*groups, labelled, min(said, self._layout.prediction_invalid), 0])

    def _add(self, index: int, amount: int) -> None:
        self._cells[index] = self._cells.get(index, 0) + amount

    @property
    def labelled(self) -> int:
        """Rows whose label came, of a classifier."""
        unknown = self._layout.label_unknown
        return sum(seen.rows for (_, label, _), seen in self._seen.items() if label != unknown)

    def outcomes(self) -> dict[int, int]:
        """Return the outcomes, cells of 0 left out (sums of errors may cancel out)."""
        return {index: amount for index, amount in self._cells.items() if amount}

    def columns(self) -> dict[str, tuple[int, ...]]:
        """Return the columns that these rows cover."""
        spec, seen = self._scheme.spec, self._seen.items()
        columns = {
            column.name: _summed(categories, ((groups[at], one.rows) for (groups, *_), one in seen))
            for at, (column, categories) in enumerate(zip(spec.groups, self._groups, strict=True))
        }
        if self._said:
            said = ((place, one.rows) for (*_, place), one in seen)
            columns[spec.prediction.name] = _summed(self._said, said)
        return columns


def _summed(categories: Categories, rows: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    cells = [0] * categories.length
    for position, n in rows:
        cells[position] += n
    return tuple(cells)


def label_place(scheme: Scheme, came: bool, label: str | None) -> int:
    """Return a label's position among the outcomes."""
    layout = scheme.outcomes
    if not came:
        return layout.label_unknown
    outcomes = scheme.spec.outcomes
    return outcomes.index(label) if label in outcomes else layout.label_invalid


def score_table(
    scheme: Scheme,
    name: str,
    finer: int,
    rows: Iterable[tuple[bool, str | None, float | None, float | None, int]],
) -> Scores:
    """Return a score's table of a tally from (whether a label came, label, key, finer key, rows).

    Its cells are finer by these bits, even where its rows ask for fewer or more; 0: finer keys are not read.
    """
    grid = scheme.grid(name)
    first, last = ends(grid, finer)
    others: dict[int, int] = {}
    own: dict[int, int] = {}
    sides: dict[str | None, dict[int, int]] = dict.fromkeys(scheme.spec.outcomes, others)
    sides[scheme.spec.outcome_of(name)] = own
    for came, label, key, fine, n in rows:
        at = fine if finer else key
        if came and label in sides and at is not None:
            if grid.digits and math.isfinite(at):
                at = grid.cell(int(at), finer)
            if first <= at <= last:
                cell = int(at)
            elif key is not None and math.isfinite(key):  # where only the finer one overflows, too
                cell = last if at > 0 else first
            else:
                continue
            side = sides[label]
            side[cell] = side.get(cell, 0) + n
    return Scores(finer, others, own)


def _error(grid: Grid, came: bool, cell: float | None) -> list[tuple[int, int]]:
    """Return what a row with this error adds to each statistic."""
    if not came:
        return [(UNLABELLED, 1)]
    if cell is None or not math.isfinite(cell):
        return [(NO_ERROR, 1)]
    error = grid.half_cells(int(cell))
    return [(ERRORS, 1), (SUM, error), (ABSOLUTE, abs(error)), (SQUARES, error**2), (FOURTHS, error**4)]
