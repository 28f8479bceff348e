"""Frames without drift: tallies drawn from the profile's reference, so that any alarm on them is false.

A frame is drawn cell by cell with replacement, each column by itself and the outcomes as they are counted
jointly: exact for each column and for all that compares groups, labels and answers. Errors of regression
models are drawn by their moments. It holds the reference for the truth, so it cannot see that the reference
is a sample itself, or that days differ.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from tribune.metrics import Grid, Profile, Tally
from tribune.metrics.scheme import ABSOLUTE, ERRORS, FOURTHS, NO_ERROR, SQUARES, SUM, UNLABELLED
from tribune.metrics.scores import Scores

if TYPE_CHECKING:
    import numpy

_TAIL_SUMS = ((1, 0), (2, 0), (4, 3), (5, 3))
"""Places after the cells of a numeric column: (a sum or sum of squares of a tail, the tail's count)."""


def resampled(profile: Profile, rows: int, frames: int, seed: int = 0) -> Iterator[Tally]:
    """Yield tallies of frames drawn from the reference.

    Args:
        profile: whose reference is drawn from.
        rows: of each frame.
        frames: how many.
        seed: the same seed gives the same frames with the same numpy.
    """
    import numpy

    dice = numpy.random.default_rng(seed)
    reference = profile.reference
    for _ in range(frames):
        columns = {
            name: _column(dice, profile, name, cells, rows) for name, cells in reference.columns.items()
        }
        outcomes = (
            _errors(dice, profile, rows)
            if profile.spec.has_errors
            else _cells(dice, reference.outcomes, rows)
        )
        scores = {
            name: _scores(dice, table, rows, reference.rows) for name, table in reference.scores.items()
        }
        yield Tally(rows, columns, outcomes, scores)


def _drawn(dice: numpy.random.Generator, counts: Sequence[int], rows: int) -> list[int]:
    total = sum(counts)
    if not total:
        return [0] * len(counts)
    drawn: list[int] = dice.multinomial(rows, [count / total for count in counts]).tolist()
    return drawn


def _cells(dice: numpy.random.Generator, cells: Mapping[int, int], rows: int) -> dict[int, int]:
    drawn = _drawn(dice, list(cells.values()), rows)
    return {index: count for index, count in zip(cells, drawn, strict=True) if count}


def _scores(dice: numpy.random.Generator, table: Scores, rows: int, of: int) -> Scores:
    """Draw a score's table; its cells stay those of the reference."""
    counts = [*table.others.values(), *table.own.values()]
    drawn = _drawn(dice, [*counts, of - table.rows], rows)
    sides = (
        {cell: n for cell, n in zip(cells, counts, strict=False) if n}
        for cells, counts in ((table.others, drawn), (table.own, drawn[len(table.others) :]))
    )
    return Scores(table.finer, *sides).as_fine_as_asked()


def _column(
    dice: numpy.random.Generator, profile: Profile, name: str, cells: Sequence[int], rows: int
) -> tuple[int, ...]:
    binning = profile.binnings[name]
    if not isinstance(binning, Grid):
        return tuple(_drawn(dice, cells, rows))
    counts = list(cells)
    for place, _ in _TAIL_SUMS:
        counts[binning.size + place] = 0
    drawn = _drawn(dice, counts, rows)
    for place, tail in _TAIL_SUMS:
        at = binning.size + tail
        if cells[at]:
            drawn[binning.size + place] = cells[binning.size + place] * drawn[at] // cells[at]
    return tuple(drawn)


def _errors(dice: numpy.random.Generator, profile: Profile, rows: int) -> dict[int, int]:
    """Draw the statistics of a regression model: rows per group, then sums by the normal law."""
    kinds = profile.scheme.outcomes.predictions
    counted = {
        index: n
        for index, n in profile.reference.outcomes.items()
        if index % kinds in (ERRORS, UNLABELLED, NO_ERROR)
    }
    drawn = _cells(dice, counted, rows)
    result = dict(drawn)
    for index, n in drawn.items():
        if index % kinds == ERRORS:
            group = index - ERRORS
            before = {k: profile.reference.outcomes.get(group + k, 0) for k in range(kinds)}
            for kind, squares in ((SUM, SQUARES), (ABSOLUTE, SQUARES), (SQUARES, FOURTHS)):
                mean = before[kind] / before[ERRORS]
                spread = math.sqrt(max(0.0, before[squares] / before[ERRORS] - mean * mean) * n)
                result[group + kind] = round(n * mean + spread * dice.standard_normal())
            result[group + FOURTHS] = before[FOURTHS] * n // before[ERRORS]
    return {index: n for index, n in result.items() if n}


def poisson_upper(count: int, doubt: float = 0.05) -> float:
    """Return the upper bound of a Poisson mean: above it so low a count has a chance below `doubt`."""
    from scipy.special import gammaincinv

    return float(gammaincinv(count + 1, 1 - doubt))
