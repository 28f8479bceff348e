"""Binnings of columns: the same cells on every engine and machine.

A number x belongs to cell floor(x · 2^shift), computed in IEEE double precision, or, where a column is too
skewed for cells of equal width, to one that is wider the further it lies from where the column is densest; a
category to its value, compared by UTF-8 bytes. Refuses edges that are not ascending integers.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any

from tribune.exceptions import ConfigurationError

MAX_CELLS = 2**16
"""Cells of one numeric column: about 4,096 over most of its values, the others over its far ones."""
MAX_DIGITS = 24
"""With the 24 bits by which scores are counted finer, still within the 53 of a double."""
EXACT = 2**53
"""Whole numbers up to here are doubles."""
_MAX_SHIFT = 1022  # 2.0**shift must stay a finite, normal double


@dataclass(frozen=True)
class Grid:
    """Cells of a numeric column, numbered from low to high.

    A key of an engine is a whole number of steps of 2^-shift: floor(x · 2^shift), which is also the cell.
    With `digits` it counts from the origin, n = floor((x − origin · 2^-shift) · 2^shift), and keeps that many
    binary digits of n, rounded down: cells are one step wide within 2^digits steps of the origin, then twice
    as wide with each doubling of the distance. So a cell is a whole union of those with more digits.

    Args:
        shift: of what a step is.
        edges: ascending cells; the first and last bound the range of the reference, those between
            cut it into bins of about equal weight. A cell c is in range when edges[0] ≤ c < edges[-1].
        lattice: whether every reference value is a whole number of steps (ages, ratings), so that a cell of
            one step stands for its lower edge; if not, for its middle.
        digits: 0: all cells are one step wide.
        origin: in steps; cell 0 begins there. 0 without digits.
    """

    shift: int
    edges: tuple[int, ...]
    lattice: bool = False
    digits: int = 0
    origin: int = 0

    def __post_init__(self) -> None:
        if len(self.edges) < 2 or any(low >= high for low, high in pairwise(self.edges)):
            raise ConfigurationError("A grid's edges must be at least two ascending cell indices.")
        if self.size > MAX_CELLS or abs(self.shift) > _MAX_SHIFT:
            raise ConfigurationError(
                f"A grid has at most {MAX_CELLS} cells and a shift within ±{_MAX_SHIFT}."
            )
        if not 0 <= self.digits <= MAX_DIGITS or abs(self.origin) > (EXACT if self.digits else 0):
            raise ConfigurationError(
                f"A grid has at most {MAX_DIGITS} digits, and an origin only with them, within ±2^53."
            )

    @property
    def scale(self) -> float:
        """2^shift, exact."""
        return 2.0**self.shift

    @property
    def size(self) -> int:
        """Number of cells in range."""
        return self.edges[-1] - self.edges[0]

    @property
    def length(self) -> int:
        """Integers of this column in a tally."""
        return self.size + 10

    def cell(self, key: int, finer: int = 0) -> int:
        """Return the cell of a key, or with `finer` of a key in steps finer by so many bits."""
        if not self.digits:
            return key
        digits = self.digits + finer
        doublings = max(0, abs(key).bit_length() - digits)
        cell = (doublings << (digits - 1)) + abs(key >> doublings)
        return cell if key >= 0 else -cell

    def lower(self, cell: int) -> int:
        """Return the lower edge of a cell, in steps."""
        if not self.digits:
            return cell
        doublings = max(0, (abs(cell) >> (self.digits - 1)) - 1)
        far = (abs(cell) - (doublings << (self.digits - 1))) << doublings
        return self.origin + (far if cell >= 0 else -far)

    def half_cells(self, cell: int) -> int:
        """Return what a cell stands for, in units of 2^-(shift + 1)."""
        if not self.digits:
            return 2 * cell if self.lattice else 2 * cell + 1
        return self.lower(cell) + self.lower(cell + 1) - self.lattice

    @cached_property
    def places(self) -> Sequence[int]:
        """What the cells in range stand for, in half cells."""
        first, last = self.edges[0], self.edges[-1]
        if not self.digits:
            return range(self.half_cells(first), self.half_cells(last), 2)
        return tuple(map(self.half_cells, range(first, last)))

    @property
    def half_cell(self) -> Fraction:
        """The unit of `half_cells`, exact."""
        return Fraction(1, 2 ** (self.shift + 1)) if self.shift >= -1 else Fraction(2 ** -(self.shift + 1))

    def value(self, cell: int) -> Fraction:
        """Return the number that a cell stands for, exact."""
        return self.half_cells(cell) * self.half_cell

    def begin(self, cell: int) -> Fraction:
        """Return the number with which a cell begins, exact."""
        return self.lower(cell) * 2 * self.half_cell

    def bin_of(self, cell: int) -> int:
        """Return the bin of an in-range cell."""
        return bisect_right(self.edges, cell) - 1

    def to_json(self) -> dict[str, Any]:
        """Return the grid as a document."""
        plain = {"kind": "grid", "shift": self.shift, "edges": list(self.edges), "lattice": self.lattice}
        widening = {"kind": "widening grid", "digits": self.digits, "origin": self.origin}
        return plain | widening if self.digits else plain


@dataclass(frozen=True)
class Categories:
    """Values of a category column.

    Args:
        values: in the order of the tally (the most frequent first, ties by bytes).
        rest: whether the reference has values beyond these. If not, any other value is unseen; if so, a
            value beyond these counts as the rest and cannot be told from an unseen one.
    """

    values: tuple[str, ...]
    rest: bool = False

    def __post_init__(self) -> None:
        if len(set(self.values)) != len(self.values):
            raise ConfigurationError("A column's categories name a value twice.")

    @property
    def length(self) -> int:
        """Integers of this column in a tally."""
        return len(self.values) + 2

    @cached_property
    def index(self) -> dict[str, int]:
        """Position of each value."""
        return {value: position for position, value in enumerate(self.values)}

    def position(self, value: str | None) -> int:
        """Return the tally position of a value: its own, the rest's, or that of a missing one."""
        if value is None:
            return len(self.values) + 1
        return self.index.get(value, len(self.values))

    def to_json(self) -> dict[str, Any]:
        """Return the categories as a document."""
        return {"kind": "categories", "values": list(self.values), "rest": self.rest}


Binning = Grid | Categories


def binning_from_json(document: Mapping[str, Any]) -> Binning:
    """Read what `to_json` of a binning wrote; ConfigurationError for anything else."""
    try:
        if document["kind"] in ("grid", "widening grid") and isinstance(document["lattice"], bool):
            edges = tuple(_whole(edge) for edge in document["edges"])
            plain = Grid(_whole(document["shift"]), edges, document["lattice"])
            if document["kind"] == "grid":
                return plain
            digits, origin = _whole(document["digits"]), _whole(document["origin"])
            if digits > 0:
                return replace(plain, digits=digits, origin=origin)
        if document["kind"] == "categories" and isinstance(document["rest"], bool):
            return Categories(tuple(str(value) for value in document["values"]), document["rest"])
    except (KeyError, TypeError) as fault:
        raise ConfigurationError(f"A binning of the profile is not readable: {fault}.") from fault
    raise ConfigurationError("A binning of the profile is neither a grid nor categories.")


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is not a whole number")
    return value
