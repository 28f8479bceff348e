"""Binnings and the scheme by which rows are counted: the same cells on every engine and machine.

A number x belongs to cell floor(x · 2^shift), computed in IEEE double precision; a category to its value,
compared by UTF-8 bytes. Refuses edges that are not ascending integers and columns without a binning.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any

from tribune.exceptions import ConfigurationError
from tribune.metrics.spec import ColumnKind, ModelSpec

MAX_CELLS = 2**16
"""Cells of one numeric column: about 4,096 over most of its values, the others over its far ones."""
_MAX_SHIFT = 1022  # 2.0**shift must stay a finite, normal double

LABEL_NEGATIVE, LABEL_POSITIVE, LABEL_INVALID, LABEL_UNKNOWN = range(4)
"""Label axis of a binary model's outcomes, and of every score, which is for one outcome against all others.
Invalid: a label that is no outcome. Unknown: no label came."""
SCORE_LABELS = LABEL_UNKNOWN + 1
"""Positions of the label in the table of a score."""
PREDICTION_NEGATIVE, PREDICTION_POSITIVE, PREDICTION_INVALID = range(3)
ERRORS, UNLABELLED, NO_ERROR, SUM, ABSOLUTE, SQUARES, FOURTHS = range(7)
"""Statistics of a regression model's outcomes: rows with an error e, rows without a label, rows whose label
or prediction is no finite number; then sums of e, |e|, e² and e⁴, e in half cells of the error's grid."""


@dataclass(frozen=True)
class Grid:
    """Cells of a numeric column.

    Args:
        shift: cell of x is floor(x · 2^shift).
        edges: ascending cell indices; the first and last bound the range of the reference, those between
            cut it into bins of about equal weight. A cell c is in range when edges[0] ≤ c < edges[-1].
        lattice: whether every reference value is a whole multiple of 2^-shift (ages, ratings), so that a cell
            stands for its lower edge; if not, for its middle.
    """

    shift: int
    edges: tuple[int, ...]
    lattice: bool = False

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
        return self.size + 10

    def half_cells(self, cell: int) -> int:
        """Return what a cell stands for, in units of 2^-(shift + 1)."""
        return 2 * cell if self.lattice else 2 * cell + 1

    @property
    def half_cell(self) -> Fraction:
        """The unit of `half_cells`, exact."""
        return Fraction(1, 2 ** (self.shift + 1)) if self.shift >= -1 else Fraction(2 ** -(self.shift + 1))

    def value(self, cell: int) -> Fraction:
        """Return the number that a cell stands for, exact."""
        return self.half_cells(cell) * self.half_cell

    def bin_of(self, cell: int) -> int:
        """Return the bin of an in-range cell."""
        return bisect_right(self.edges, cell) - 1

    def to_json(self) -> dict[str, Any]:
        """Return the grid as a document."""
        return {"kind": "grid", "shift": self.shift, "edges": list(self.edges), "lattice": self.lattice}


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
        if document["kind"] == "grid" and isinstance(document["lattice"], bool):
            edges = tuple(_whole(edge) for edge in document["edges"])
            return Grid(_whole(document["shift"]), edges, document["lattice"])
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
    """How rows of a model are counted: its columns and a binning for each counted one.

    Raises:
        ConfigurationError: when a counted column has no binning, or one of the wrong kind.
    """

    spec: ModelSpec
    binnings: Mapping[str, Binning]

    def __post_init__(self) -> None:
        for column in self.spec.counted:
            self._check(column.name, column.kind)
        if self.spec.has_errors:
            self._check(self.spec.error_name, ColumnKind.NUMERIC)
        outcomes = self.spec.outcomes
        if outcomes and self.binnings[self.spec.prediction.name] != Categories(outcomes):
            raise ConfigurationError(f"The prediction must have exactly the values {', '.join(outcomes)}.")

    def _check(self, name: str, kind: ColumnKind) -> None:
        binning = self.binnings.get(name)
        if binning is None:
            raise ConfigurationError(f"Column {name} has no binning.", mend="Make the profile anew.")
        if isinstance(binning, Grid) is not (kind is ColumnKind.NUMERIC):
            raise ConfigurationError(f"Column {name} is {kind}, its binning is not.")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of all binnings, in the order in which profiles list them."""
        errors = (self.spec.error_name,) if self.spec.has_errors else ()
        return (*(column.name for column in self.spec.counted), *errors)

    def grid(self, name: str) -> Grid:
        """Return the grid of a numeric column."""
        binning = self.binnings[name]
        assert isinstance(binning, Grid)  # noqa: S101 - checked above
        return binning

    def categories(self, name: str) -> Categories:
        """Return the categories of a category column."""
        binning = self.binnings[name]
        assert isinstance(binning, Categories)  # noqa: S101 - checked above
        return binning

    @cached_property
    def outcomes(self) -> OutcomeLayout:
        """Where each outcome is counted."""
        spec = self.spec
        groups = tuple((c.name, self.binnings[c.name].length) for c in spec.groups)
        if spec.outcomes:
            scores = ScoreAxis(self.grid(spec.score.name) if spec.score else None)
            return OutcomeLayout(groups, len(spec.outcomes) + 2, len(spec.outcomes) + 1, scores)
        return OutcomeLayout(groups, 1, FOURTHS + 1 if spec.has_errors else 1, ScoreAxis(None))

    @cached_property
    def scored(self) -> Mapping[str, ScoreAxis]:
        """The cells of each score that is counted by label, as fine as its column's."""
        return {column.name: ScoreAxis(self.grid(column.name), fine=True) for column in self.spec.scores}


