"""Rates of groups: bars as long as the rates, Wilson intervals where scipy puts them, names as text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from scipy.stats import binomtest, norm

from tribune.figures.groups import LEFT, MOST_GROUPS, RIGHT, bars_of, group_rates, of_100
from tribune.figures.theme import PALETTES, Theme

from .svg import boxes, hostile, size_of, words

LIGHT = PALETTES[Theme.LIGHT]
Z = 3.0


def place(rate: float) -> float:
    return LEFT + (RIGHT - LEFT) * rate


def test_group_rates__bars__are_as_long_as_the_rates() -> None:
    svg = group_rates({"men": (53, 100), "women": (6, 100)}, title="Says yes", form="svg")
    bars = [box for box in boxes(svg, f"fill: {LIGHT.good}") if box.left == LEFT]
    assert [round(bar.right, 3) for bar in bars] == [round(place(0.53), 3), round(place(0.06), 3)]


def test_group_rates__with_z__draws_scipys_wilson_interval() -> None:
    svg = group_rates({"men": (53, 100)}, title="Says yes", z_micro=int(Z * 1e6), form="svg")
    level = 1 - 2 * norm.sf(Z)
    expected = binomtest(53, 100).proportion_ci(confidence_level=level, method="wilson")
    [line] = [b for b in boxes(svg, f"stroke: {LIGHT.ink}") if b.right - b.left > 1]
    assert line.left == pytest.approx(place(expected.low), abs=0.01)
    assert line.right == pytest.approx(place(expected.high), abs=0.01)
    assert "z = 3" in words(svg)


def test_group_rates__without_z__draws_no_interval() -> None:
    svg = group_rates({"men": (53, 100)}, title="Says yes", form="svg")
    assert not boxes(svg, f"stroke: {LIGHT.ink}")


def test_group_rates__no_rows__says_so() -> None:
    assert "No group has enough rows." in words(group_rates({"men": (0, 0)}, title="x", form="svg"))


def test_group_rates__many_groups__keeps_the_extremes_and_says_how_many_it_left_out() -> None:
    said = words(group_rates({f"g{i:02}": (i, 100) for i in range(40)}, title="rates", form="svg"))
    assert "g39" in said
    assert "g00" in said
    assert "g20" not in said
    assert "Not shown: 32 groups between these." in said


def test_bars_of__many_groups__highest_first() -> None:
    bars = bars_of({f"g{i:02}": (i, 100) for i in range(40)})
    assert len(bars) == MOST_GROUPS
    assert [bar.hits for bar in bars] == sorted((bar.hits for bar in bars), reverse=True)


@pytest.mark.parametrize("name", ["$\\frac{", "@everyone **x**", "女性", "a" * 500, "\n\x00\u202e", "</svg>"])
def test_group_rates__hostile_names__are_drawn_as_text(name: str) -> None:
    rates = {name: (53, 100), "men": (6, 100)}
    assert size_of(group_rates(rates, title=name, z_micro=2_000_000))[0] == 800


@given(hostile)
@settings(max_examples=15)
def test_group_rates__any_name__is_well_formed(name: str) -> None:
    assert "53 of 100" in words(group_rates({name: (53, 100)}, title=name, form="svg"))


@pytest.mark.parametrize(
    ("hits", "rows", "shown"),
    [(0, 10, "0 of 100"), (1, 1000, "<1 of 100"), (999, 1000, ">99 of 100"), (10, 10, "100 of 100")],
)
def test_of_100__near_the_ends__is_never_rounded_onto_them(hits: int, rows: int, shown: str) -> None:
    assert of_100(hits, rows) == shown
