"""`/proposals` and `/proposal`: what is voted on, in both lanes. Read from the chain when asked."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from tribune.ballots.cases.view import CaseVote
from tribune.ballots.holders.view import list_calls
from tribune.ballots.slow_lane.proposals import list_proposals, read_proposal
from tribune.chain.enums import Outcome
from tribune.ids import CaseId
from tribune.language import _
from tribune_bot import choices
from tribune_bot.cogs.slow_lane import backtest_buttons, details_text
from tribune_bot.messages.case_message import case_message, headline
from tribune_bot.messages.facts import read_facts
from tribune_bot.messages.proposal_message import VOTING, afterwards
from tribune_bot.messages.proposal_message import headline as proposal_headline
from tribune_bot.views.buttons import link_button
from tribune_bot.words.text import dated, end_of_voting, fitted, harmless

if TYPE_CHECKING:
    from datetime import datetime

    from tribune.ballots.slow_lane.proposals import ProposalVote
    from tribune_bot.client import TribuneBot
    from tribune_bot.cogs.slow_lane import SlowLane

MOST = 25
"""Votes in one answer."""
RECENT = 5
"""Votes that have ended which are told too, of both lanes."""


class Proposals(commands.Cog):
    """Open votes, and each in detail."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot
        self.services = bot.services

    @app_commands.command(description="What is being voted on now")
    async def proposals(self, interaction: discord.Interaction[Any]) -> None:
        """List votes of both lanes, open ones first."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        now: list[str] = []
        for case_id in self.bot.docket.open[-MOST:]:
            facts = await read_facts(self.services, case_id)
            now.append(_line(_case(facts.vote), self.services.ballot_url(case_id), _then(facts.vote)))
        waiting, decided = await self._slow()
        lines = [*now, *waiting] or [_("Nothing is being voted on.")]
        if called := await list_calls(self.services.store, self.services.contracts):
            lines.append(_("**Votes that holders call for:**"))
            for call in called:
                until = _("**Until:** {when}").format(when=dated(call.deadline))
                lines.append(_line(harmless(call.question, 200), self.services.call_url(call.id), until))
        decided = sorted([*decided, *await self._closed()], reverse=True)
        if decided:
            lines += [_("**Decided before:**"), *(line for _at, line in decided[:RECENT])]
        await interaction.edit_original_response(content=fitted(lines))

    @app_commands.command(description="One vote in detail: what it decides, and how it stands")
    @app_commands.describe(proposal="Which one")
    async def proposal(self, interaction: discord.Interaction[Any], proposal: str) -> None:
        """Show a case's vote or a slow-lane proposal."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        meant = await choices.find_proposal(self.bot, proposal)
        if meant.lane == "p":
            slow: SlowLane = self.bot.get_cog("SlowLane")  # type: ignore[assignment]
            vote = await slow.find(str(meant.number))
            text, url = details_text(vote), self.services.proposal_url(meant.number)
            more = backtest_buttons(vote, self.services)
        else:
            facts = await read_facts(self.services, CaseId(meant.number))
            text, url = case_message(facts, None).content, self.services.ballot_url(meant.number)
            more = []
        view = discord.ui.View(timeout=None)
        for button in (link_button(_("Open its page"), url), *more):
            view.add_item(button)
        await interaction.edit_original_response(content=text, view=view)

    @proposal.autocomplete("proposal")
    async def _choices(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return await choices.proposals(interaction, typed)

    async def _closed(self) -> list[tuple[datetime, str]]:
        """Return when each of the newest decided cases came up, and a line of it."""
        cases = reversed((await self.bot.directory.look()).cases.values())
        closed = islice((CaseId(one.id) for one in cases if one.outcome is not Outcome.OPEN), RECENT)
        votes = [(await read_facts(self.services, case_id)).vote for case_id in closed]
        return [
            (vote.opened_at, _line(_case(vote), self.services.ballot_url(vote.case_id), "")) for vote in votes
        ]

    async def _slow(self) -> tuple[list[str], list[tuple[datetime, str]]]:
        """Return a line of each slow-lane proposal that goes on; of those that are over also their time."""
        services = self.services
        if not services.contracts.has_slow_lane:
            return [], []
        going: list[str] = []
        ended: list[tuple[datetime, str]] = []
        for proposed in reversed((await list_proposals(services.store, services.contracts))[-MOST:]):
            vote = await read_proposal(services.contracts, services.documents, proposed)
            line = _line(proposal_headline(vote), services.proposal_url(vote.number), _then(vote))
            if vote.over:
                ended.append((proposed.created_at, line))
            else:
                going.append(line)
        return going, ended


def _case(vote: CaseVote) -> str:
    return _("Case {id}: {title}").format(id=vote.case_id, title=headline(vote))


def _then(vote: CaseVote | ProposalVote) -> str:
    """Return what a vote that goes on waits for; nothing where that is not known."""
    if vote.state in VOTING and vote.deadline is not None:
        return end_of_voting(vote.deadline)
    return "" if isinstance(vote, CaseVote) else afterwards(vote)


def _line(text: str, url: str, then: str) -> str:
    return "\n".join(part for part in (f"**{text}**", then, f"<{url}>") if part)
