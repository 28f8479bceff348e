"""Tallies: integer counts of rows, all that a metric ever sees. They add up, in any order and split.

Refuses to add tallies of different schemes and to read one that is not whole numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from operator import add, sub
from typing import Any

from tribune.exceptions import DataError
from tribune.metrics.binning import Categories, Grid
from tribune.metrics.canonical import canonical_json, flat, json_integers, read_integer, sparse
from tribune.metrics.scheme import SUM, UNLABELLED, Scheme
from tribune.metrics.scores import Scores, added_cells

MISSING = 6
"""Place of the missing values of a numeric column, after its in-range cells."""


@dataclass(frozen=True)
class NumericCounts:
    """A numeric column's part of a tally, taken apart.

    Tails have their count and the exact sums of their cell indices and of these squared; where a grid's cells
    widen, of what these stand for, in half cells.
    """

    cells: tuple[int, ...]
    low: int
    low_sum: int
    low_squares: int
    high: int
    high_sum: int
    high_squares: int
    missing: int
    nan: int
    positive_infinity: int
    negative_infinity: int

    @classmethod
    def of(cls, grid: Grid, column: Sequence[int]) -> NumericCounts:
        """Take a column of a tally apart."""
        return cls(tuple(column[: grid.size]), *column[grid.size :])

    @property
    def valid(self) -> int:
        """Rows with a finite number in the reference's range."""
        return sum(self.cells)

    def inner_bins(self, grid: Grid) -> list[int]:
        """Return counts of in-range rows per bin."""
        first = grid.edges[0]
        return [sum(self.cells[low - first : high - first]) for low, high in pairwise(grid.edges)]

    def bins(self, grid: Grid) -> list[int]:
        """Return counts per bin; the outermost bins are open, so the tails belong to them."""
        counts = self.inner_bins(grid)
        counts[0] += self.low
        counts[-1] += self.high
        return counts


@dataclass(frozen=True)
class CategoryCounts:
    """A category column's part of a tally, taken apart."""

    values: tuple[int, ...]
    rest: int
    missing: int

    @classmethod
    def of(cls, categories: Categories, column: Sequence[int]) -> CategoryCounts:
        """Take a column of a tally apart."""
        size = len(categories.values)
        return cls(tuple(column[:size]), column[size], column[size + 1])


