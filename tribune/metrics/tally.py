"""Tallies: integer counts of rows, all that a metric ever sees. They add up, in any order and split.

Refuses to add tallies of different schemes and to read one that is not whole numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tribune.exceptions import DataError
from tribune.metrics.binning import Categories, Grid, Scheme

SAFE_INTEGER = 2**53 - 1
"""Largest integer that RFC 8785 JSON holds; larger ones (sums of far tails) are written as strings."""


@dataclass(frozen=True)
class NumericCounts:
    """A numeric column's part of a tally, taken apart. Sums are exact sums of cell indices."""

    cells: tuple[int, ...]
    low: int
    low_sum: int
    high: int
    high_sum: int
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

    def bins(self, grid: Grid) -> list[int]:
        """Return counts per bin; the outermost bins are open, so the tails belong to them."""
        first = grid.edges[0]
        counts = [
            sum(self.cells[a - first : b - first]) for a, b in zip(grid.edges, grid.edges[1:], strict=False)
        ]
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
        columns: per measured column. Numeric: in-range cells, then count and sum of cell indices of the low
            tail, the same of the high tail, missing (null), NaN, +inf, -inf. Category: values, rest, missing.
        outcomes: rows per cell of `Scheme.outcomes`, cells without rows left out.
    """

    rows: int
    columns: Mapping[str, tuple[int, ...]]
    outcomes: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def zero(cls, scheme: Scheme) -> Tally:
        """Return the tally of no rows."""
        return cls(0, {c.name: (0,) * scheme.binnings[c.name].length for c in scheme.spec.measured})

    def __add__(self, other: Tally) -> Tally:
        if not isinstance(other, Tally):
            return NotImplemented
        same = self.columns.keys() == other.columns.keys()
        if not same or any(len(self.columns[name]) != len(other.columns[name]) for name in self.columns):
            raise DataError("These tallies were counted by different profiles and cannot be added.")
        outcomes = dict(self.outcomes)
        for index, count in other.outcomes.items():
            outcomes[index] = outcomes.get(index, 0) + count
        columns = {
            name: tuple(map(int.__add__, cells, other.columns[name])) for name, cells in self.columns.items()
        }
        return Tally(self.rows + other.rows, columns, outcomes)

    def to_json(self) -> dict[str, Any]:
        """Return the tally as a document: columns as arrays in order, outcomes as index, count, index, …"""
        flat = [number for index in sorted(self.outcomes) for number in (index, self.outcomes[index])]
        return {
            "rows": self.rows,
            "columns": [[json_integer(count) for count in cells] for cells in self.columns.values()],
            "outcomes": flat,
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
            flat = [read_integer(number) for number in document["outcomes"]]
        except (KeyError, TypeError, ValueError) as fault:
            raise DataError(f"A tally is not readable: {fault}.") from fault
        names = [column.name for column in scheme.spec.measured]
        lengths = [scheme.binnings[name].length for name in names]
        if [len(cells) for cells in arrays] != lengths or len(flat) % 2:
            raise DataError("A tally does not have the cells that its profile describes.")
        outcomes = dict(zip(flat[::2], flat[1::2], strict=True))
        in_order = flat[::2] == sorted(outcomes) and all(0 <= i < scheme.outcomes.size for i in outcomes)
        tally = cls(rows, dict(zip(names, arrays, strict=True)), outcomes)
        if not in_order or not tally.adds_up(scheme):
            raise DataError("A tally's cells do not add up to its rows.")
        return tally

    def adds_up(self, scheme: Scheme) -> bool:
        """Whether no count is negative and each column and the outcomes count every row exactly once."""
        totals = [sum(self.outcomes.values())]
        for name, cells in self.columns.items():
            counts = list(cells)
            binning = scheme.binnings[name]
            if isinstance(binning, Grid):  # sums are not counts
                del counts[binning.size + 3], counts[binning.size + 1]
            if min(counts) < 0:
                return False
            totals.append(sum(counts))
        return min(self.outcomes.values(), default=1) > 0 and all(total == self.rows for total in totals)

    def digest(self) -> bytes:
        """Return the sha-256 of the canonical bytes: equal on honest machines."""
        return hashlib.sha256(canonical_json(self.to_json())).digest()


def json_integer(value: int) -> int | str:
    """Return an integer as RFC 8785 JSON can hold it."""
    return value if abs(value) <= SAFE_INTEGER else str(value)


def read_integer(value: object) -> int:
    """Read what `json_integer` wrote; ValueError for anything else."""
    if type(value) is int:
        return value
    if isinstance(value, str) and len(value) < 4000:
        number = int(value)
        if abs(number) > SAFE_INTEGER and str(number) == value:
            return number
    raise ValueError(f"{value!r} is not a whole number")


def canonical_json(document: object) -> bytes:
    """Return RFC 8785 bytes of a document that holds no float and no integer beyond 2^53 − 1."""
    import rfc8785

    return rfc8785.dumps(document)  # type: ignore[arg-type]
