"""Sees to ballots that a reorg took off the chain: they are queued again, and so relayed again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discord.ext import commands

from tribune.ballots.undone import UndoneBallots
from tribune.log import get_logger
from tribune_bot.following import follow

if TYPE_CHECKING:
    from tribune_bot.client import TribuneBot

LOOK_S = 5.0
"""Longest wait between two looks; what the index stores or drops wakes us at once."""


class Reorgs(commands.Cog):
    """Looks after mined ballots until their block stays."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot
        self.services = bot.services

    async def cog_load(self) -> None:
        """Register the job."""
        self.bot.add_job("look after mined ballots", self.watch, needs_discord=False)

    async def watch(self) -> None:
        """Queue again what was undone, until cancelled."""
        services = self.services
        ballots = UndoneBallots(services.store, services.contracts, services.tribune.chain.finality_blocks)

        async def look(_changed: bool) -> None:
            head = services.indexer.head
            if head is None:
                return
            undone = await ballots.queue(head.number)
            if undone:
                get_logger(__name__).warning("a reorg undid ballots: they are relayed again", ballots=undone)

        await follow(services.indexer, look, "mined ballots could not be looked after", every_s=LOOK_S)