@dataclass(frozen=True)
class Tally:
    """Integer counts of some rows. A monoid: `a + b` is the tally of both, `Tally.zero(scheme)` of none.

    Args:
        rows: number of rows.
        columns: per counted column. Numeric: in-range cells, then count, sum and sum of squares of cell
            indices (see `NumericCounts`) of the low tail, the same of the high tail, missing (null), NaN,
            +inf, -inf. Category: values, rest, missing.
        outcomes: rows (or sums) per cell of `Scheme.outcomes`, cells of 0 left out.
        scores: per score its labelled rows by cell.
    """

    rows: int
    columns: Mapping[str, tuple[int, ...]]
    outcomes: Mapping[int, int] = field(default_factory=dict)
    scores: Mapping[str, Scores] = field(default_factory=dict)

    @classmethod
    def zero(cls, scheme: Scheme) -> Tally:
        """Return the tally of no rows."""
        columns = {c.name: (0,) * scheme.binnings[c.name].length for c in scheme.spec.counted}
        return cls(0, columns, {}, {name: Scores() for name in scheme.scored})

    @classmethod
    def total(cls, tallies: Sequence[Tally], less: Sequence[Tally] = ()) -> Tally:
        """Return the sum of at least one tally less that of others, whose rows are among theirs.

        All at once, for long windows, what `+` and `-` give one by one.
        """
        first = tallies[0]
        if len(tallies) == 1 and not less:
            return first
        for other in (*tallies, *less):
            same = first.columns.keys() == other.columns.keys() and first.scores.keys() == other.scores.keys()
            if not same or any(
                len(first.columns[name]) != len(other.columns[name]) for name in first.columns
            ):
                raise DataError("These tallies were counted by different profiles and cannot be added.")
        columns = {name: _summed([one.columns[name] for one in tallies]) for name in first.columns}
        if less:
            gone = {name: _summed([one.columns[name] for one in less]) for name in columns}
            columns = {name: tuple(map(sub, cells, gone[name])) for name, cells in columns.items()}
        outcomes = [*((one.outcomes, 1) for one in tallies), *((one.outcomes, -1) for one in less)]
        scores = {
            name: Scores.total([one.scores[name] for one in tallies], [one.scores[name] for one in less])
            for name in first.scores
        }
        rows = sum(one.rows for one in tallies) - sum(one.rows for one in less)
        return cls(rows, columns, added_cells(outcomes), scores)

    def __add__(self, other: Tally) -> Tally:
        return Tally.total((self, other)) if isinstance(other, Tally) else NotImplemented

    def __sub__(self, other: Tally) -> Tally:
        """Return the tally of what is left when rows that this one counted are taken out.

        Its scores stay in cells no finer than these, though fewer rows may ask for finer ones: see `is_fine`.
        """
        return Tally.total([self], [other])

    @property
    def is_fine(self) -> bool:
        """Whether its scores are in cells as fine as their rows ask, as where raw rows were counted."""
        return all(table.is_fine for table in self.scores.values())

    def without_labels(self, scheme: Scheme) -> Tally:
        """Return the tally of the same rows as it was before any label came."""
        layout, columns = scheme.outcomes, dict(self.columns)
        after = layout.predictions * layout.scores.cells
        if scheme.spec.has_errors:
            counts = ((i, n) for i, n in self.outcomes.items() if i % after < SUM)
            outcomes = added_cells(({i - i % after + UNLABELLED: n}, 1) for i, n in counts)
            grid = scheme.grid(scheme.spec.label_name)
            columns[scheme.spec.label_name] = tuple(
                self.rows if place == grid.size + MISSING else 0 for place in range(grid.length)
            )
        else:
            outcomes = _unlabelled(self.outcomes, layout.labels, after)
        return Tally(self.rows, columns, outcomes, {name: Scores() for name in self.scores})

    def to_json(self) -> dict[str, Any]:
        """Return the tally as a document: columns as arrays, sparse tables as index, count, index, …"""
        return {
            "rows": self.rows,
            "columns": [json_integers(cells) for cells in self.columns.values()],
            "outcomes": flat(self.outcomes),
            "scores": [table.to_json() for table in self.scores.values()],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any], scheme: Scheme) -> Tally:
        """Read what `to_json` wrote.

        Raises:
            DataError: when it does not fit the scheme or its parts do not add up to its rows.
        """
        try:
            rows = read_integer(document["rows"])
            arrays = [tuple(read_integer(count) for count in cells) for cells in document["columns"]]
            outcomes = sparse(document["outcomes"])
            if any(not 0 <= index < scheme.outcomes.size for index in outcomes):
                raise ValueError("it has outcomes that its profile does not know")
            scores = {
                name: Scores.from_json(table, scheme.grid(name))
                for name, table in zip(scheme.scored, document["scores"], strict=True)
            }
        except (KeyError, TypeError, ValueError) as fault:
            raise DataError(f"A tally is not readable: {fault}.") from fault
        names = [column.name for column in scheme.spec.counted]
        lengths = [scheme.binnings[name].length for name in names]
        if [len(cells) for cells in arrays] != lengths:
            raise DataError("A tally does not have the cells that its profile describes.")
        columns = dict(zip(names, arrays, strict=True))
        tally = cls(rows, columns, outcomes, scores)
        if not tally.adds_up(scheme):
            raise DataError("A tally's cells do not add up to its rows.")
        return tally

    def adds_up(self, scheme: Scheme) -> bool:
        """Whether no count is negative and columns and outcomes count every row once, scores at most."""
        outcomes = self.outcomes
        if scheme.spec.has_errors:
            kinds = scheme.outcomes.predictions
            if any(n < 0 for index, n in outcomes.items() if index % kinds != SUM):
                return False
            outcomes = {
                index: n for index, n in outcomes.items() if index % kinds < SUM
            }  # sums are not counts
        for table in self.scores.values():
            if table.rows > self.rows or min([*table.others.values(), *table.own.values()], default=0) < 0:
                return False
        tables = [list(outcomes.values())]
        for name, cells in self.columns.items():
            counts = list(cells)
            binning = scheme.binnings[name]
            if isinstance(binning, Grid):
                for place in (5, 4, 2, 1):  # sums of the tails
                    del counts[binning.size + place]
            tables.append(counts)
        return all(sum(counts) == self.rows and min(counts, default=0) >= 0 for counts in tables)

    def digest(self) -> bytes:
        """Return the sha-256 of the canonical bytes: equal on honest machines."""
        return hashlib.sha256(canonical_json(self.to_json())).digest()


def _summed(columns: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    if len(columns) > 2:
        return tuple(map(sum, zip(*columns, strict=True)))
    return tuple(map(add, *columns)) if len(columns) == 2 else columns[0]


def _unlabelled(cells: Mapping[int, int], labels: int, after: int) -> dict[int, int]:
    """Move cells to the last position of the label axis, unknown; `after`: the cells of one position."""
    return added_cells(
        ({index + (labels - 1 - index // after % labels) * after: n}, 1) for index, n in cells.items()
    )
