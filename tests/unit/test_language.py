"""The language that is spoken, and what is chosen from what a browser or Discord asks for."""

from __future__ import annotations

import asyncio

import pytest

from tribune.language import Language, accepted, best_of, language, number, plural, spoken


def test_language__unasked__is_english() -> None:
    assert language() is Language.ENGLISH


def test_spoken__block__ends_with_it() -> None:
    with spoken(Language.GERMAN):
        assert language() is Language.GERMAN
    assert language() is Language.ENGLISH


async def test_spoken__two_tasks__each_keeps_its_own() -> None:
    heard: dict[str, Language] = {}

    async def speak(chosen: Language) -> None:
        with spoken(chosen):
            await asyncio.sleep(0)
            heard[chosen] = language()

    await asyncio.gather(*(speak(one) for one in Language))
    assert heard == {"en": Language.ENGLISH, "de": Language.GERMAN}


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["de-AT"], Language.GERMAN),
        (["en_GB", "de"], Language.ENGLISH),
        (["fr", None, "DE"], Language.GERMAN),
        (["fr"], Language.ENGLISH),
        ([], Language.ENGLISH),
    ],
)
def test_best_of__tags__first_that_is_spoken(tags: list[str | None], expected: Language) -> None:
    assert best_of(tags) is expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("de-DE,de;q=0.9,en;q=0.8", ["de-DE", "de", "en"]),
        ("en;q=0.2, de;q=0.7", ["de", "en"]),
        ("de;q=0, en", ["en"]),
        ("de;q=high, en;q=7, fr;q=nan", []),
        ("", []),
    ],
)
def test_accepted__header__best_first_without_nonsense(header: str, expected: list[str]) -> None:
    assert accepted(header) == expected


def test_number__german__swaps_the_separators() -> None:
    assert number(12400.5, 1) == "12,400.5"
    with spoken(Language.GERMAN):
        assert number(12400.5, 1) == "12.400,5"


@pytest.mark.parametrize(("count", "expected"), [(0, "votes"), (1, "vote"), (2, "votes")])
def test_plural__english__one_is_alone(count: int, expected: str) -> None:
    assert plural("vote", "votes", count) == expected
