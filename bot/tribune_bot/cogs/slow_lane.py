"""Slow-lane proposals, from the chain to the channel, and on to their execution.

One message a proposal, brought up to date from what the chain says now. Queues and executes what is due,
which anyone may; each call is simulated first, and what somebody else has done already counts as done. It
keeps no place among events: what is to be posted follows from the index, and the board posts nothing twice.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import discord
from discord.ext import commands

from tribune.ballots.slow_lane.proposals import (
    ProposalVote,
    Proposed,
    UnknownProposalError,
    due,
    find_proposal,
    list_proposals,
    read_proposal,
)
from tribune.ballots.told import sentence
from tribune.exceptions import RevertedError, TribuneError
from tribune.language import _
from tribune.log import get_logger
from tribune.store.tables import now
from tribune_bot.errors import DiscordUnreachableError
from tribune_bot.following import follow
from tribune_bot.messages.proposal_message import (
    VOTING,
    headline,
    proposal_message,
    so_far,
    subject_of,
    what_it_does,
)
from tribune_bot.messages.reminders import begun, reminder, reminder_times
from tribune_bot.posting.board import CLOCK_SKEW
from tribune_bot.posting.threads import News
from tribune_bot.views.ballot_modal import ElsewhereButton, Kind
from tribune_bot.views.buttons import link_button
from tribune_bot.words.text import end_of_voting, fitted, harmless

if TYPE_CHECKING:
    from tribune_bot.client import TribuneBot
    from tribune_bot.services import Services

RETRY_S = 2.0
FAILED_S = 60.0
"""Pause before a call is tried again that the contract refused."""
NEWEST = 200
"""Proposals that are looked at; older ones have long ended."""
NEWS = timedelta(days=7)
"""A proposal that has ended and is older than this is history: a new bot does not post it."""
_MOST_LINES = 40


class SlowLane(commands.Cog):
    """Watches proposals."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot
        self.services = bot.services
        self._open: dict[int, datetime | None] = {}
        """Proposals that may still change, with the next time at which they do so by themselves."""
        self._settled: dict[int, Proposed] = {}
        self._reorgs = 0
        self._due: asyncio.Queue[Proposed] = asyncio.Queue()
        self._carrying: set[int] = set()
        self._failed: dict[int, RevertedError] = {}

    async def cog_load(self) -> None:
        """Register the jobs."""
        self.bot.add_job("watch proposals", self.watch)
        self.bot.add_job("carry out proposals", self.carry_out)

    async def watch(self) -> None:
        """Keep the messages of proposals up to date, until cancelled."""
        if not self.services.contracts.has_slow_lane:
            return
        await follow(
            self.services.indexer,
            lambda changed: self.refresh(everything=changed),
            "proposals could not be followed",
        )

    async def refresh(self, *, everything: bool) -> None:
        """Bring messages up to date: all that may change, or those whose time has come.

        Raises:
            StoreError, ChainUnreachableError, DiscordUnreachableError: call again.
        """
        head = self.services.indexer.head
        some_due = any(at is not None and head is not None and at <= head.time for at in self._open.values())
        if head is None or not (everything or some_due):
            return
        if self._reorgs != self.services.indexer.reorgs:  # which may have taken back what ended a proposal
            self._reorgs = self.services.indexer.reorgs
            self._settled.clear()
        faults: list[DiscordUnreachableError] = []
        for proposed in (await list_proposals(self.services.store, self.services.contracts))[-NEWEST:]:
            if self._settled.get(proposed.number) == proposed:
                continue
            at = self._open.get(proposed.number)
            if everything or proposed.number not in self._open or (at is not None and at <= head.time):
                try:
                    await self.show(proposed)
                except UnknownProposalError:  # taken back by a reorg; its event brings it back
                    self._open.pop(proposed.number, None)
                except DiscordUnreachableError as fault:  # it holds up no other
                    faults.append(fault)
        if faults:
            raise faults[0]

    async def show(self, proposed: Proposed) -> ProposalVote:
        """Bring the message of a proposal up to date, and ask for what is due."""
        async with self.bot.servers.speaking():
            return await self._show(proposed)

    async def _show(self, proposed: Proposed) -> ProposalVote:
        services = self.services
        vote = await read_proposal(services.contracts, services.documents, proposed)
        number = proposed.number
        if due(vote, services.contracts) is not None and number not in self._carrying:
            self._carrying.add(number)  # before its message: what is due waits for no post
            self._due.put_nowait(proposed)
        old = vote.over and vote.read_at - proposed.created_at > NEWS
        failed = self._failed.get(number)
        failure = "" if failed is None else sentence(failed)
        shown = proposal_message(vote, services.proposal_url(number), failure)
        await self.bot.board.show(subject_of(number), shown, post=not old)
        quiet_until = (await self.bot.servers.now()).quiet_until(now())
        if not old:
            news = news_of(vote, services.proposal_url(number), quiet_until)
            name = _("Proposal {number}").format(number=number)
            await self.bot.threads.tell(subject_of(number), name, news)
        if vote.over:
            self._settled[number] = proposed
            self._open.pop(number, None)
            self._failed.pop(number, None)
        else:
            self._open[number] = _next_change(vote, quiet_until)
        return vote

    async def carry_out(self) -> None:
        """Queue and execute what is due, until cancelled."""
        while True:
            proposed = await self._due.get()
            pause = RETRY_S
            try:
                pause = FAILED_S if not await self.carry_on(proposed) else 0.0
            except TribuneError as fault:
                get_logger(__name__).warning(
                    "a proposal could not be carried on", number=proposed.number, error=str(fault)
                )
            self._look_again(proposed.number)
            asyncio.get_running_loop().call_later(pause, self._may_carry, proposed.number)

    def _may_carry(self, number: int) -> None:
        self._carrying.discard(number)
        self._look_again(number)

    def _look_again(self, number: int) -> None:
        if number in self._open:
            self._open[number] = datetime.min.replace(tzinfo=UTC)

    async def carry_on(self, proposed: Proposed) -> bool:
        """Do what is due on a proposal; return False where the contract refuses it.

        Raises:
            ChainError: the chain could not be read or written; call again.
        """
        services = self.services
        vote = await read_proposal(services.contracts, services.documents, proposed)
        call = due(vote, services.contracts)
        if call is None:
            return True  # somebody else was quicker
        try:
            receipt = await services.sender.send(call)
        except RevertedError as fault:
            again = await read_proposal(services.contracts, services.documents, proposed)
            if again.state is not vote.state:
                return True  # somebody else was quicker
            self._failed[proposed.number] = fault
            get_logger(__name__).warning(call.description, number=proposed.number, error=str(fault))
            return False
        self._failed.pop(proposed.number, None)
        get_logger(__name__).info(call.description, number=proposed.number, block=receipt.block_number)
        return True

    async def vote(self, interaction: discord.Interaction[Any], name: int) -> None:
        """Answer a press of Vote with the ballot's page; `name` is the proposal's id or number."""
        vote = await self.find(str(name))
        url = self.services.proposal_url(vote.number)
        if vote.state not in VOTING:
            text, label = _("This vote has ended. The page shows how it went."), _("See how it went")
        else:
            text = _(
                "Here is your ballot. Your wallet signs a message, not a payment; it costs nothing.\n"
                "On a phone, the page offers to open in your wallet's app."
            )
            if vote.deadline is not None:
                text += "\n" + end_of_voting(vote.deadline)
            label = _("Open the ballot")
        view = discord.ui.View(timeout=None)
        view.add_item(link_button(label, url))
        if vote.state in VOTING:
            view.add_item(ElsewhereButton(Kind.PROPOSAL, vote.proposal_id))
        await interaction.edit_original_response(content=f"{text}\n<{url}>", view=view)

    async def details(self, interaction: discord.Interaction[Any], name: int) -> None:
        """Answer with all that a proposal would do; `name` is its id or number."""
        vote = await self.find(str(name))
        view = discord.ui.View(timeout=None)
        view.add_item(link_button(_("Read it whole"), self.services.proposal_url(vote.number)))
        for button in backtest_buttons(vote, self.services):
            view.add_item(button)
        await interaction.edit_original_response(content=details_text(vote), view=view)

    async def find(self, name: str) -> ProposalVote:
        """Return the proposal that a number or id means, as it stands now.

        Raises:
            UnknownProposalError, NoSlowLaneError: there is none.
            ChainUnreachableError, StoreError: it could not be looked up.
        """
        services = self.services
        proposed = await find_proposal(services.store, services.contracts, name)
        return await read_proposal(services.contracts, services.documents, proposed)


