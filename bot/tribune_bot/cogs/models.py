"""`/models`: what is watched and how it stands, in pages. Names are the index's, states the chain's."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from tribune.chain.enums import State
from tribune.exceptions import ChainError
from tribune.ids import ModelId
from tribune.language import _, number, plural
from tribune_bot.following import follow
from tribune_bot.views.pages import LONGEST_ABOUT, Page, paging, show_page
from tribune_bot.words.standing import DOTS, halt_line, state_word
from tribune_bot.words.text import fitted, harmless

if TYPE_CHECKING:
    from tribune.ballots.directory import ListedModel, Listing
    from tribune_bot.client import TribuneBot

LOOK_S = 10.0
FIRST_READ_S = 5.0
"""How long somebody waits who asks before models of the chain were read; Discord waits far longer."""
FIRST_LOOK_S = 0.25
"""Most between two looks meanwhile: one change may bring no models, another come between look and wait."""
EACH = 12
"""Models on a page: with the longest names that are shown they fit into one message."""
SHOWN = {
    "all": None,
    "stopped": (State.SUSPENDED, State.PAUSED),
    "active": (State.ACTIVE,),
    "inactive": (State.INACTIVE, State.RETIRED),
}


class Models(commands.Cog):
    """The list of models."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot
        self.services = bot.services

    async def cog_load(self) -> None:
        """Register the job."""
        self.bot.add_job("know what there is", self.keep_listing)

    async def keep_listing(self) -> None:
        """Read what is new before somebody types, until cancelled."""
        await follow(
            self.services.indexer,
            lambda _: self.bot.directory.look(),
            "the list of models is not up to date",
            every_s=LOOK_S,
        )

    @app_commands.command(description="List the models that token holders watch over")
    @app_commands.describe(search="Only models whose name contains this", stand="Only models that stand so")
    @app_commands.choices(stand=[app_commands.Choice(name=one, value=one) for one in SHOWN])
    async def models(
        self, interaction: discord.Interaction[Any], search: str = "", stand: str = "all"
    ) -> None:
        """List models."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        about = f"{stand}:{' '.join(search.split())}"[:LONGEST_ABOUT].rstrip()
        await show_page(interaction, "Models", about, await self.page(about, 1))

    async def page(self, about: str, asked: int) -> Page:
        """Return a page of the models that an answer is about: "stopped:part of a name"."""
        kind, _colon, sought = about.partition(":")
        listing = await self._listing()
        found = listing.search(sought, SHOWN.get(kind))
        if not found:
            return Page(await self._nothing(others=bool(listing.models)))
        shown, pages, part = paging(len(found), EACH, asked)
        count = plural("{n} model", "{n} models", len(found)).format(n=number(len(found)))
        if pages > 1:
            count = _("{count}, page {page} of {pages}").format(count=count, page=shown, pages=pages)
        return Page(fitted([*await self._lines(listing, found[part]), count]), shown, pages)

    async def _listing(self) -> Listing:
        """Return what there is; while the chain is read for the first time, wait until it has models."""
        listing = await self.bot.directory.look()
        if listing.models or not await self.services.tribune.model_registry.model_count():
            return listing
        ends = monotonic() + FIRST_READ_S
        while not listing.models and (left := ends - monotonic()) > 0:
            await self.services.indexer.wait_changed(min(left, FIRST_LOOK_S))
            listing = await self.bot.directory.look()
        return listing

    async def _lines(self, listing: Listing, models: list[ListedModel]) -> list[str]:
        """Return a line a model as the chain has it; where that cannot be asked, as the index has it."""
        try:
            found = await self.services.contracts.read(
                *(("KillSwitch", "statusOf", (model.id,)) for model in models)
            )
            halted = next((model for model, raw in zip(models, found, strict=True) if raw["halted"]), None)
            status = await self.services.tribune.kill_switch.status(ModelId(halted.id)) if halted else None
        except ChainError:
            said = _("The chain cannot be seen now; this is how they stood when it was seen last:")
            return [said, *(_line(model, model.state(listing.at), 0) for model in models)]
        lines = [
            _line(model, State.of(raw["state"]), raw["version"])
            for model, raw in zip(models, found, strict=True)
        ]
        return [halt_line(status), *lines] if status is not None else lines

    async def _nothing(self, *, others: bool) -> str:
        if others:
            return _("No model is like that.")
        if await self.services.tribune.model_registry.model_count():  # raises where we could not look
            return _("We have not read the chain yet. Please ask again in a minute.")
        return _("No model is registered yet.")


def _line(model: ListedModel, state: State, version: int) -> str:
    name = harmless(model.name, 60) or _("(no name)")
    if version:
        told = _("{dot} **{name}** v{version}, {state} · model {id}")
    else:
        told = _("{dot} **{name}**, {state} · model {id}")
    return told.format(dot=DOTS[state], name=name, version=version, state=state_word(state), id=model.id)