@dataclass(frozen=True)
class ScoreAxis:
    """The score axis of outcomes: a score's cells, joined to at most 512 of equal width.

    Args:
        grid: the score's grid; None: the model logs no score, and there is one position.
        fine: whether cells stay as they are, for a table of the score alone.

    One more position at the end counts rows without a usable score.
    """

    grid: Grid | None
    fine: bool = False

    @cached_property
    def bits(self) -> int:
        """Fine cells joined to one score cell: 2^bits."""
        return max(0, (self.grid.size - 1).bit_length() - 9) if self.grid and not self.fine else 0

    @cached_property
    def cells(self) -> int:
        """Positions on the axis."""
        if self.grid is None:
            return 1
        return ((self.grid.edges[-1] - 1) >> self.bits) - (self.grid.edges[0] >> self.bits) + 2

    def cell(self, key: float | None) -> int:
        """Return the position of a fine cell (tails join the outermost; None, NaN, ±inf: the last)."""
        if self.grid is None or key is None or key != key or key in (float("inf"), float("-inf")):
            return self.cells - 1
        cell = min(max(int(key), self.grid.edges[0]), self.grid.edges[-1] - 1)
        return (cell >> self.bits) - (self.grid.edges[0] >> self.bits)

    def value(self, position: int) -> Fraction:
        """Return the middle of what a score cell holds, exact; within the reference's range."""
        assert self.grid is not None  # noqa: S101 - there is no such position else
        first = ((self.grid.edges[0] >> self.bits) + position) << self.bits
        middle = self.grid.half_cells(first) + (1 << self.bits) - 1
        ends = self.grid.value(self.grid.edges[0]), self.grid.value(self.grid.edges[-1] - 1)
        return min(max(middle * self.grid.half_cell, ends[0]), ends[1])


@dataclass(frozen=True)
class OutcomeLayout:
    """The axes of the outcomes, last axis fastest.

    Each group column; then, for classifiers, label, prediction and score cell. A regression model has its
    statistics (`ERRORS` …) in place of the prediction and one position elsewhere; a generic one its groups.

    Args:
        groups: (name, length) of each group column; its last two positions are unseen and missing.
        labels: positions of the label: the outcomes, invalid, unknown.
        predictions: positions of the prediction: the outcomes, invalid.
        scores: the score axis.
    """

    groups: tuple[tuple[str, int], ...]
    labels: int
    predictions: int
    scores: ScoreAxis

    @property
    def label_invalid(self) -> int:
        """Position of labels that are none of the outcomes."""
        return self.labels - 2

    @property
    def label_unknown(self) -> int:
        """Position of rows whose label has not come."""
        return self.labels - 1

    @property
    def prediction_invalid(self) -> int:
        """Position of predictions that are none of the outcomes."""
        return self.predictions - 1

    @property
    def score_cells(self) -> int:
        """Positions on the score axis."""
        return self.scores.cells

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        return (*(length for _, length in self.groups), self.labels, self.predictions, self.scores.cells)

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
