"""Figures: real files of the right size, the same bytes each time, whatever names and gaps they get."""

from __future__ import annotations

import struct

import pytest

from tribune.figures.groups import group_rates
from tribune.figures.history import Point, rule_history

POINTS = [Point(1, 12_000), Point(2, None), Point(4, 431_000)]


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_rule_history__points_and_gaps__is_a_png_of_phone_size() -> None:
    assert size_of(rule_history(POINTS, limit=100_000, above=True, title="gap by sex")) == (800, 500)


def test_rule_history__twice__gives_the_same_bytes() -> None:
    first, second = (rule_history(POINTS, limit=100_000, above=True, title="gap", form="svg") for _ in "12")
    assert first == second


def test_rule_history__svg__holds_no_date() -> None:
    assert b"dc:date" not in rule_history(POINTS, limit=100_000, above=True, title="gap", form="svg")


@pytest.mark.parametrize("points", [[], [Point(3, None)], [Point(1, 0)]])
def test_rule_history__little_to_draw__still_draws(points: list[Point]) -> None:
    assert size_of(rule_history(points, limit=800_000, above=False, title="accuracy"))


def test_rule_history__many_frames__draws_the_last_twelve() -> None:
    many = [Point(frame, frame * 1000) for frame in range(1, 40)]
    kept = rule_history(many[-12:], limit=100_000, above=True, title="gap", form="svg")
    assert rule_history(many, limit=100_000, above=True, title="gap", form="svg") == kept


@pytest.mark.parametrize("name", ["$\\frac{", "@everyone **x**", "女性", "a" * 500, "\n\x00\u202e"])
def test_group_rates__hostile_names__are_drawn_as_text(name: str) -> None:
    assert size_of(group_rates({name: (53, 100), "men": (6, 100)}, title=name)) == (800, 500)


def test_group_rates__no_rows__says_so() -> None:
    assert size_of(group_rates({"men": (0, 0)}, title="said employed"))


def test_group_rates__many_groups__stays_readable() -> None:
    assert size_of(group_rates({f"group {i}": (i, 100) for i in range(40)}, title="rates"))
