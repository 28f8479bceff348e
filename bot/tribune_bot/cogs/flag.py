"""`/flag`: tell holders of a harm that no rule sees. Enough signatures open a vote on stopping the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from tribune.chain.enums import CaseKind
from tribune_bot import choices
from tribune_bot.views.calling import CallModal

if TYPE_CHECKING:
    from tribune_bot.client import TribuneBot


class Flag(commands.Cog):
    """Harm that was noticed."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot

    @app_commands.command(description="Tell holders of a harm that a model does, and ask them to stop it")
    @app_commands.describe(model="Which model")
    @app_commands.autocomplete(model=choices.models)
    async def flag(self, interaction: discord.Interaction[Any], model: str) -> None:
        """Ask for the harm and its evidence."""
        await interaction.response.send_modal(CallModal(self.bot, model, CaseKind.HOLDER_PAUSE))
