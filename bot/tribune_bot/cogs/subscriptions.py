"""`/subscribe`: direct messages about a model, or about all: a breach, a stop, a vote, its end.

What happened in one transaction is one message; each is told once, at once, and to who asked only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from tribune.ballots.histories.deeds import Telling, tell
from tribune.chain.enums import State
from tribune.ids import ModelId
from tribune.language import _, best_of, language, spoken
from tribune.store import queries
from tribune.store import subscriptions as kept
from tribune.store.tables import now
from tribune_bot import choices
from tribune_bot.following import follow
from tribune_bot.posting.notices import NEWS, owe
from tribune_bot.words.text import dated, fitted, harmless

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tribune.store.session import Session
    from tribune.store.tables import ChainEvent
    from tribune_bot.client import TribuneBot

READER = "bot.subscriptions"
"""Name of our checkpoint; its block number is the row id of the last event taken in."""
EVENTS = ("CaseOpened", "CaseVoteOpened", "CaseClosed", "StateChanged")
_STATES = (State.SUSPENDED, State.RETIRED)
"""Changes of state that no case's end tells."""


class Subscriptions(
    commands.GroupCog, group_name="subscribe", group_description="Direct messages about models"
):
    """Subscriptions."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot
        self.services = bot.services

    async def cog_load(self) -> None:
        """Register the job."""
        self.bot.add_job("tell subscribers", self.watch)

    @app_commands.command(description="Get a direct message when something happens to a model, or to any")
    @app_commands.describe(model="Which model; leave it out for all of them")
    @app_commands.autocomplete(model=choices.models)
    async def model(self, interaction: discord.Interaction[Any], model: str = "") -> None:
        """Subscribe."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        model_id = await choices.find_model(self.bot, model) if model else kept.EVERY_MODEL
        await self.services.store.run(kept.subscribe, interaction.user.id, model_id, language().value)
        lines = [
            await self._list(interaction.user.id),
            _(
                "I write when a rule is broken, a model is stopped, a vote opens or ends. If nothing "
                "arrives, allow direct messages from members of this server. `/subscribe off` ends it."
            ),
        ]
        await interaction.edit_original_response(content=fitted(lines))

    @app_commands.command(description="End these direct messages")
    @app_commands.describe(model="About which model; leave it out to end them all")
    @app_commands.autocomplete(model=choices.models)
    async def off(self, interaction: discord.Interaction[Any], model: str = "") -> None:
        """Unsubscribe."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        model_id = await choices.find_model(self.bot, model) if model else None
        await self.services.store.run(kept.unsubscribe, interaction.user.id, model_id)
        await interaction.edit_original_response(content=await self._list(interaction.user.id))

    async def _list(self, user_id: int) -> str:
        found = await self.services.store.read(kept.subscriptions_of, user_id)
        if not found:
            return _("You get no direct messages about models.")
        if any(one.model_id == kept.EVERY_MODEL for one in found):
            return _("You get direct messages about all models.")
        names = await self._names()
        listed = ", ".join(harmless(names.get(one.model_id, f"#{one.model_id}"), 60) for one in found)
        return _("You get direct messages about: {models}").format(models=listed)

    async def _names(self) -> dict[int, str]:
        listing = await self.bot.directory.look()
        return {number: model.name for number, model in listing.models.items()}

    async def watch(self) -> None:
        """Tell subscribers what happens, until cancelled."""
        await follow(self.services.indexer, lambda _: self.take_in(), "subscribers could not be told")

    async def take_in(self) -> int:
        """Promise messages about what is new; return how many.

        Raises:
            StoreError, ChainUnreachableError: call again.
        """
        if not await self.services.store.read(_news):
            return 0
        told = await self.services.store.run(self._promise, await self._names())
        if told:
            self.bot.notices.outbox.wake()
        return told

    def _promise(self, session: Session, names: Mapping[int, str]) -> int:
        place = queries.checkpoint(session, READER)
        if place is None:  # a new bot tells nobody what happened before it
            queries.set_checkpoint(session, READER, kept.newest_event(session), "")
            return 0
        events = queries.events_since(session, place.block_number, names=EVENTS)
        told = 0
        news = [event for event in events if event.block_time >= now() - NEWS]
        for model_id, together in _by_transaction(session, news).values():
            for user, tag in kept.subscribers_of(session, model_id).items():
                with spoken(best_of([tag])):
                    text = _text(names.get(model_id, f"#{model_id}"), together)
                    told += owe(session, user, _key(model_id, together), text, self._links(together))
        if events:
            queries.set_checkpoint(session, READER, events[-1].id or 0, "")
        return told

    def _links(self, events: Sequence[ChainEvent]) -> list[tuple[str, str]]:
        cases = [int(event.args["case_id"]) for event in events if event.args.get("case_id")]
        return [(_("The case and its vote"), self.services.ballot_url(case)) for case in cases[:1]]


def _news(session: Session) -> bool:
    place = queries.checkpoint(session, READER)
    return place is None or bool(queries.events_since(session, place.block_number, names=EVENTS, limit=1))


def _by_transaction(
    session: Session, events: Sequence[ChainEvent]
) -> dict[tuple[str, int], tuple[ModelId, list[ChainEvent]]]:
    found: dict[tuple[str, int], tuple[ModelId, list[ChainEvent]]] = {}
    for event in events:
        if event.name == "StateChanged" and State.of(event.args["current"]) not in _STATES:
            continue
        model_id = event.model_id
        if model_id is None:
            model_id = kept.model_of_case(session, int(event.args["case_id"]))
        if model_id is not None:
            _id, together = found.setdefault((event.tx_hash, model_id), (ModelId(model_id), []))
            together.append(event)
    return found


def _key(model_id: int, events: Sequence[ChainEvent]) -> str:
    """Return what a message is about, by what no reorg changes."""
    first = events[0]
    about = f"{first.args.get('case_id') or 0}/{first.args.get('epoch', 0)}/{first.args.get('current', '')}"
    return f"subscription/{model_id}/{first.name}/{about}"


def _text(name: str, events: Sequence[ChainEvent]) -> str:
    how = Telling(who=str, when=dated, cases={}, decimals=0)
    return fitted([f"**{harmless(name, 80)}**", *(tell(event, how) for event in events)])
