"""Pages of long answers, and the buttons between them."""

from __future__ import annotations

import pytest

from tribune_bot.views.pages import LONGEST_ABOUT, PageButton, paging


@pytest.mark.parametrize(
    ("count", "asked", "expected"),
    [
        (0, 1, (1, 1, [])),
        (3, 1, (1, 1, [0, 1, 2])),
        (10, 2, (2, 3, [4, 5, 6, 7])),
        (10, 99, (3, 3, [8, 9])),
        (8, 0, (1, 2, [0, 1, 2, 3])),
    ],
)
def test_paging__so_many__shows_the_page_or_the_last(
    count: int, asked: int, expected: tuple[int, int, list[int]]
) -> None:
    shown, pages, part = paging(count, 4, asked)
    assert (shown, pages, list(range(count))[part]) == expected


@pytest.mark.parametrize("about", ["", "stopped:a b", "all:" + "ü" * (LONGEST_ABOUT - 4), "7", "all:a:b"])
async def test_page_button__about_anything__keeps_it_within_discords_limit(about: str) -> None:
    button = PageButton("Models", 999_999, about)
    custom_id = button.item.custom_id
    assert custom_id is not None
    assert len(custom_id) <= 100
    match = PageButton.__discord_ui_compiled_template__.fullmatch(custom_id)
    assert match is not None
    assert (match["cog"], match["number"], match["about"]) == ("Models", "999999", about)


@pytest.mark.parametrize(
    "forged", ["Models:0:", "Models:1", "models:1:", "Models:-1:x", "Models:1:" + "x" * 61]
)
def test_page_button__forged__matches_nothing(forged: str) -> None:
    pattern = PageButton.__discord_ui_compiled_template__
    assert pattern.fullmatch(f"tribune:page:{forged}") is None
