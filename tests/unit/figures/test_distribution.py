"""Distributions: bars as long as the shares, the reference hatched, the largest change named."""

from __future__ import annotations

import pytest

from tribune.figures.distribution import LEFT, RIGHT, Share, distribution, most_changed, percent
from tribune.figures.theme import PALETTES, Theme

from .svg import boxes, texts, words

LIGHT = PALETTES[Theme.LIGHT]
SHARES = [Share("young", 30, 20), Share("old", 70, 20), Share("missing", 0, 10)]
ROWS = (100, 50)


def test_distribution__bars__are_as_long_as_the_shares() -> None:
    svg = distribution(SHARES, title="age", rows=ROWS, form="svg")
    now = [b for b in boxes(svg, f"fill: {LIGHT.good}") if b.left == LEFT]
    then = [b for b in boxes(svg, "fill: url(") if b.left == LEFT and b.right - b.left > 30]
    assert [round(b.right - b.left, 2) for b in now] == [
        round((RIGHT - LEFT) * s / 0.7, 2) for s in (0.3, 0.7)
    ]
    wanted = [round((RIGHT - LEFT) * s / 0.7, 2) for s in (0.4, 0.4, 0.2)]
    assert [round(b.right - b.left, 2) for b in then] == wanted


def test_distribution__reference__is_hatched_not_only_of_another_colour() -> None:
    svg = distribution(SHARES, title="age", rows=ROWS, form="svg").decode()
    assert "<pattern" in svg
    assert {"reference", "now"} <= set(words(svg.encode()).split())


def test_distribution__changes__are_told_in_numbers() -> None:
    said = [text.text for text in texts(distribution(SHARES, title="age", rows=ROWS, form="svg"))]
    assert "40 % → 70 %" in said
    assert "20 % → 0 %" in said


@pytest.mark.parametrize("rows", [(0, 50), (100, 0)])
def test_distribution__no_rows__says_so(rows: tuple[int, int]) -> None:
    assert "too few rows" in words(distribution(SHARES, title="age", rows=rows, form="svg"))


def test_most_changed__equal_shares__is_none() -> None:
    assert most_changed(SHARES, ROWS) == 1
    assert most_changed([Share("a", 2, 1), Share("b", 4, 2)], (6, 3)) == -1


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (0, 9, "0 %"),
        (1, 5000, "<0.1 %"),
        (1, 30, "3.3 %"),
        (12, 100, "12 %"),
        (4999, 5000, ">99 %"),
        (9, 9, "100 %"),
    ],
)
def test_percent__near_the_ends__is_never_rounded_onto_them(part: int, whole: int, shown: str) -> None:
    assert percent(part, whole) == shown
