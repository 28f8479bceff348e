"""Sees to ballots that a reorg took off the chain: they are queued again, and so relayed again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from discord.ext import commands

from tribune.ballots.undone import queue_undone
from tribune.exceptions import TribuneError
from tribune.log import get_logger

if TYPE_CHECKING:
    from tribune_bot.client import TribuneBot

LOOK_S = 5.0
"""Longest wait between two looks; what the index stores or drops wakes us at once."""
RETRY_S = 2.0


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
        while True:
            await services.indexer.wait_changed(LOOK_S)
            head = services.indexer.head
            if head is None:
                continue
            try:
                depth = services.tribune.chain.finality_blocks
                undone = await queue_undone(services.store, services.contracts, head.number, depth)
            except TribuneError as fault:
                get_logger(__name__).warning("mined ballots could not be looked after", error=str(fault))
                await asyncio.sleep(RETRY_S)
                continue
            if undone:
                get_logger(__name__).warning("a reorg undid ballots: they are relayed again", ballots=undone)
