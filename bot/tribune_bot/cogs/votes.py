"""What a press of a case's buttons answers: the way to the ballot, how to recompute, one's own power.

Answers are private. Voting needs no linked wallet; linking only lets a person see its power here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord.ext import commands

from tribune.ballots.view import CaseVote, read_case_vote, read_power
from tribune.ids import Address, CaseId
from tribune.language import _
from tribune.store import queries
from tribune_bot.text import moment, percent
from tribune_bot.views.buttons import link_button

if TYPE_CHECKING:
    from tribune_bot.client import TribuneBot

_VOTING = ("pending", "active")


class Votes(commands.Cog):
    """Answers presses."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot
        self.services = bot.services

    async def vote(self, interaction: discord.Interaction[Any], case_id: int) -> None:
        """Answer with the ballot of a case."""
        vote = await self._read(case_id)
        url = self.services.ballot_url(case_id)
        if vote.state not in _VOTING or vote.outcome != "open":
            text = "This vote has ended. The page shows how it went."
            label = "See how it went"
        else:
            ends = f" It ends {moment(vote.deadline)}." if vote.deadline is not None else ""
            text = (
                f"Here is your ballot. Your wallet signs a message, not a payment; it costs nothing.{ends}\n"
                "On a phone, the page offers to open in your wallet's app."
            )
            label = "Open the ballot"
        await _answer(interaction, f"{text}\n<{url}>", link_button(label, url))

    async def check(self, interaction: discord.Interaction[Any], case_id: int) -> None:
        """Answer with the command that recomputes a case's report."""
        vote = await self._read(case_id)
        if vote.evidence is None:
            await _answer(interaction, "This case cites no document that could be recomputed.")
            return
        url = self.services.evidence_url(vote.evidence)
        if vote.kind != "breach":
            text = _(
                "People wrote this document. Its name is its SHA-256, so that nobody can change it "
                "unnoticed:\n```\n{name}\n```"
            ).format(name=vote.evidence)
        else:
            text = (
                "With the model's sealed log, anyone gets the same numbers to the last digit, or finds the "
                f"first that differs:\n```\ntribune verify report {vote.evidence}\n```"
            )
        await _answer(interaction, text, link_button("The document", url))

    async def power(self, interaction: discord.Interaction[Any], case_id: int) -> None:
        """Answer with the presser's voting power on a case."""
        vote = await self._read(case_id)
        wallets = await self.services.store.read(queries.wallets_of, interaction.user.id)
        if not wallets:
            await _answer(
                interaction,
                "I do not know your wallet, and voting does not need it: the ballot page shows your power.\n"
                "To see it here, link a wallet with `/link`.",
                link_button("Open the ballot", self.services.ballot_url(case_id)),
            )
            return
        await _answer(interaction, "\n".join([await self._power_line(vote, Address(w)) for w in wallets]))

    async def _power_line(self, vote: CaseVote, wallet: Address) -> str:
        votes, voted = await read_power(self.services.contracts, wallet, vote)
        name = f"`{wallet[:6]}…{wallet[-4:]}`"
        counted = f", counted {moment(vote.snapshot, 'f')}" if vote.snapshot is not None else ""
        if votes:
            share = percent(vote.tally.percent(votes))
            done = " You have voted." if voted else ""
            return f"{name}: {vote.votes(votes)} votes ({share}){counted}.{done}"
        token = self.services.tribune.token
        if await token.balance(wallet) and int(await token.delegate_of(wallet), 16) == 0:
            return (
                f"{name}: no votes{counted}. It holds tokens, but they count only once they are delegated, "
                "to yourself or to somebody you trust; that counts from the next vote on."
            )
        return f"{name}: no votes{counted}. Votes bought or delegated after that time do not count."

    async def _read(self, case_id: int) -> CaseVote:
        return await read_case_vote(self.services.contracts, self.services.documents, CaseId(case_id))


async def _answer(
    interaction: discord.Interaction[Any], text: str, button: discord.ui.Button[Any] | None = None
) -> None:
    view: discord.ui.View = discord.utils.MISSING
    if button is not None:
        view = discord.ui.View(timeout=None)
        view.add_item(button)
    await interaction.edit_original_response(
        content=text, view=view, allowed_mentions=discord.AllowedMentions.none()
    )
