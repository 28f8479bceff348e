"""The overview: every value on its own side of a limit, verdicts in words and shapes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tribune.figures.overview import (
    LEFT,
    LIMIT,
    RIGHT,
    Moved,
    RuleLine,
    Verdict,
    headline,
    overview,
    place_of,
)
from tribune.figures.theme import Theme

from .svg import root_of, texts, words

BROKEN = RuleLine("the gap", Verdict.BROKEN, 431_000, 100_000, True, "43.1 %", "10 %", "stops the model")
KEPT = replace(BROKEN, verdict=Verdict.KEPT, micro=20_000, shown="2 %")
UNKNOWN = replace(BROKEN, verdict=Verdict.UNKNOWN, micro=None, shown="")
ELSEWHERE = replace(UNKNOWN, verdict=Verdict.ELSEWHERE)
millionths = st.integers(-(10**12), 10**12)


@pytest.mark.parametrize("theme", Theme)
def test_overview__rules_and_columns__are_all_told(theme: Theme) -> None:
    svg = overview([BROKEN, KEPT, UNKNOWN], [Moved("age", 720_000)], title="report", form="svg", theme=theme)
    said = words(svg)
    for part in ("1 of 3 rules broken, 1 not measured", "broken: 43.1 %", "kept: 2 %", "0.72 (large)"):
        assert part in said
    assert min(text.size for text in texts(svg)) >= 16


def test_overview__description__tells_what_the_drawing_shows() -> None:
    root = root_of(overview([BROKEN], [Moved("age", 50_000)], title="report", form="svg"))
    [told] = [child.text for child in root if child.get("id") == "desc"]
    assert told == (
        "report. The rule is broken; the gap broken: 43.1 % (stops the model above 10 %); "
        "age moved by 0.05 (hardly)"
    )


@given(millionths, millionths)
def test_place_of__value_beyond_its_limit__lies_beyond_the_line(micro: int, limit: int) -> None:
    at = place_of(replace(BROKEN, micro=micro, limit=limit))
    assert LEFT < at < RIGHT
    assert (at > LIMIT) is (micro > limit)
    assert (at < LIMIT) is (micro < limit)


def test_place_of__no_value_of_the_rule__lies_at_the_left_for_zero() -> None:
    assert place_of(replace(KEPT, micro=50_000)) == pytest.approx((LEFT + LIMIT) / 2)


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ([], "No rules were given"),
        ([ELSEWHERE], "No rules were judged"),
        ([KEPT], "The rule is kept"),
        ([KEPT, KEPT], "All 2 rules kept"),
        ([KEPT, ELSEWHERE], "The rule is kept"),
        ([KEPT, UNKNOWN], "No rule broken, 1 not measured"),
        ([BROKEN, ELSEWHERE], "The rule is broken"),
        ([BROKEN, KEPT], "1 of 2 rules broken"),
    ],
)
def test_headline__rules__counts_the_judged(rules: list[RuleLine], told: str) -> None:
    assert headline(rules) == told
