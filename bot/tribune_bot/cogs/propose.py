"""`/propose …`: ask holders to decide something. Each shows first which calls would run, and has tried them.

A proposal is not the bot's: holders sign it, or the proposer's own wallet sends it.
"""

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


class Propose(
    commands.GroupCog, group_name="propose", group_description="Ask token holders to decide something"
):
    """Proposals."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot
        self.services = bot.services

    @app_commands.command(description="Ask holders to vote on stopping a model")
    @app_commands.describe(model="Which model")
    @app_commands.autocomplete(model=choices.models)
    async def pause(self, interaction: discord.Interaction[Any], model: str) -> None:
        """Ask why, and for evidence."""
        await interaction.response.send_modal(CallModal(self.bot, model, CaseKind.HOLDER_PAUSE))

    @app_commands.command(description="Ask holders to vote on letting a stopped model answer again")
    @app_commands.describe(model="Which model")
    @app_commands.autocomplete(model=choices.models)
    async def resume(self, interaction: discord.Interaction[Any], model: str) -> None:
        """Ask for the incident's conclusion: cause and fix."""
        await interaction.response.send_modal(CallModal(self.bot, model, CaseKind.HOLDER_RESUME))
