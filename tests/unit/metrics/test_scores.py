"""Tables of scores: cells as fine as the rows ask, and the same from any parts."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tribune.metrics import Grid
from tribune.metrics.scores import Scores, finer_for

from .samples import scores_of

GRID = Grid(12, (0, 2048, 4097))


def drawn(n: int, seed: int = 0) -> list[tuple[int, float]]:
    """Labels and scores in cells of the column; some lie far beyond its range."""
    dice = np.random.default_rng(seed)
    scores = dice.beta(2, 3, n) * 4096
    scores[::97] *= 1e4
    return list(zip(dice.integers(0, 2, n).tolist(), scores.tolist(), strict=True))


SAMPLE = drawn(3000)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 3000), max_size=4))
def test_total__rows_in_any_parts__is_the_table_of_all(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(SAMPLE)]
    parts = [scores_of(SAMPLE[low:high], GRID) for low, high in pairwise(edges)]
    step_by_step = Scores()
    for part in reversed(parts):
        step_by_step = Scores.total([part, step_by_step])
    assert Scores.total(parts) == step_by_step == scores_of(SAMPLE, GRID)


@pytest.mark.parametrize("kept", [2100, 2999])
def test_total__less_a_part_of_as_many_digits__is_the_table_of_the_rest(kept: int) -> None:
    whole, gone = scores_of(SAMPLE, GRID), scores_of(SAMPLE[kept:], GRID)
    assert Scores.total([whole], [gone]) == scores_of(SAMPLE[:kept], GRID)


def test_total__so_much_less_that_finer_cells_are_asked__says_that_it_is_not_fine() -> None:
    whole, gone = scores_of(SAMPLE, GRID), scores_of(SAMPLE[100:], GRID)
    left = Scores.total([whole], [gone])
    assert (left.rows, left.finer, left.is_fine) == (100, whole.finer, False)


def test_total__all_rows_taken_out__is_the_table_of_none() -> None:
    table = scores_of(SAMPLE, GRID)
    assert Scores.total([table], [table]) == Scores()


def test_finer_for__more_rows__asks_no_finer_cells_and_none_from_a_quarter_million() -> None:
    asked = [finer_for(rows) for rows in (0, 1, 100, 1000, 10_000, 100_000, 2**18 - 1, 2**18, 10**8)]
    assert asked == sorted(asked, reverse=True)
    assert asked[-3:] == [1, 0, 0]


def test_by_column_cell__finer_cells__are_joined_to_those_of_the_column() -> None:
    cells = scores_of(SAMPLE, GRID).by_column_cell()
    near = [(label, int(score)) for label, score in SAMPLE if score < 4096]
    expected = {cell: tuple(near.count((label, cell)) for label in (0, 1)) for _, cell in near[:50]}
    assert {cell: cells[cell] for cell in expected} == expected


def test_from_json__what_to_json_wrote__is_equal() -> None:
    table = scores_of(SAMPLE, GRID)
    assert Scores.from_json(table.to_json(), GRID) == table


@pytest.mark.parametrize(
    "change",
    [{"finer": 0}, {"finer": 13.0}, {"own": [5, 1, 3, 1]}, {"others": [2**60, 1]}, {"own": [5, 0]}],
    ids=["coarse", "a float", "out of order", "far beyond", "no rows"],
)
def test_from_json__anything_else__is_refused(change: dict[str, object]) -> None:
    document = scores_of([(0, 7.0), (1, 9.0)], GRID).to_json()
    with pytest.raises(ValueError, match=r"fine|order|beyond"):
        Scores.from_json({**document, **change}, GRID)
