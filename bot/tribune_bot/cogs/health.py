"""`/health`: whether the bot sees the chain and can do its work, and when monitors last measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from tribune.exceptions import TribuneError
from tribune.store import queries
from tribune_bot.text import harmless, moment

if TYPE_CHECKING:
    from tribune_bot.client import TribuneBot


class Health(commands.Cog):
    """The bot's own state."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot
        self.services = bot.services

    @app_commands.command(description="Whether this bot sees the chain and can do its work")
    async def health(self, interaction: discord.Interaction[Any]) -> None:
        """Say how the bot is."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        services = self.services
        waiting = await services.store.read(queries.outbox_depth)
        lines = [f"**Work that waits:** {waiting}"]
        try:
            head = await services.tribune.chain.head()
            balance = await services.tribune.chain.balance(services.sender.address)
        except TribuneError as fault:
            lines.insert(0, f"**Chain:** cannot be seen ({harmless(fault.message, 200)})")
        else:
            seen = services.indexer.head
            behind = "nothing yet" if seen is None else f"{max(head.number - seen.number, 0)} blocks behind"
            lines.insert(0, f"**Chain:** block {head.number}, {moment(head.time)}; read: {behind}")
            lines.append(f"**Gas:** `{services.sender.address}` holds {balance / 10**18:.4f}")
        latency = self.bot.latency
        shown = f"{latency * 1000:.0f} ms" if 0 <= latency < 1e6 else "not measured yet"
        lines.append(f"**Discord:** {shown}")
        await interaction.edit_original_response(content="\n".join(lines))
