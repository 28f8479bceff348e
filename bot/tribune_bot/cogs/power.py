"""`/power`: what one's linked wallets can decide, now and in the open votes, and why that may be nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from tribune.ballots.cases.view import VoteState, read_case_vote, read_power
from tribune.ballots.power import Standing, read_standings, why_none, why_none_then
from tribune.ballots.slow_lane.proposals import find_proposal, list_proposals, read_proposal
from tribune.ids import Address, CaseId
from tribune.language import _, plural
from tribune.store import queries
from tribune.store.delegates import delegated_at
from tribune.store.wallets import public_owners
from tribune_bot import choices
from tribune_bot.messages.case_message import headline
from tribune_bot.views.buttons import link_button
from tribune_bot.words.text import fitted, moment, percent, wallet_name

if TYPE_CHECKING:
    from tribune.ballots.vote import Vote
    from tribune_bot.client import TribuneBot

MOST_VOTES = 5
"""Open votes for which power is told; `proposal` asks for another one."""
MOST_WALLETS = 10
_GOING = (VoteState.PENDING, VoteState.ACTIVE)


@dataclass(frozen=True)
class _Shown:
    """How wallets are shown, and when each was delegated last."""

    owners: dict[str, int]
    delegated: dict[str, datetime]

    def who(self, wallet: str) -> str:
        return wallet_name(wallet, self.owners.get(wallet))

    def since(self, wallet: str, snapshot: datetime) -> str | None:
        """Return when a wallet was delegated, where that was after votes were counted."""
        at = self.delegated.get(wallet)
        return moment(at, "f") if at is not None and at > snapshot else None


class Power(commands.Cog):
    """Voting power."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot
        self.services = bot.services

    @app_commands.command(description="Your voting power now and in the open votes, and why it may be 0")
    @app_commands.describe(proposal="One vote only")
    @app_commands.autocomplete(proposal=choices.proposals)
    async def power(self, interaction: discord.Interaction[Any], proposal: str = "") -> None:
        """Show the asker's power."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self.tell(interaction, [await self._vote(proposal)] if proposal else await self._open_votes())

    async def tell(self, interaction: discord.Interaction[Any], votes: list[tuple[str, Vote]]) -> None:
        """Answer with the asker's power now and in these votes, each with its title."""
        services = self.services
        wallets = await services.store.read(queries.wallets_of, interaction.user.id)
        if not wallets:
            text = _(
                "I do not know your wallet, and voting does not need that: each ballot's page shows your "
                "power.\nTo see it here, link a wallet with `/link`."
            )
            await interaction.edit_original_response(content=text)
            return
        mine = [Address(wallet) for wallet in wallets[:MOST_WALLETS]]
        standings = await read_standings(services.contracts, mine)
        others = [*wallets, *(one.delegate for one in standings)]
        shown = _Shown(
            await services.store.read(public_owners, others),
            await services.store.read(delegated_at, wallets),
        )
        lines = [_("**Now**, {when}:").format(when=moment(standings[0].at, "f"))]
        lines += [_now(one, shown) for one in standings]
        for title, vote in votes:
            lines += await self._then(title, vote, standings, shown)
        await interaction.edit_original_response(content=fitted(lines), view=self._help(standings))

    def _help(self, standings: list[Standing]) -> discord.ui.View | None:
        """Return the way to delegate, where tokens count for nobody."""
        if all(one.is_delegated or not one.balance for one in standings):
            return None
        view = discord.ui.View(timeout=None)
        view.add_item(link_button(_("Delegate them"), f"{self.services.public_url}/delegate"))
        return view

    async def _then(self, title: str, vote: Vote, standings: list[Standing], shown: _Shown) -> list[str]:
        if vote.snapshot is None or vote.state is VoteState.PENDING:
            return [_("**{vote}**\nVotes are not counted yet; what you hold then counts.").format(vote=title)]
        lines = [_("**{vote}**, counted {when}:").format(vote=title, when=moment(vote.snapshot, "f"))]
        for one in standings:
            power, voted = await read_power(self.services.contracts, one.wallet, vote)
            if power:
                told = _("{wallet}: {votes} ({share}).").format(
                    wallet=shown.who(one.wallet),
                    votes=_votes(vote.votes(power)),
                    share=percent(vote.tally.percent(power)),
                )
                lines.append(_("{told} It has voted.").format(told=told) if voted else told)
            else:
                late = shown.since(one.wallet, vote.snapshot)
                why = why_none_then(one, shown.who(one.delegate), late)
                lines.append(_("{wallet}: no votes. {why}").format(wallet=shown.who(one.wallet), why=why))
        return lines

    async def _vote(self, typed: str) -> tuple[str, Vote]:
        """Return the vote that somebody means, with its title."""
        services = self.services
        meant = await choices.find_proposal(self.bot, typed)
        if meant.lane == "b":
            case = await read_case_vote(services.contracts, services.documents, CaseId(meant.number))
            return headline(case), case
        found = await find_proposal(services.store, services.contracts, str(meant.number))
        slow = await read_proposal(services.contracts, services.documents, found)
        return _("Proposal {number}").format(number=meant.number), slow

    async def _open_votes(self) -> list[tuple[str, Vote]]:
        """Return the open votes of both lanes, newest first."""
        services = self.services
        found: list[tuple[str, Vote]] = []
        for case_id in self.bot.docket.open[: -MOST_VOTES - 1 : -1]:
            case = await read_case_vote(services.contracts, services.documents, case_id)
            if case.state in _GOING:
                found.append((headline(case), case))
        if services.contracts.has_slow_lane:
            proposed = await list_proposals(services.store, services.contracts)
            for one in proposed[: -MOST_VOTES - 1 : -1]:
                slow = await read_proposal(services.contracts, services.documents, one)
                if slow.state in _GOING:
                    found.append((_("Proposal {number}").format(number=slow.number), slow))
        return found[:MOST_VOTES]


def _now(one: Standing, shown: _Shown) -> str:
    wallet = shown.who(one.wallet)
    if not one.votes:
        why = why_none(one, shown.who(one.delegate))
        return _("{wallet}: no votes. {why}").format(wallet=wallet, why=why)
    told = _("{wallet}: {votes} ({share}).").format(
        wallet=wallet, votes=_votes(one.shown(one.votes)), share=percent(one.share)
    )
    if one.balance and not one.is_delegated:
        return f"{told} {why_none(one, '')}"
    if one.balance and one.delegate != one.wallet:
        return f"{told} {why_none(one, shown.who(one.delegate))}"
    return told


def _votes(amount: str) -> str:
    """Return an amount with its noun."""
    return plural("{n} vote", "{n} votes", 1 if amount == "1" else 2).format(n=amount)
