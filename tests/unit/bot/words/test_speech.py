"""What commands are for is told in the reader's language; what they are called stays."""

from __future__ import annotations

from types import SimpleNamespace

import discord
import pytest
from discord import app_commands

from scripts.catalogues import _described
from tribune.language import Language, _, spoken
from tribune_bot.words.speech import LONGEST_DESCRIPTION, DescriptionTranslator

Place = app_commands.TranslationContextLocation


async def translated(text: str, locale: discord.Locale, place: Place) -> str | None:
    context = SimpleNamespace(location=place)
    return await DescriptionTranslator().translate(app_commands.locale_str(text), locale, context)


async def test_translate__description__is_told_to_germans() -> None:
    text = "What is being voted on now"
    assert await translated(text, discord.Locale.german, Place.command_description) == _german(text)
    assert _german(text) != text


@pytest.mark.parametrize(
    ("text", "locale", "place"),
    [
        ("What is being voted on now", discord.Locale.british_english, Place.command_description),
        ("What is being voted on now", discord.Locale.french, Place.command_description),
        ("Vote", discord.Locale.german, Place.command_name),
        ("no text of ours", discord.Locale.german, Place.command_description),
    ],
)
async def test_translate__name_or_unknown__stays(text: str, locale: discord.Locale, place: Place) -> None:
    assert await translated(text, locale, place) is None


def test_described__each__has_a_german_text_that_discord_takes() -> None:
    texts = set(_described())
    assert len(texts) > 20
    assert [text for text in texts if len(_german(text)) > LONGEST_DESCRIPTION] == []
    assert [text for text in texts if _german(text) == text] == []


def _german(text: str) -> str:
    with spoken(Language.GERMAN):
        return _(text)
