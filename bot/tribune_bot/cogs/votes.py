"""`/vote`, and what a press of a case's buttons answers: the ballot, how to recompute, one's own power.

Answers are private. Voting needs no linked wallet; linking only lets a person see its power here.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from tribune.ballots.cases.view import CaseVote, read_case_vote
from tribune.ids import CaseId
from tribune.language import Language, _, language
from tribune_bot import choices
from tribune_bot.messages.case_message import headline
from tribune_bot.views.ballot_modal import ElsewhereButton, Kind
from tribune_bot.views.buttons import link_button
from tribune_bot.words.text import end_of_voting

if TYPE_CHECKING:
    from tribune_bot.client import TribuneBot
    from tribune_bot.cogs.power import Power
    from tribune_bot.cogs.slow_lane import SlowLane

_VOTING = ("pending", "active")


class Votes(commands.Cog):
    """Answers presses."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot
        self.services = bot.services
        self._reading: dict[tuple[int, Language], asyncio.Task[CaseVote]] = {}

    @app_commands.command(name="vote", description="Get your ballot on an open vote")
    @app_commands.describe(proposal="Which one")
    @app_commands.autocomplete(proposal=choices.proposals)
    async def vote_command(self, interaction: discord.Interaction[Any], proposal: str) -> None:
        """Answer with the ballot of a case or of a proposal."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        meant = await choices.find_proposal(self.bot, proposal)
        if meant.lane == "p":
            slow: SlowLane = self.bot.get_cog("SlowLane")  # type: ignore[assignment]
            await slow.vote(interaction, meant.number)
        else:
            await self.vote(interaction, meant.number)

    async def vote(self, interaction: discord.Interaction[Any], case_id: int) -> None:
        """Answer with the ballot of a case."""
        vote = await self._read(case_id)
        url = self.services.ballot_url(case_id)
        buttons: list[discord.ui.Item[Any]] = []
        if vote.state not in _VOTING or not vote.is_open:
            text = _("This vote has ended. The page shows how it went.")
            label = _("See how it went")
        else:
            text = _(
                "Here is your ballot. Your wallet signs a message, not a payment; it costs nothing.\n"
                "On a phone, the page offers to open in your wallet's app."
            )
            if vote.deadline is not None:
                text += "\n" + end_of_voting(vote.deadline)
            label = _("Open the ballot")
            buttons.append(ElsewhereButton(Kind.CASE, case_id))
        await _answer(interaction, f"{text}\n<{url}>", link_button(label, url), *buttons)

    async def check(self, interaction: discord.Interaction[Any], case_id: int) -> None:
        """Answer with the command that recomputes a case's report."""
        vote = await self._read(case_id)
        if vote.evidence is None:
            await _answer(interaction, _("This case cites no document that could be recomputed."))
            return
        url = self.services.evidence_url(vote.evidence)
        if vote.kind != "breach":
            text = _(
                "People wrote this document. Its name is its SHA-256, so that nobody can change it "
                "unnoticed:\n```\n{name}\n```"
            ).format(name=vote.evidence)
        else:
            text = _(
                "With the model's sealed log, anyone gets the same numbers to the last digit, or finds the "
                "first that differs:\n```\ntribune verify report {name}\n```"
            ).format(name=vote.evidence)
        await _answer(interaction, text, link_button(_("The document"), url))

    async def power(self, interaction: discord.Interaction[Any], case_id: int) -> None:
        """Answer with the presser's voting power now and on a case."""
        vote = await self._read(case_id)
        power: Power = self.bot.get_cog("Power")  # type: ignore[assignment]
        await power.tell(interaction, [(headline(vote), vote)])

    async def _read(self, case_id: int) -> CaseVote:
        """Return a case's vote; presses that come while it is read are answered by one reading."""
        key = case_id, language()
        reading = self._reading.get(key)
        if reading is None:
            work = read_case_vote(self.services.contracts, self.services.documents, CaseId(case_id))
            reading = self._reading[key] = asyncio.create_task(work)
            reading.add_done_callback(lambda _done: self._reading.pop(key, None))
        return await asyncio.shield(reading)


async def _answer(interaction: discord.Interaction[Any], text: str, *buttons: discord.ui.Item[Any]) -> None:
    view: discord.ui.View = discord.utils.MISSING
    if buttons:
        view = discord.ui.View(timeout=None)
        for button in buttons:
            view.add_item(button)
    await interaction.edit_original_response(
        content=text, view=view, allowed_mentions=discord.AllowedMentions.none()
    )
