"""`/proposals`: what is voted on now. Read from the chain when asked, never from memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from tribune_bot.case_message import headline
from tribune_bot.facts import read_facts
from tribune_bot.text import fitted, moment

if TYPE_CHECKING:
    from tribune_bot.client import TribuneBot

MOST = 25
"""Votes in one answer."""


class Proposals(commands.Cog):
    """Open votes."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot
        self.services = bot.services

    @app_commands.command(description="What is being voted on now")
    async def proposals(self, interaction: discord.Interaction[Any]) -> None:
        """List open votes."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        lines = []
        for case_id in self.bot.docket.open[-MOST:]:
            facts = await read_facts(self.services, case_id)
            ends = f", ends {moment(facts.vote.deadline)}" if facts.vote.deadline is not None else ""
            lines.append(f"**{headline(facts.vote)}**{ends}\n<{self.services.ballot_url(case_id)}>")
        await interaction.edit_original_response(
            content=fitted(lines) if lines else "Nothing is being voted on."
        )
