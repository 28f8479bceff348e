"""Points of a chart, from the reports that the hub judged."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from tribune.ballots.histories.rules import points_of, title_of
from tribune.figures.history import Point
from tribune.figures.theme import PALETTES, Theme
from tribune.metrics import Rule, Severity
from tribune.metrics.value import NOT_AVAILABLE
from tribune_bot.messages.charts import _draw
from unit.bot.samples import VOTE

RULE = Rule("fairness.demographic_parity_difference.lower/SEX", ">", 100_000, Severity.TRIP, z=3_000_000)


def judged(frame: int, *values: int, model: int = 1, policy: str = "0xaa") -> Any:
    report = {"model_id": model, "policy": policy, "frame": frame, "values": list(values)}
    return SimpleNamespace(args={"report": report})


def test_points_of__other_models_policies_and_later_frames__are_left_out() -> None:
    events = [judged(4, 9), judged(3, 7), judged(2, 6, model=2), judged(2, 5, policy="0xbb"), judged(1, 4)]
    assert points_of(events, 1, "0xaa", 0, 3) == [Point(1, 4), Point(3, 7)]


def test_points_of__not_available__is_a_gap() -> None:
    assert points_of([judged(1, 4, NOT_AVAILABLE)], 1, "0xaa", 1, 1) == [Point(1, None)]


def test_points_of__many_frames__keeps_the_last_twelve() -> None:
    found = points_of([judged(i, i) for i in range(1, 40)], 1, "0xaa", 0, 39)
    assert [point.frame for point in found] == list(range(28, 40))


def test_points_of__evaluation__is_no_frame_of_the_grid() -> None:
    assert points_of([judged(0, 4)], 1, "0xaa", 0, 3) == []


def test_draw__any__brings_its_own_ground_so_that_a_dark_and_a_light_client_show_it_alike() -> None:
    import io

    from PIL import Image

    drawn = _draw(replace(VOTE, rule=RULE), [Point(1, 50_000), Point(2, 431_000)])
    image = Image.open(io.BytesIO(drawn)).convert("RGBA")
    assert image.getchannel("A").getextrema() == (255, 255)
    corners = [(0, 0), (image.width - 1, 0), (0, image.height - 1), (image.width - 1, image.height - 1)]
    ground = (*bytes.fromhex(PALETTES[Theme.LIGHT].paper[1:]), 255)
    assert {image.getpixel(corner) for corner in corners} == {ground}


def test_title_of__a_profile__uses_its_names() -> None:
    profile: Any = SimpleNamespace(spec=SimpleNamespace(column=lambda name: SimpleNamespace(title="sex")))
    assert title_of(RULE, None).endswith("groups by SEX")
    assert title_of(RULE, profile).endswith("groups by sex")
