"""In which language the bot answers: that of whoever asks, as Discord tells it. Posts are in the server's."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from tribune.language import Language, best_of, spoken


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
