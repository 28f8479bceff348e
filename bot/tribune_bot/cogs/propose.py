"""`/propose …`: ask holders to decide something. Each shows first which calls would run, and has tried them.

A proposal is not the bot's: holders sign it, or the proposer's own wallet sends it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import discord
from discord import app_commands
from discord.ext import commands

from tribune.chain.enums import CaseKind
from tribune_bot import choices
from tribune_bot.views.calling import CallModal
from tribune_bot.views.drafting import MonitorModal, PolicyModal

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

    @app_commands.command(description="Propose the rules by which a model is judged")
    @app_commands.describe(
        model="Which model",
        policy="The policy.toml; without it you are asked for its text",
        backtest="What tribune backtest … --json wrote of these rules",
        backtest_id="Its content id, where it is in an evidence store already",
    )
    @app_commands.autocomplete(model=choices.models)
    async def policy(
        self,
        interaction: discord.Interaction[Any],
        model: str,
        policy: discord.Attachment | None = None,
        backtest: discord.Attachment | None = None,
        backtest_id: str = "",
    ) -> None:
        """Ask for the policy, where none is attached, and why."""
        await interaction.response.send_modal(PolicyModal(self.bot, model, policy, backtest, backtest_id))

    @app_commands.command(description="Propose to admit a monitor, or to dismiss one")
    @app_commands.describe(what="Admit or dismiss", address="The monitor's address")
    async def monitor(
        self, interaction: discord.Interaction[Any], what: Literal["admit", "dismiss"], address: str
    ) -> None:
        """Ask for its name, where it is to be admitted, and why."""
        await interaction.response.send_modal(MonitorModal(self.bot, address, admit=what == "admit"))
