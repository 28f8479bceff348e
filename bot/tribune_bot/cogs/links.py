"""`/link`, `/unlink`, `/wallets`: which wallets are a person's own, for notices and for showing power.

A link is made for who asks, shown to nobody else, and works once. Voting never needs one. Whose a wallet is
stays private until its owner says otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from tribune.language import _
from tribune.store import messages, queries
from tribune.store.wallets import links_of, set_public
from tribune_bot.views.buttons import link_button
from tribune_bot.words.text import dated, fitted, harmless

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
        view.add_item(link_button(_("Link a wallet"), invite.url))
        text = _(
            "Open this page and sign a message with your wallet; it costs and allows nothing.\n"
            "The link is yours alone, works once, until {when}. The page says for which Discord user it is: "
            "you are `{user}`."
        )
        await interaction.edit_original_response(
            content=text.format(when=dated(invite.expires_at), user=interaction.user.id), view=view
        )

    @app_commands.command(description="Forget a wallet of yours")
    @app_commands.describe(wallet="Which one")
    async def unlink(self, interaction: discord.Interaction[Any], wallet: str) -> None:
        """Forget a wallet."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        gone = await self.services.store.run(messages.unlink_wallet, interaction.user.id, wallet)
        text = _("Forgotten: it is not linked to you any more.") if gone else _not_yours(wallet)
        await interaction.edit_original_response(content=text)

    @app_commands.command(description="Show the wallets that are linked to you, and who may know that")
    @app_commands.describe(
        wallet="The one to change", public="True: others see that it is yours, in /audit and where voters are"
    )
    async def wallets(
        self, interaction: discord.Interaction[Any], wallet: str = "", public: bool | None = None
    ) -> None:
        """List the asker's wallets, after changing who may know of one."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        user = interaction.user.id
        if (
            wallet
            and public is not None
            and not await self.services.store.run(set_public, user, wallet, public)
        ):
            await interaction.edit_original_response(content=_not_yours(wallet))
            return
        links = await self.services.store.read(links_of, user)
        lines = [
            (_("`{wallet}` · public") if one.public else _("`{wallet}` · seen by nobody else")).format(
                wallet=one.wallet
            )
            for one in links[:CHOICES]
        ]
        none = _("No wallet is linked to you. `/link` links one; voting does not need it.")
        await interaction.edit_original_response(
            content=fitted([_("Linked to you:"), *lines]) if links else none
        )

    @unlink.autocomplete("wallet")
    @wallets.autocomplete("wallet")
    async def _own_wallets(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        wallets = await self.services.store.read(queries.wallets_of, interaction.user.id)
        found = [wallet for wallet in wallets if typed.lower() in wallet.lower()]
        return [app_commands.Choice(name=wallet, value=wallet) for wallet in found[:CHOICES]]


def _not_yours(wallet: str) -> str:
    if not wallet:
        return _("Say which wallet: choose one that is linked to you.")
    return _("{wallet} is not linked to you.").format(wallet=harmless(wallet, 60))
