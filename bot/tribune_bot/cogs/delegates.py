"""`/delegate`, `/delegates`: what delegating is and where it is done, who votes with whose tokens.

The bot signs nothing: a holder signs on the page with the wallet, and the bot pays for the transaction.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from tribune.ballots.delegating.relay import DelegationRelay
from tribune.ballots.power import Standing, read_standings
from tribune.chain.types import ZERO_ADDRESS
from tribune.exceptions import TribuneError
from tribune.ids import Address
from tribune.language import _
from tribune.log import get_logger
from tribune.store import queries
from tribune.store.delegates import largest_delegates
from tribune.store.wallets import public_owners
from tribune_bot.views.buttons import link_button
from tribune_bot.words.text import fitted, percent, wallet_name

if TYPE_CHECKING:
    from tribune_bot.client import TribuneBot

LOOK_S = 0.5
RETRY_S = 5.0
MOST = 15
"""Delegates that are listed."""
MOST_WALLETS = 10


class Delegates(commands.Cog):
    """Delegation."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot
        self.services = bot.services

    async def cog_load(self) -> None:
        """Register the job."""
        self.bot.add_job("relay delegations", self.relay_delegations, needs_discord=False)

    async def relay_delegations(self) -> None:
        """Relay what is queued, until cancelled."""
        services = self.services
        relay = DelegationRelay(services.store, services.contracts, services.sender)
        while True:
            try:
                for one in await relay.relay_all():
                    get_logger(__name__).info(
                        "delegation settled", wallet=one.delegator, state=one.status, block=one.block
                    )
                await asyncio.sleep(LOOK_S)
            except TribuneError as fault:
                get_logger(__name__).warning("delegations could not be relayed", error=str(fault))
                await asyncio.sleep(RETRY_S)

    @app_commands.command(
        description="Let your tokens count: delegate them to yourself or to somebody you trust"
    )
    async def delegate(self, interaction: discord.Interaction[Any]) -> None:
        """Say what delegating is, and where it is done."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        lines = [
            _("**Delegating** says who votes with your tokens: you yourself, or somebody you trust."),
            _(
                "Until then they count for nobody. Your tokens stay yours, you can sell them, and you can "
                "delegate anew at any time; it counts in the votes that begin later."
            ),
            _(
                "On the page your wallet signs a message; that is free. With a contract wallet, or without "
                "the page, call `delegate(address)` of the token `{token}`."
            ).format(token=await self.services.contracts.token()),
            *await self._own(interaction.user.id),
        ]
        view = discord.ui.View(timeout=None)
        view.add_item(link_button(_("Delegate"), f"{self.services.public_url}/delegate"))
        await interaction.edit_original_response(content=fitted(lines), view=view)

    @app_commands.command(description="Whom your wallets delegate to, and who has the most votes")
    async def delegates(self, interaction: discord.Interaction[Any]) -> None:
        """List delegates."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        services = self.services
        listed = await services.store.read(largest_delegates, MOST)
        largest = await read_standings(services.contracts, [Address(wallet) for wallet, _votes in listed])
        owners = await services.store.read(public_owners, [one.wallet for one in largest])
        lines = await self._own(interaction.user.id) or [
            _("To see whom your own wallets delegate to, link them with `/link`.")
        ]
        if not largest:
            lines.append(_("Nobody has any votes yet: no tokens are delegated."))
        else:
            lines.append(_("**Who has the most votes:**"))
        for place, one in enumerate(sorted(largest, key=lambda found: -found.votes), 1):
            lines.append(
                _("{place}. {who}: {votes} ({share})").format(
                    place=place,
                    who=wallet_name(one.wallet, owners.get(one.wallet)),
                    votes=one.shown(one.votes),
                    share=percent(one.share),
                )
            )
        await interaction.edit_original_response(content=fitted(lines))

    async def _own(self, user_id: int) -> list[str]:
        """Return a line of each of the asker's wallets."""
        wallets = await self.services.store.read(queries.wallets_of, user_id)
        if not wallets:
            return []
        mine = [Address(wallet) for wallet in wallets[:MOST_WALLETS]]
        standings = await read_standings(self.services.contracts, mine)
        owners = await self.services.store.read(public_owners, [one.delegate for one in standings])
        return [_("**Your wallets:**"), *(_delegation(one, owners) for one in standings)]


def _delegation(one: Standing, owners: dict[str, int]) -> str:
    wallet, tokens = wallet_name(one.wallet), one.tokens
    if one.delegate == ZERO_ADDRESS:
        told = _("{wallet}: {tokens}, delegated to nobody, so they do not count")
    elif one.delegate == one.wallet:
        told = _("{wallet}: {tokens}, delegated to itself")
    else:
        told = _("{wallet}: {tokens}, delegated to {who}")
    who = wallet_name(one.delegate, owners.get(one.delegate))
    return told.format(wallet=wallet, tokens=tokens, who=who)
