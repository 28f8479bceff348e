"""How rows of a model are counted: its binnings, and where each outcome of a row has its cell.

Refuses a counted column without a binning, or with one of the wrong kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import prod

from tribune.exceptions import ConfigurationError
from tribune.metrics.binning import Binning, Categories, Grid
from tribune.metrics.spec import ColumnKind, ModelSpec

LABEL_NEGATIVE, LABEL_POSITIVE, LABEL_INVALID, LABEL_UNKNOWN = range(4)
"""Label axis of a binary model's outcomes. Invalid: a label that is no outcome. Unknown: no label came."""
PREDICTION_NEGATIVE, PREDICTION_POSITIVE, PREDICTION_INVALID = range(3)
ERRORS, UNLABELLED, NO_ERROR, SUM, ABSOLUTE, SQUARES, FOURTHS = range(7)
"""Statistics of a regression model's outcomes: rows with an error e, rows without a label, rows whose label
or prediction is no finite number; then sums of e, |e|, e² and e⁴, e in half cells of the error's grid."""

MAX_GROUPS = 2**15
"""Groups that all group columns and intersections list together: each is measured and named in evidence."""


@dataclass(frozen=True)
class Scheme:
    """How rows of a model are counted: its columns and a binning for each counted one.

    Raises:
        ConfigurationError: when a counted column has no binning, or one of the wrong kind, or there are more
            groups than `MAX_GROUPS`.
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
        self._check_groups()

    def _check_groups(self) -> None:
        values = {column.name: len(self.categories(column.name).values) for column in self.spec.groups}
        crossed = (prod(values[name] for name in names) for names in self.spec.intersections)
        if (groups := sum(values.values()) + sum(crossed)) > MAX_GROUPS:
            raise ConfigurationError(
                f"The model has {groups} groups, more than the {MAX_GROUPS} that can be measured.",
                mend="Cross fewer columns, or columns of fewer values.",
            )

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
    def scored(self) -> tuple[str, ...]:
        """Names of the scores that are counted by label, each for one outcome against all others."""
        return tuple(column.name for column in self.spec.scores)


@dataclass(frozen=True)
class ScoreAxis:
    """The score axis of outcomes: a score's cells, equally many joined to each of at most 512.

    Args:
        grid: the score's grid; None: the model logs no score, and there is one position.

    One more position at the end counts rows without a usable score.
    """

    grid: Grid | None

    @cached_property
    def bits(self) -> int:
        """Fine cells joined to one score cell: 2^bits."""
        return max(0, (self.grid.size - 1).bit_length() - 9) if self.grid else 0

    @cached_property
    def cells(self) -> int:
        """Positions on the axis."""
        if self.grid is None:
            return 1
        return ((self.grid.edges[-1] - 1) >> self.bits) - (self.grid.edges[0] >> self.bits) + 2

    def cell(self, key: float | None) -> int:
        """Return the position of a key (tails join the outermost; None, NaN, ±inf: the last)."""
        if self.grid is None or key is None or key != key or key in (float("inf"), float("-inf")):
            return self.cells - 1
        cell = min(max(self.grid.cell(int(key)), self.grid.edges[0]), self.grid.edges[-1] - 1)
        return (cell >> self.bits) - (self.grid.edges[0] >> self.bits)

    def value(self, position: int) -> Fraction:
        """Return the middle of what a score cell holds, exact; within the reference's range."""
        assert self.grid is not None  # noqa: S101 - there is no such position else
        first = ((self.grid.edges[0] >> self.bits) + position) << self.bits
        last = first + (1 << self.bits) - 1
        middle = Fraction(self.grid.half_cells(first) + self.grid.half_cells(last), 2)
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
