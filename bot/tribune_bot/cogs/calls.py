"""Holders' calls for a vote in the channel: one message each, kept up to date, and opened once enough signed.

Anyone could open them, with a contract call; the bot only pays for it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from discord.ext import commands

from tribune.ballots.holders.view import read_call
from tribune.exceptions import TribuneError
from tribune.log import get_logger
from tribune.store import calls, messages
from tribune.waiting import came_within
from tribune_bot.errors import DiscordUnreachableError
from tribune_bot.messages.call_message import call_message, subject_of

if TYPE_CHECKING:
    from tribune_bot.client import TribuneBot

LOOK_S = 1.0
RETRY_S = 2.0
LOOK_BACK = 50
"""Calls whose messages are brought up to date at the start: what ended while nobody looked."""


class Calls(commands.Cog):
    """Shows and opens calls."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot
        self.services = bot.services
        self._wake = asyncio.Event()
        self._seen: object = None
        """The block and the signatures at our last look: while neither changes, nothing has changed."""
        self._to_show: set[int] = set()
        """Calls whose message may be out of date: one that Discord did not take stays here."""

    async def cog_load(self) -> None:
        """Register the job."""
        self.bot.add_job("collect signatures", self.watch)

    def wake(self) -> None:
        """Say that there is a new call, so that its message does not wait for the next look."""
        self._wake.set()

    async def watch(self) -> None:
        """Open what can be opened and keep messages up to date, until cancelled."""
        started = False
        while True:
            self._wake.clear()
            try:
                if not started:
                    await self._remember_posted()
                    started = True
                seen = (self.services.indexer.head, await self.services.store.read(calls.signed_so_far))
                if seen != self._seen or self._to_show:
                    await self.look()
                    self._seen = seen
                await came_within(LOOK_S, self._wake.wait())
            except TribuneError as fault:
                get_logger(__name__).warning("calls could not be followed", error=str(fault))
                await asyncio.sleep(RETRY_S)

    async def look(self) -> None:
        """Look at every call that can still change, once.

        Raises:
            ChainError, StoreError, DiscordUnreachableError: look again.
        """
        try:
            self._to_show |= (await self.services.opener.look()).keys()
        finally:  # an opening that waits for a block keeps no message from its readers
            await self._show_all()

    async def _show_all(self) -> None:
        faults: list[DiscordUnreachableError] = []
        for call_id in sorted(self._to_show):
            try:
                await self.show(call_id)
                self._to_show.discard(call_id)
            except DiscordUnreachableError as fault:  # it holds up no other
                faults.append(fault)
        if faults:
            raise faults[0]

    async def show(self, call_id: int) -> None:
        """Post a call's message or bring it up to date."""
        services = self.services
        async with self.bot.servers.speaking():
            view = await read_call(services.store, services.contracts, services.documents, call_id)
            await self.bot.board.show(subject_of(call_id), call_message(view, services))

    async def _remember_posted(self) -> None:
        subjects = await self.services.store.read(messages.posted_subjects, "call/")
        numbers = sorted(int(subject.removeprefix("call/")) for subject in subjects)
        self._to_show.update(numbers[-LOOK_BACK:])
