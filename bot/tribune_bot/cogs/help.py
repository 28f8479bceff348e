"""`/help`: what this is and where to begin, short enough for a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from tribune.language import _

if TYPE_CHECKING:
    from tribune_bot.client import TribuneBot

_LOOK = ("models", "model", "report", "history", "audit", "proposals", "proposal", "delegates", "health")
_ACT = ("vote", "flag", "propose", "delegate")
_OWN = ("link", "wallets", "unlink", "subscribe")


class Help(commands.Cog):
    """Help for newcomers."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot

    @app_commands.command(name="help", description="What this is, how to vote, and why your power may be 0")
    async def help_(self, interaction: discord.Interaction[Any]) -> None:
        """Explain."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.edit_original_response(content="\n".join(self._lines()))

    def _known(self, names: tuple[str, ...]) -> str:
        """Return those of these commands that there are."""
        return " ".join(f"`/{name}`" for name in names if self.bot.tree.get_command(name) is not None)

    def _lines(self) -> list[str]:
        return [
            _("**Token holders watch over the AI models that act in their name, and can stop them.**"),
            _(
                "Monitors measure each model. Where one breaks a rule that you voted, it is stopped for a "
                "bounded time and you are asked here whether it stays stopped."
            ),
            _(
                "**Vote:** press Vote under the message. Your wallet signs a message; that is free and pays "
                "nobody. No linking is needed."
            ),
            _(
                "**My power is 0?** Tokens count only once they are delegated, to yourself or to somebody "
                "you trust: `/delegate`. They count in the votes that begin later, not in one that has "
                "begun. `/power` says what holds for you."
            ),
            _("**Look:** {commands}").format(commands=self._known(_LOOK)),
            _("**Act:** {commands}").format(commands=self._known(_ACT)),
            _("**Yours:** {commands}").format(commands=self._known(_OWN)),
            _(
                "The bot holds no power and no keys of yours: whatever it does, anyone can do with a "
                "contract call. It never asks you for a secret phrase or a payment."
            ),
        ]
