"""In which language the bot answers: that of whoever asks, as Discord tells it. Posts are in the server's."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from tribune.language import Language, _, best_of, spoken

LONGEST_DESCRIPTION = 100
"""Characters that Discord takes."""
_DESCRIBING = (
    app_commands.TranslationContextLocation.command_description,
    app_commands.TranslationContextLocation.group_description,
    app_commands.TranslationContextLocation.parameter_description,
    app_commands.TranslationContextLocation.choice_name,
)


def language_of(interaction: discord.Interaction[Any]) -> Language:
    """Return the language to answer in: the asker's own, else the server's, else English."""
    server = interaction.guild_locale
    return best_of([interaction.locale.value, None if server is None else server.value])


class SpeakingTree(app_commands.CommandTree[Any]):
    """A command tree whose commands answer in the asker's language."""

    async def _call(self, interaction: discord.Interaction[Any]) -> None:
        # The one place that check, command, choices and error handler of an interaction have in common.
        with spoken(language_of(interaction)):
            await super()._call(interaction)


class DescriptionTranslator(app_commands.Translator):
    """Tells Discord in each language what commands and their options are for; their names stay."""

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: Any
    ) -> str | None:
        """Return a description, or the name of a choice, in a language; None where Discord has it already."""
        language = best_of([locale.value])
        if language is Language.ENGLISH or context.location not in _DESCRIBING:
            return None
        with spoken(language):
            text = _(string.message)
        return text if text != string.message and len(text) <= LONGEST_DESCRIPTION else None
