"""`/audit`: who did what to a model, newest first, in pages. The index tells it; senders are the chain's."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from tribune.ballots.histories.deeds import TRAIL, Telling, tell
from tribune.exceptions import ChainError
from tribune.ids import Address, ModelId
from tribune.language import _, number, plural
from tribune.store.audit import Wanted, cases_of, trail, trail_size
from tribune.store.wallets import public_owners
from tribune_bot import choices
from tribune_bot.views.pages import Page, paging, show_page
from tribune_bot.words.text import fitted, harmless, moment, wallet_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tribune.store.tables import ChainEvent
    from tribune_bot.client import TribuneBot

EACH = 8
"""Events on a page: with all that is said of each they fit into one message."""


class Audit(commands.Cog):
    """The trail of a model."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot
        self.services = bot.services

    @app_commands.command(description="Who did what to a model: versions, rules, cases, votes, pauses")
    @app_commands.describe(model="Which model")
    @app_commands.autocomplete(model=choices.models)
    async def audit(self, interaction: discord.Interaction[Any], model: str) -> None:
        """Show a model's trail."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        about = str(await choices.find_model(self.bot, model))
        await show_page(interaction, "Audit", about, await self.page(about, 1))

    async def page(self, about: str, asked: int) -> Page:
        """Return a page of the trail of the model with this number."""
        services = self.services
        model_id = await choices.find_model(self.bot, about)
        wanted = Wanted(TRAIL, model_id)
        size = await services.store.read(trail_size, wanted)
        name = await self._name(model_id)
        if not size:
            return Page(_("Nothing has been read about {name} yet; ask again in a minute.").format(name=name))
        shown, pages, part = paging(size, EACH, asked)
        events = await services.store.read(trail, wanted, limit=EACH, offset=part.start)
        senders, blind = await self._senders(events)
        decimals = None if blind else await services.contracts.decimals()
        cases = await services.store.read(cases_of, {one.proposal for one in events if one.proposal})
        wallets = {wallet for event in events for wallet in _wallets(event)} | set(senders.values())
        owners = await services.store.read(public_owners, wallets)

        def who(wallet: Address) -> str:
            return wallet_name(wallet, owners.get(wallet))

        how = Telling(who, lambda time: moment(time, "f"), cases, decimals)
        lines = [_line(event, how, senders.get(event.tx_hash)) for event in events]
        count = plural("{n} event", "{n} events", size).format(n=number(size))
        head = _("**{name}**: {count}, page {page} of {pages}").format(
            name=name, count=count, page=shown, pages=pages
        )
        if blind:
            lines.append(_("The chain cannot be seen now, so who sent each transaction is left out."))
        return Page(fitted([head, *lines]), shown, pages)

    async def _name(self, model_id: ModelId) -> str:
        model = (await self.bot.directory.look()).models.get(model_id)
        name = harmless(model.name, 60) if model is not None else ""
        return name or _("model {id}").format(id=model_id)

    async def _senders(self, events: Sequence[ChainEvent]) -> tuple[dict[str, Address], bool]:
        """Return transaction → sender, and whether the chain could not be asked."""
        from tribune.chain.types import checksum

        hashes = sorted({event.tx_hash for event in events})
        chain = self.services.tribune.chain
        try:
            found = await asyncio.gather(*(chain.request("eth_getTransactionByHash", one) for one in hashes))
        except ChainError:
            return {}, True
        known = zip(hashes, found, strict=True)
        return {one: checksum(raw["from"]) for one, raw in known if raw is not None}, False


def _line(event: ChainEvent, how: Telling, sender: Address | None) -> str:
    told = _("{when} {what} Block {block}, `{tx}…`").format(
        when=moment(event.block_time, "f"),
        what=tell(event, how),
        block=event.block_number,
        tx=event.tx_hash[:10],
    )
    return told if sender is None else _("{told}, sent by {who}").format(told=told, who=how.who(sender))


def _wallets(event: ChainEvent) -> list[str]:
    keys = ("steward", "from", "to", "auditor", "voter", "current")
    return [value for key in keys if isinstance(value := event.args.get(key), str)]
