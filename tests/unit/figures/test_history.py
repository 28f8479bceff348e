"""A rule's history: marks where the values are, gaps where nothing was measured, beyond told by shape."""

from __future__ import annotations

import pytest

from tribune.figures.history import Point, rule_history, summary_of
from tribune.figures.theme import PALETTES, Theme
from tribune.language import Language, spoken

from .svg import boxes, root_of, size_of, texts, words

POINTS = [Point(1, 12_000), Point(2, None), Point(3, 20_000), Point(4, 431_000)]
LIGHT = PALETTES[Theme.LIGHT]


def history(points: list[Point], **changes: object) -> bytes:
    given = {"limit": 100_000, "above": True, "title": "gap by sex", "form": "svg", **changes}
    return rule_history(points, **given)  # type: ignore[arg-type]


def marks(svg: bytes, colour: str) -> list[tuple[float, float]]:
    """Where marks of a colour stand: each is a use of a shape."""
    uses = [e for e in root_of(svg).iter("{http://www.w3.org/2000/svg}use") if colour in e.get("style", "")]
    return [(float(use.get("x", "0")), float(use.get("y", "0"))) for use in uses]


def test_rule_history__png__is_of_a_messages_shape() -> None:
    assert size_of(history(POINTS, form="png")) == (800, 500)


def test_rule_history__values__are_marked_at_their_height() -> None:
    svg = history(POINTS)
    (_, low), (_, middle) = marks(svg, LIGHT.good)
    [(_, high)] = marks(svg, LIGHT.bad)
    [limit] = [box.top for box in boxes(svg, LIGHT.bad) if "dasharray" in box.style]
    assert (low - high) / (middle - high) == pytest.approx((431 - 12) / (431 - 20), rel=1e-3)
    assert (low - limit) / (low - high) == pytest.approx((100 - 12) / (431 - 12), rel=1e-3)


def test_rule_history__beyond__has_another_shape_too() -> None:
    svg = history(POINTS)
    uses = list(root_of(svg).iter("{http://www.w3.org/2000/svg}use"))
    href = "{http://www.w3.org/1999/xlink}href"
    shapes = {c: {u.get(href) for u in uses if c in u.get("style", "")} for c in (LIGHT.good, LIGHT.bad)}
    assert not shapes[LIGHT.good] & shapes[LIGHT.bad]


def test_rule_history__frame_not_measured__is_a_gap() -> None:
    lines = [box for box in boxes(history(POINTS), LIGHT.quiet) if box.bottom - box.top > 1]
    assert len(lines) == 1  # from frame 3 to 4; frame 1 stands alone


def test_rule_history__last_frame_not_measured__names_the_value_where_it_is() -> None:
    svg = history([Point(1, 12_000), Point(2, 20_000), Point(3, None), Point(4, None)])
    [value] = [said for said in texts(svg) if said.text == "2 %"]
    assert abs(value.x - marks(svg, LIGHT.good)[-1][0]) < 12


@pytest.mark.parametrize("points", [[], [Point(3, None)], [Point(1, 0)]])
def test_rule_history__little_to_draw__still_draws(points: list[Point]) -> None:
    assert "limit" in words(history(points, limit=800_000, above=False))


def test_rule_history__nothing_measured__says_so() -> None:
    assert "not measured yet" in words(history([Point(3, None)]))


def test_rule_history__many_frames__draws_the_last_twelve() -> None:
    many = [Point(frame, frame * 1000) for frame in range(1, 40)]
    assert history(many) == history(many[-12:])


@pytest.mark.parametrize("theme", Theme)
@pytest.mark.parametrize("limit", [100_000, 0, -50_000])
def test_rule_history__any_limit__text_stays_on_the_sheet(theme: Theme, limit: int) -> None:
    from tribune.figures.canvas import WIDTH, text_width

    for said in texts(history([*POINTS, Point(5, -90_000)], limit=limit, theme=theme)):
        wide = text_width(said.text)
        left = said.x - {"start": 0.0, "middle": wide / 2, "end": wide}[said.anchor]
        assert left >= 0
        assert left + wide <= WIDTH + 2


def test_rule_history__large_numbers__are_written_out() -> None:
    svg = history([Point(1, 1_234_567_000_000)], limit=2_000_000_000_000, percent=False)
    assert {"1,234,567", "2,000,000"} <= {said.text for said in texts(svg)}


def test_summary_of__values__says_the_last_and_how_many_were_beyond() -> None:
    assert summary_of(POINTS, limit=100_000, above=True) == (
        "Frame 4: 43.1 %, beyond the limit of 10 %; 1 of 3 frames was beyond it."
    )


def test_rule_history__german__says_all_of_it_in_german() -> None:
    with spoken(Language.GERMAN):
        svg = history([Point(3, 20_000), Point(4, 431_500)])
        told = summary_of(POINTS, limit=100_000, above=True)
        nothing = summary_of([], limit=1_500, above=True)
    assert {"Grenze", "Zeitfenster 3", "43,1 %"} <= {said.text for said in texts(svg)}
    assert (
        told
        == "Zeitfenster 4: 43,1 %, jenseits der Grenze von 10 %; 1 von 3 Zeitfenstern lag jenseits davon."
    )
    assert nothing == "Grenze 0,15 %, noch nicht gemessen."
