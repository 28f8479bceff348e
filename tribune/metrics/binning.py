"""Binnings and the scheme by which rows are counted: the same cells on every engine and machine.

A number x belongs to cell floor(x · 2^shift), computed in IEEE double precision; a category to its value,
compared by UTF-8 bytes. Refuses edges that are not ascending integers and columns without a binning.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from tribune.exceptions import ConfigurationError
from tribune.metrics.spec import ColumnKind, ModelSpec

MAX_CELLS = 2**16
"""Cells of one numeric column; about 4,096 are used, and more would only cost memory."""
_MAX_SHIFT = 1022  # 2.0**shift must stay a finite, normal double

LABEL_NEGATIVE, LABEL_POSITIVE, LABEL_INVALID, LABEL_UNKNOWN = range(4)
"""Label axis of the outcomes. Invalid: a label that is neither value. Unknown: no label came."""
PREDICTION_NEGATIVE, PREDICTION_POSITIVE, PREDICTION_INVALID = range(3)


@dataclass(frozen=True)
class Grid:
    """Cells of a numeric column.

    Args:
        shift: cell of x is floor(x · 2^shift).
        edges: ascending cell indices; the first and last bound the range of the reference, those between
            cut it into bins of about equal weight. A cell c is in range when edges[0] ≤ c < edges[-1].
    """

    shift: int
    edges: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.edges) < 2 or any(low >= high for low, high in pairwise(self.edges)):
            raise ConfigurationError("A grid's edges must be at least two ascending cell indices.")
        if self.size > MAX_CELLS or abs(self.shift) > _MAX_SHIFT:
            raise ConfigurationError(
                f"A grid has at most {MAX_CELLS} cells and a shift within ±{_MAX_SHIFT}."
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
        return self.size + 8

    def bin_of(self, cell: int) -> int:
        """Return the bin of an in-range cell."""
        return bisect_right(self.edges, cell) - 1

    def to_json(self) -> dict[str, Any]:
        """Return the grid as a document."""
        return {"kind": "grid", "shift": self.shift, "edges": list(self.edges)}


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
        if document["kind"] == "grid":
            return Grid(_whole(document["shift"]), tuple(_whole(edge) for edge in document["edges"]))
        if document["kind"] == "categories" and isinstance(document["rest"], bool):
            return Categories(tuple(str(value) for value in document["values"]), document["rest"])
    except (KeyError, TypeError) as fault:
        raise ConfigurationError(f"A binning of the profile is not readable: {fault}.") from fault
    raise ConfigurationError("A binning of the profile is neither a grid nor categories.")


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is not a whole number")
    return value


@dataclass(frozen=True)
class Scheme:
    """How rows of a model are counted: its columns and a binning for each measured one.

    Raises:
        ConfigurationError: when a measured column has no binning, or one of the wrong kind.
    """

    spec: ModelSpec
    binnings: Mapping[str, Binning]

    def __post_init__(self) -> None:
        for column in self.spec.measured:
            binning = self.binnings.get(column.name)
            if binning is None:
                raise ConfigurationError(
                    f"Column {column.name} has no binning.", mend="Make the profile anew."
                )
            if isinstance(binning, Grid) is not (column.kind is ColumnKind.NUMERIC):
                raise ConfigurationError(f"Column {column.name} is {column.kind}, its binning is not.")
        outcome = self.binnings[self.spec.prediction.name]
        if outcome != Categories((self.spec.negative, self.spec.positive)):
            raise ConfigurationError(
                f"The prediction must have exactly the values {self.spec.negative} and {self.spec.positive}."
            )

    @cached_property
    def outcomes(self) -> OutcomeLayout:
        """Where each outcome is counted."""
        score = self.spec.score
        grid = self.binnings[score.name] if score else None
        return OutcomeLayout(
            groups=tuple((c.name, self.binnings[c.name].length) for c in self.spec.groups),
            grid=grid if isinstance(grid, Grid) else None,
        )


@dataclass(frozen=True)
class OutcomeLayout:
    """The axes of the outcomes: each group column, label, prediction, score cell; last axis fastest.

    Args:
        groups: (name, length) of each group column; its last two positions are unseen and missing.
        grid: the score's grid; its cells are joined to at most 512 of equal width, and one more position
            at the end counts rows without a usable score.
    """

    groups: tuple[tuple[str, int], ...]
    grid: Grid | None

    @cached_property
    def score_bits(self) -> int:
        """Fine cells joined to one score cell: 2^score_bits."""
        return max(0, (self.grid.size - 1).bit_length() - 9) if self.grid else 0

    @cached_property
    def score_cells(self) -> int:
        """Positions on the score axis."""
        if self.grid is None:
            return 1
        return ((self.grid.edges[-1] - 1) >> self.score_bits) - (self.grid.edges[0] >> self.score_bits) + 2

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        return (*(length for _, length in self.groups), 4, 3, self.score_cells)

    def score_cell(self, key: float | None) -> int:
        """Return the score position of a fine cell (tails join the outermost; None, NaN, ±inf: the last)."""
        if self.grid is None or key is None or key != key or key in (float("inf"), float("-inf")):
            return self.score_cells - 1
        cell = min(max(int(key), self.grid.edges[0]), self.grid.edges[-1] - 1)
        return (cell >> self.score_bits) - (self.grid.edges[0] >> self.score_bits)

    def flat(self, positions: Sequence[int]) -> int:
        """Return the index of a cell from its position on each axis."""
        index = 0
        for position, length in zip(positions, self.shape, strict=True):
            index = index * length + position
        return index

    def positions(self, index: int) -> tuple[int, ...]:
        """Return the position on each axis of an index."""
        backwards: list[int] = []
        for length in reversed(self.shape):
            index, position = divmod(index, length)
            backwards.append(position)
        return tuple(reversed(backwards))

    @cached_property
    def size(self) -> int:
        """Number of cells."""
        total = 1
        for length in self.shape:
            total *= length
        return total