def backtest_buttons(vote: ProposalVote, services: Services) -> list[discord.ui.Button[Any]]:
    """Return the button to what a policy would have done in the past, where its proposal names that."""
    name = vote.proposed.backtest
    if name is None:
        return []
    label = _("See its backtest: what these rules would have done in the past")
    return [link_button(label, f"{services.evidence_url(name)}/view")]


def details_text(vote: ProposalVote) -> str:
    """Return all that can be said of a proposal in one message."""
    lines = [f"**{headline(vote)}**", _("**What it does**, read from its calls:")]
    lines += what_it_does(vote, most=_MOST_LINES)
    if told := so_far(vote):
        lines.append(_("**So far:** {text}").format(text=told))
    if vote.backtest_fits is not None:
        lines.append(
            _("✓ Its backtest is of exactly these rules.")
            if vote.backtest_fits
            else _("⚠ The backtest that it names is of other rules.")
        )
    lines.append(
        _("**Its proposer** `{address}` writes (not checked):").format(address=vote.proposed.proposer)
    )
    lines.append(harmless(vote.claim, 600, lines=6) or _("nothing"))
    return fitted(lines)


def news_of(vote: ProposalVote, url: str, quiet_until: datetime | None) -> list[News]:
    """Return what there is to say in a proposal's thread now; arguments as for `reminder`."""
    if vote.state in VOTING:
        links = ((_("Open the ballot"), url),)
        return [*begun(vote, links), *reminder(vote, so_far(vote), links, quiet_until)]
    links = ((_("See how it went"), url),)
    return [News(f"{vote.state}/{vote.proposal_id}", f"**{headline(vote)}**", links)]


def _next_change(vote: ProposalVote, quiet_until: datetime | None) -> datetime | None:
    """Return the next time at which a proposal changes though nothing happens on the chain."""
    times = [vote.snapshot, vote.deadline, vote.eta, *(reminder_times(vote) or ())]
    if quiet_until is not None:  # by our clock, which may be behind the chain's
        times.append(max(quiet_until, vote.read_at + CLOCK_SKEW))
    return min((time for time in times if time is not None and time >= vote.read_at), default=None)
