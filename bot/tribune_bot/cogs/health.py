"""`/health`: whether the bot sees the chain and can do its work, and when monitors last measured."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from tribune.chain.types import COIN
from tribune.exceptions import ChainError
from tribune.language import _, number, plural
from tribune.log import get_logger
from tribune.store import queries
from tribune.store.happenings import admitted_monitors, last_signatures
from tribune.store.vitals import store_vitals
from tribune_bot.words.text import fitted, harmless, moment, wallet_name

if TYPE_CHECKING:
    from tribune.chain.types import Block
    from tribune_bot.client import TribuneBot

BALLOT_GAS = 75_000
"""What a ballot costs in a transaction of many."""
LOW_BALLOTS = 500
"""Fewer that can be paid for are worth a warning."""
LATE_BLOCKS = 3
MOST_MONITORS = 12
AMONG = 5_000
"""Signatures among which a monitor's last one is looked for."""


class Health(commands.Cog):
    """The bot's own state."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot
        self.services = bot.services

    @app_commands.command(description="Whether this bot sees the chain and can do its work")
    async def health(self, interaction: discord.Interaction[Any]) -> None:
        """Say how the bot is."""
        began = time.monotonic()
        await interaction.response.defer(ephemeral=True, thinking=True)
        # Measured here: discord.py's own figure is off by a whole beat where a beat is answered at once.
        took_s = time.monotonic() - began
        lines = await self._chain()
        vitals = await self.services.store.read(store_vitals)
        waiting = await self.services.store.read(queries.outbox_depth)
        lines.append(
            _("**Work that waits:** {n}, the oldest for {seconds} s").format(
                n=number(waiting), seconds=number(vitals.oldest_s)
            )
            if waiting
            else _("**Work that waits:** none")
        )
        latency = _("{ms} ms").format(ms=number(took_s * 1000))
        lines.append(_("**Discord:** {latency}").format(latency=latency))
        lines += await self._monitors()
        await interaction.edit_original_response(content=fitted(lines))

    async def _chain(self) -> list[str]:
        services = self.services
        try:
            head = await services.tribune.chain.head()
            balance = await services.tribune.chain.balance(services.sender.address)
            price = int(await services.tribune.chain.request("eth_gasPrice"), 16)
        except ChainError as fault:
            get_logger(__name__).warning("the chain cannot be seen", error=str(fault))
            return [_("**Chain:** cannot be seen at the moment; the bot's log says why")]
        return [
            _("**Chain:** block {block}, {when}; {read}").format(
                block=number(head.number), when=moment(head.time), read=self._read(head)
            ),
            self._gas(balance, price),
        ]

    def _read(self, head: Block) -> str:
        """Say how far the index is."""
        seen = self.services.indexer.head
        if seen is None:
            return _("nothing of it has been read yet")
        behind = max(head.number - seen.number, 0)
        if behind < LATE_BLOCKS:
            return _("all of it has been read")
        return plural("⚠ read up to {n} block before it", "⚠ read up to {n} blocks before it", behind).format(
            n=number(behind)
        )

    def _gas(self, balance: int, price: int) -> str:
        address = self.services.sender.address
        coins = number(balance / COIN, 4)
        if not price:
            return _("**Gas:** `{address}` holds {coins}").format(address=address, coins=coins)
        ballots = balance // (BALLOT_GAS * price)
        told = (
            _("⚠ **Gas:** `{address}` holds {coins}, enough for {ballots} only")
            if ballots < LOW_BALLOTS
            else _("**Gas:** `{address}` holds {coins}, enough for {ballots}")
        )
        count = plural("{n} ballot", "{n} ballots", ballots).format(n=number(ballots))
        return told.format(address=address, coins=coins, ballots=count)

    async def _monitors(self) -> list[str]:
        admitted = await self.services.store.read(admitted_monitors)
        if not admitted:
            return [_("**Monitors:** none is admitted")]
        last = await self.services.store.read(last_signatures, AMONG)
        lines = [_("**Monitors, and what each signed last:**")]
        for account, name in list(admitted.items())[:MOST_MONITORS]:
            who = f"{harmless(name, 40)} {wallet_name(account)}".strip()
            event = last.get(account)
            if event is None:
                lines.append(_("- {who}: nothing, as far as we look back").format(who=who))
                continue
            lines.append(
                _("- {who}: frame {frame} of model {model}, {when}").format(
                    who=who,
                    frame=number(event.args["frame"]),
                    model=event.args["model_id"],
                    when=moment(event.block_time),
                )
            )
        return lines
