"""`/propose …`: ask holders to decide something. Each shows first which calls would run, and has tried them.

A proposal is not the bot's: holders sign it, or the proposer's own wallet sends it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from discord.ext import commands

if TYPE_CHECKING:
    from tribune_bot.client import TribuneBot


class Propose(
    commands.GroupCog, group_name="propose", group_description="Ask token holders to decide something"
):
    """Proposals."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot
        self.services = bot.services
