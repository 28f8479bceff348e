"""Binnings and the layout of outcomes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tribune.exceptions import ConfigurationError
from tribune.metrics import Categories, Grid, Scheme
from tribune.metrics.binning import binning_from_json

from .samples import BINNINGS, SCHEME, SPEC


@given(st.integers(0, SCHEME.outcomes.size - 1))
def test_flat__positions_of_an_index__gives_it_back(index: int) -> None:
    assert SCHEME.outcomes.flat(SCHEME.outcomes.positions(index)) == index


def test_score_cell__tails_and_holes__join_the_outermost_and_the_last() -> None:
    layout = SCHEME.outcomes
    last = layout.score_cells - 1
    assert layout.scores.cell(-1e300) == layout.scores.cell(0.0) == 0
    assert layout.scores.cell(1e300) == layout.scores.cell(128.0) == last - 1
    assert {layout.scores.cell(key) for key in (None, float("nan"), float("inf"), float("-inf"))} == {last}


def test_score_cell__a_fine_grid__is_joined_to_at_most_512_cells() -> None:
    layout = Scheme(SPEC, {**BINNINGS, "score": Grid(12, (0, 4097))}).outcomes
    assert 200 <= layout.score_cells - 1 <= 513
    assert layout.scores.cell(4096.0) == layout.score_cells - 2


@pytest.mark.parametrize(
    "binning", [Grid(-3, (-5, 2, 9)), Grid(2, (-5, 9), True, 3, -40), Categories(("é", ""), rest=True)]
)
def test_binning_from_json__what_to_json_wrote__is_equal(binning: Grid | Categories) -> None:
    assert binning_from_json(binning.to_json()) == binning


@given(st.integers(-(2**70), 2**70), st.integers(1, 24))
def test_cell__cells_that_widen__hold_what_lies_between_their_edges(key: int, digits: int) -> None:
    grid = Grid(0, (-1, 1), digits=digits, origin=5)
    cell = grid.cell(key)
    assert grid.lower(cell) <= key + 5 < grid.lower(cell + 1)
    nearer = key if key >= 0 else -1 - key
    assert grid.lower(cell + 1) - grid.lower(cell) == max(1, 2 ** (nearer.bit_length() - digits))
    assert grid.cell(grid.lower(cell) - 5) == cell


@given(st.integers(-(2**60), 2**60), st.integers(1, 12), st.integers(1, 24))
def test_cell__with_more_bits__is_part_of_the_one_with_fewer(key: int, digits: int, finer: int) -> None:
    grid = Grid(0, (-1, 1), digits=digits)
    assert grid.cell(key, finer) >> finer == grid.cell(key >> finer)


@pytest.mark.parametrize(("digits", "origin"), [(-1, 0), (25, 0), (0, 3), (4, 2**53 + 1)])
def test_grid__digits_beyond_a_double__are_refused(digits: int, origin: int) -> None:
    with pytest.raises(ConfigurationError, match="digits"):
        Grid(0, (0, 1), digits=digits, origin=origin)


@pytest.mark.parametrize("edges", [(), (1,), (3, 3), (5, 2), (0, 10**6)])
def test_grid__edges_that_bound_nothing__are_refused(edges: tuple[int, ...]) -> None:
    with pytest.raises(ConfigurationError):
        Grid(0, edges)


def test_scheme__a_column_without_binning__is_named() -> None:
    with pytest.raises(ConfigurationError, match="age"):
        Scheme(SPEC, {name: binning for name, binning in BINNINGS.items() if name != "age"})


def test_scheme__a_binning_of_the_wrong_kind__is_named() -> None:
    with pytest.raises(ConfigurationError, match="age"):
        Scheme(SPEC, {**BINNINGS, "age": Categories(("1",))})


def test_scheme__prediction_with_other_values__is_refused() -> None:
    with pytest.raises(ConfigurationError, match="prediction"):
        Scheme(SPEC, {**BINNINGS, "prediction": Categories(("no", "yes"))})
