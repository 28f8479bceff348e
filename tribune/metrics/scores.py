"""Rows of a score by label and cell, as fine as their number asks: so that few rows tie whose scores do not.

A coarser cell is a whole union of finer ones, so tables of any parts add up to exactly the table of all rows.
Refuses nothing that is whole numbers in order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import repeat
from operator import rshift
from typing import Any

from tribune.metrics.binning import MAX_CELLS, Grid
from tribune.metrics.canonical import flat, sparse

_FINEST = 24
"""Bits by which the cells of a few rows are finer than their column's; 2^36 of them over most scores."""
_COARSEST = 37
"""2^37 over the squared rows: the area under the ROC curve stays within 0.00001, also of 20 positives among a
thousand rows, where one wrong tie is 0.000025; and a table has at most some 60,000 cells in use."""


def finer_for(rows: int) -> int:
    """Return by how many bits the cells of this many rows are finer than the column's: 0 from 262,144 on."""
    return max(0, min(_FINEST, _COARSEST - 2 * rows.bit_length()))


@dataclass(frozen=True)
class Scores:
    """Rows that have a score and a label, by cell; rows that lack either have no place here.

    Args:
        finer: cells are those of the score's grid, with so many bits more of shift, and of digits if any.
        others: rows with another label per cell, cells without rows left out.
        own: rows with the label that the score is for.
    """

    finer: int = _FINEST
    others: Mapping[int, int] = field(default_factory=dict)
    own: Mapping[int, int] = field(default_factory=dict)

    @cached_property
    def rows(self) -> int:
        """Rows counted."""
        return sum(self.others.values()) + sum(self.own.values())

    @property
    def is_fine(self) -> bool:
        """Whether cells are as fine as this number of rows asks: so are those of every tally of raw rows."""
        return self.finer == finer_for(self.rows)

    @classmethod
    def total(cls, tables: Sequence[Scores], less: Sequence[Scores] = ()) -> Scores:
        """Return the sum of tables less that of others, whose rows are among them.

        Its cells are as fine as its rows ask; coarser where a table with coarser ones is among these.
        """
        rows = sum(table.rows for table in tables) - sum(table.rows for table in less)
        if not rows:
            return cls()
        finer = min(finer_for(rows), *(table.finer for table in (*tables, *less)))
        signed = [*((table, 1) for table in tables), *((table, -1) for table in less)]
        return cls(
            finer,
            added_cells((_coarser(table.others, table.finer - finer), sign) for table, sign in signed),
            added_cells((_coarser(table.own, table.finer - finer), sign) for table, sign in signed),
        )

    def as_fine_as_asked(self) -> Scores:
        """Return these rows in cells no finer than their number asks."""
        return Scores.total([self])

    def by_column_cell(self) -> dict[int, tuple[int, int]]:
        """Return (others, own) by the cells of the score's column, from low to high."""
        others, own = (added_cells([(_coarser(cells, self.finer), 1)]) for cells in (self.others, self.own))
        return {cell: (others.get(cell, 0), own.get(cell, 0)) for cell in sorted({**others, **own})}

    def to_json(self) -> dict[str, Any]:
        """Return the table as a document; cells as cell, rows, cell, …"""
        return {"finer": self.finer, "others": flat(self.others), "own": flat(self.own)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any], grid: Grid) -> Scores:
        """Read what `to_json` wrote; KeyError, TypeError or ValueError for anything else."""
        table = cls(document["finer"], sparse(document["others"]), sparse(document["own"]))
        if type(table.finer) is not int or not table.is_fine:
            raise ValueError("its scores are not in cells as fine as their rows ask")
        first, last = ends(grid, table.finer)
        if any(not first <= cell <= last for cells in (table.others, table.own) for cell in cells):
            raise ValueError("it has a score cell far beyond the score's range")
        return table


def ends(grid: Grid, finer: int) -> tuple[int, int]:
    """Return the first and last cell: scores further out than 65,536 of the column's cells share them."""
    return (grid.edges[0] - MAX_CELLS) << finer, ((grid.edges[-1] + MAX_CELLS) << finer) - 1


def added_cells(tables: Iterable[tuple[Mapping[int, int], int]]) -> dict[int, int]:
    """Return the sum of sparse tables, each with its sign; cells of 0 are left out."""
    total: dict[int, int] = {}
    for cells, sign in tables:
        if not total and sign > 0:
            total = dict(cells)
            continue
        for cell, rows in cells.items():
            total[cell] = total.get(cell, 0) + sign * rows
    return total if 0 not in total.values() else {cell: rows for cell, rows in total.items() if rows}


def _coarser(cells: Mapping[int, int], bits: int) -> Mapping[int, int]:
    """Drop bits of cells. Most fine ones hold one row, and these are counted many times as fast."""
    if not bits:
        return cells
    total = Counter(map(rshift, cells, repeat(bits)))
    for cell, rows in cells.items():
        if rows != 1:
            total[cell >> bits] += rows - 1
    return total
