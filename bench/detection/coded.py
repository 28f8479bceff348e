"""Rows as the places where a tally counts them, so that a frame of any rows is a few bincounts.

The same binning as the engines', in numpy; `false_alarms` counts a window of each table with DuckDB too and
stops where one cell differs. Binary models only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.detection.acs import Column, Table
from tribune.metrics import Categories, Grid, Scheme, Tally
from tribune.metrics.scheme import LABEL_INVALID, LABEL_NEGATIVE, LABEL_POSITIVE, LABEL_UNKNOWN
from tribune.metrics.scores import Scores, finer_for

Places = NDArray[np.int64]
_LOW, _HIGH, _MISSING = 0, 3, 6  # after the cells of a numeric column


@dataclass(frozen=True)
class Coded:
    """Rows of a table.

    Args:
        scheme: by which they are counted.
        places: per counted column, each row's place in its tally.
        cells: per numeric column, each row's cell, for the sums of tails.
        outcomes: each row's outcome.
        labels: each row's place on the label axis.
        scores: each row's score, in steps of its column's grid, not yet rounded down.
    """

    scheme: Scheme
    places: Mapping[str, Places]
    cells: Mapping[str, Places]
    outcomes: Places
    labels: Places
    scores: NDArray[np.float64]

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.outcomes)

    def tally(self, rows: Places | slice) -> Tally:
        """Count some rows, each as often as it is named."""
        columns = {name: self._column(name, rows) for name in self.places}
        outcomes = self.outcomes[rows]
        (score,) = self.scheme.scored
        return Tally(len(outcomes), columns, _sparse(outcomes), {score: self._scores(rows)})

    def _scores(self, rows: Places | slice) -> Scores:
        (score,) = self.scheme.scored
        labels, scores = self.labels[rows], self.scores[rows]
        finer = finer_for(int(np.count_nonzero(labels <= LABEL_POSITIVE)))
        cells = _cells(self.scheme.grid(score), scores, finer)
        others, own = (_sparse(cells[labels == label]) for label in (LABEL_NEGATIVE, LABEL_POSITIVE))
        return Scores(finer, others, own)

    def _column(self, name: str, rows: Places | slice) -> tuple[int, ...]:
        places, binning = self.places[name][rows], self.scheme.binnings[name]
        counts = np.bincount(places, minlength=binning.length)
        if isinstance(binning, Grid):
            for tail in (binning.size + _LOW, binning.size + _HIGH):
                if counts[tail]:
                    cells = self.cells[name][rows][places == tail]
                    if binning.digits:
                        cells = np.array([binning.half_cells(int(cell)) for cell in cells], dtype=object)
                    counts[tail + 1], counts[tail + 2] = cells.sum(), (cells * cells).sum()
        return tuple(counts.tolist())


def coded(scheme: Scheme, table: Table) -> Coded:
    """Find the places of a table's rows."""
    spec = scheme.spec
    places, cells = dict[str, Places](), dict[str, Places]()
    for column in spec.counted:
        binning, values = scheme.binnings[column.name], table[column.name]
        if isinstance(binning, Grid):
            places[column.name], cells[column.name] = _numeric(binning, values)
        else:
            places[column.name] = _category(binning, values)
    score = spec.score
    assert score is not None  # noqa: S101 - the demo's model has one
    label = _looked_up(
        table["label"],
        {spec.negative: LABEL_NEGATIVE, spec.positive: LABEL_POSITIVE, None: LABEL_UNKNOWN},
        LABEL_INVALID,
    )
    layout = scheme.outcomes
    flat = np.zeros(len(label), dtype=np.int64)
    said = np.minimum(places[spec.prediction.name], layout.prediction_invalid)
    coarse = _score_places(
        layout.scores.cells, layout.scores.bits, scheme.grid(score.name), table[score.name]
    )
    for length, positions in zip(
        layout.shape, [*(places[name] for name, _ in layout.groups), label, said, coarse], strict=True
    ):
        flat = flat * length + positions
    return Coded(scheme, places, cells, flat, label, _steps(scheme.grid(score.name), table[score.name]))


def _numeric(grid: Grid, values: Column) -> tuple[Places, Places]:
    missing = np.isnan(values)
    cell = _cells(grid, _steps(grid, np.where(missing, 0, values)))
    low, high = grid.edges[0], grid.edges[-1]
    place = np.where(cell < low, grid.size + _LOW, np.where(cell >= high, grid.size + _HIGH, cell - low))
    return np.where(missing, grid.size + _MISSING, place), cell


def _steps(grid: Grid, values: Column) -> NDArray[np.float64]:
    return np.asarray((values.astype(float) - grid.origin / grid.scale) * grid.scale)


def _cells(grid: Grid, steps: NDArray[np.float64], finer: int = 0) -> Places:
    whole = np.floor(steps * 2.0**finer)
    if not grid.digits:
        return np.asarray(whole, np.int64)
    digits = grid.digits + finer
    doublings = np.maximum(np.frexp(np.abs(whole))[1] - digits, 0)
    cell = doublings * 2.0 ** (digits - 1) + np.abs(np.floor(np.ldexp(whole, -doublings)))
    return np.asarray(np.where(whole < 0, -cell, cell), np.int64)


def _category(categories: Categories, values: Column) -> Places:
    known: dict[str | None, int] = {value: place for place, value in enumerate(categories.values)}
    known[None] = len(categories.values) + 1
    return _looked_up(values, known, len(categories.values))


def _looked_up(values: Column, places: Mapping[str | None, int], other: int) -> Places:
    return np.fromiter((places.get(value, other) for value in values.tolist()), np.int64, len(values))


def _score_places(length: int, bits: int, grid: Grid, values: Column) -> Places:
    cell = _cells(grid, _steps(grid, values))
    clipped = np.clip(cell, grid.edges[0], grid.edges[-1] - 1)
    places: Places = np.minimum((clipped >> bits) - (grid.edges[0] >> bits), length - 1)
    return places


def _sparse(places: Places) -> dict[int, int]:
    found, counts = np.unique(places, return_counts=True)
    return dict(zip(found.tolist(), counts.tolist(), strict=True))
