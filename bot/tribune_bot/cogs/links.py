"""`/link`, `/unlink`, `/wallets`: which wallets are a person's own, for notices and for showing power.

A link is made for who asks, shown to nobody else, and works once. Voting never needs one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from tribune.store import messages, queries
from tribune_bot.text import harmless, moment
from tribune_bot.views.buttons import link_button

if TYPE_CHECKING:
    from tribune_bot.client import TribuneBot

CHOICES = 25
"""Discord shows no more."""


class Links(commands.Cog):
    """Wallet links."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot
        self.services = bot.services

    @app_commands.command(
        description="Link a wallet, to see your voting power here (voting does not need it)"
    )
    async def link(self, interaction: discord.Interaction[Any]) -> None:
        """Answer with a one-time link."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        invite = await self.services.links.invite(interaction.user.id)
        view = discord.ui.View(timeout=None)
        view.add_item(link_button("Link a wallet", invite.url))
        await interaction.edit_original_response(
            content="Open this page and sign a message with your wallet; it costs and allows nothing.\n"
            f"The link is yours alone, works once and ends {moment(invite.expires_at)}.",
            view=view,
        )

    @app_commands.command(description="Forget a wallet of yours")
    @app_commands.describe(wallet="Which one")
    async def unlink(self, interaction: discord.Interaction[Any], wallet: str) -> None:
        """Forget a wallet."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        gone = await self.services.store.run(messages.unlink_wallet, interaction.user.id, wallet)
        text = (
            "Forgotten: it is not linked to you any more."
            if gone
            else f"{harmless(wallet, 60)} is not linked to you."
        )
        await interaction.edit_original_response(content=text)

    @unlink.autocomplete("wallet")
    async def _own_wallets(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        wallets = await self.services.store.read(queries.wallets_of, interaction.user.id)
        found = [wallet for wallet in wallets if typed.lower() in wallet.lower()]
        return [app_commands.Choice(name=wallet, value=wallet) for wallet in found[:CHOICES]]

    @app_commands.command(description="Show the wallets that are linked to you")
    async def wallets(self, interaction: discord.Interaction[Any]) -> None:
        """List the asker's wallets."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        wallets = await self.services.store.read(queries.wallets_of, interaction.user.id)
        lines = [f"`{wallet}`" for wallet in wallets[:CHOICES]]
        text = "\n".join(["Linked to you, seen by nobody else:", *lines])
        await interaction.edit_original_response(
            content=text
            if wallets
            else "No wallet is linked to you. `/link` links one; voting does not need it."
        )
