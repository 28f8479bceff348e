"""What all figures share: type of body size that fits, names as text, bytes that repeat also from threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings

from tribune.figures.canvas import TEXT, WIDTH, Sheet, plain, text_width, wrapped
from tribune.figures.theme import PALETTES, Theme

from .svg import hostile, root_of, size_of, texts, words


def drawn(title: str = "A title", theme: Theme = Theme.LIGHT) -> Sheet:
    sheet = Sheet(title, theme)
    sheet.bar(12, sheet.top, 100, 10, sheet.palette.quiet, hatched=True)
    sheet.mark(200, sheet.top + 5, bad=True)
    sheet.top += 30
    return sheet


def test_finish__svg__is_named_for_screen_readers() -> None:
    root = root_of(drawn("<b>").finish("svg", "a & b"))
    named = {child.get("id"): child.text for child in root if child.get("id") in ("title", "desc")}
    assert named == {"title": "<b>", "desc": "a & b"}
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "title desc"


def test_finish__svg__is_as_wide_as_a_phone_and_its_text_is_text() -> None:
    svg = drawn().finish("svg", "")
    assert (root_of(svg).get("viewBox") or "").startswith(f"0 0 {WIDTH} ")
    assert words(svg) == "A title"
    assert {said.size for said in texts(svg)} == {TEXT}


def test_finish__png__is_800_pixels_wide() -> None:
    assert size_of(drawn().finish("png", ""))[0] == 800


def test_finish__from_threads__repeats_byte_for_byte() -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: drawn().finish("svg", "s"), range(12)))
    assert len(set(made)) == 1
    assert b"dc:date" not in made[0]


@pytest.mark.parametrize("theme", Theme)
def test_finish__theme__lies_on_its_paper(theme: Theme) -> None:
    svg = drawn(theme=theme).finish("svg", "").decode()
    other = Theme.DARK if theme is Theme.LIGHT else Theme.LIGHT
    assert PALETTES[theme].paper in svg
    assert PALETTES[other].paper not in svg


@given(hostile)
@settings(max_examples=60)
def test_wrapped__any_text__fits_in_width_and_lines(text: str) -> None:
    lines = wrapped(text, 150, most=2)
    assert len(lines) <= 2
    assert all(text_width(line) <= 150 for line in lines)


def test_wrapped__longer_than_its_lines__says_that_it_was_cut() -> None:
    assert wrapped("one two three four five six seven", 90, most=2)[-1].endswith("…")
    assert wrapped("a" * 200, 90, most=2) == [wrapped("a" * 200, 90, most=1)[0]]


def test_text_width__bundled_font__is_what_is_drawn() -> None:
    from matplotlib.textpath import TextPath

    for text in ("Columns that moved most", "53 of 100", "iiii"):
        path = TextPath((0, 0), text, size=TEXT)
        assert text_width(text) == pytest.approx(path.get_extents().width, abs=4)  # and the space beside it


def test_plain__control_characters_and_length__is_one_short_line() -> None:
    assert plain("a\n\x00b\u202ec" + "d" * 50, 10) == "a b cdddd…"
