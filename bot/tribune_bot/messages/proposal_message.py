"""The message of a slow-lane proposal: what it does, how its vote stands, when it is carried out.

Pure: from one reading to text and buttons. What it does is told from its calls; what its proposer wrote
stands beside it as a claim. Times are Discord timestamps.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

import discord

from tribune.ballots.cases.view import VoteState
from tribune.ballots.spans import span
from tribune.language import _, number
from tribune_bot.posting.board import Shown
from tribune_bot.server import Alert
from tribune_bot.views.buttons import link_button
from tribune_bot.views.proposal_buttons import DetailsButton, ProposalVoteButton
from tribune_bot.words.text import dated, end_of_voting, fitted, harmless, moment, percent

if TYPE_CHECKING:
    from tribune.ballots.slow_lane.decided import CallWords
    from tribune.ballots.slow_lane.proposals import ProposalVote

VOTING = (VoteState.PENDING, VoteState.ACTIVE)
_TITLE, _LINE, _CLAIM, _CALL = 200, 300, 200, 400  # characters
_ROOM = 1_000
"""Characters of words, in the message: others' long names must push nothing out of it unsaid."""
_LINES = 8
"""Lines of words in the channel; the page has them all."""


def subject_of(number_: int) -> str:
    """Return the board's subject of a proposal."""
    return f"proposal/{number_}"


def proposal_message(vote: ProposalVote, url: str, failure: str = "") -> Shown:
    """Return what the message of a proposal shows.

    Args:
        vote: how it stands.
        url: its page.
        failure: why it could not be carried on; empty where nothing failed.
    """
    lines = [f"**{headline(vote)}**", *what_it_does(vote, most=_LINES), _claim(vote)]
    for name, text in (
        (_("Your vote"), _ends(vote)),
        (_("So far"), so_far(vote)),
        (_("If it passes"), afterwards(vote)),
        (_("It could not be carried on"), harmless(failure, _LINE)),
    ):
        if text:
            lines.append(f"**{name}:** {text}")
    buttons: list[discord.ui.Item[Any]] = []
    if vote.state in VOTING:
        buttons.append(ProposalVoteButton(vote.proposal_id))
    buttons += [DetailsButton(vote.proposal_id), link_button(_("Read it whole"), url)]
    alert = Alert.VOTE if vote.state in VOTING else None
    text = fitted([line for line in lines if line])
    return Shown(text, DetailsButton.id_of(vote.proposal_id), tuple(buttons), alert)


def headline(vote: ProposalVote) -> str:
    """Return the first line: what holds now."""
    texts = {
        VoteState.PENDING: _("Proposal {number}: {title}"),
        VoteState.ACTIVE: _("Proposal {number}: {title}"),
        VoteState.SUCCEEDED: _("Proposal {number} has PASSED: {title}"),
        VoteState.QUEUED: _("Proposal {number} has PASSED and waits: {title}"),
        VoteState.EXECUTED: _("Proposal {number} has PASSED and is in force: {title}"),
        VoteState.DEFEATED: _("Proposal {number} was NOT accepted: {title}"),
        VoteState.CANCELED: _("Proposal {number} was withdrawn: {title}"),
        VoteState.EXPIRED: _("Proposal {number} passed and was not carried out in time: {title}"),
    }
    return texts[vote.state].format(number=vote.number, title=harmless(vote.title, _TITLE))


def what_it_does(vote: ProposalVote, *, most: int) -> list[str]:
    """Return what would run, in words, first what these do not say; what goes too far is counted."""
    if vote.misleads:
        return [
            _("⚠ What our index holds of it is not what its id stands for. Do not sign; tell the operators.")
        ]
    lines = [line for call in sorted(vote.calls, key=lambda one: one.known) for line in call_lines(call)]
    fit = sum(length <= _ROOM for length in accumulate(len(line) + 1 for line in lines))
    if len(lines) > min(most, fit):
        kept = min(most - 1, fit)
        rest = _("… and {n} more lines on its page").format(n=number(len(lines) - kept))
        lines = [*lines[:kept], rest]
    return lines


def so_far(vote: ProposalVote) -> str:
    """Return votes and quorum in a line; empty before voting."""
    if vote.state is VoteState.PENDING:
        return ""
    tally = vote.tally
    told = _(
        "{voted} of all power voted · needs {quorum} for or abstaining · {for_} for, {against} against"
    ).format(
        voted=percent(tally.percent(tally.taking_part)),
        quorum=percent(tally.percent(tally.quorum)),
        for_=percent(tally.percent(tally.for_)),
        against=percent(tally.percent(tally.against)),
    )
    if tally.abstain:
        told += _(", {share} abstain").format(share=percent(tally.percent(tally.abstain)))
    return told


def call_lines(call: CallWords) -> list[str]:
    """Return what a call does, a line each, and a flag where the words do not say all."""
    lines = [f"• {harmless(line, _LINE)}" for line in call.lines]
    if not call.known:
        lines.append(
            _("**✗ We cannot say in words all that this does:** {call}").format(
                call=harmless(call.text, _CALL)
            )
        )
    return lines


def _claim(vote: ProposalVote) -> str:
    text = harmless(vote.claim, _CLAIM)
    return _("Its proposer writes (not checked): “{text}”").format(text=text) if text else ""


def _ends(vote: ProposalVote) -> str:
    if vote.state is VoteState.PENDING and vote.snapshot is not None:
        return _("Beginning: {when}; votes held then count").format(when=moment(vote.snapshot))
    if vote.state is VoteState.ACTIVE and vote.deadline is not None:
        return end_of_voting(vote.deadline)
    return ""


def afterwards(vote: ProposalVote) -> str:
    """Return what follows once it has passed; empty where nothing does."""
    if vote.state in VOTING:
        return _("it waits {time}, then anyone can carry it out").format(time=span(vote.delay_s))
    if vote.state is VoteState.SUCCEEDED:
        return _("it is being put into the timelock, where it waits {time}").format(time=span(vote.delay_s))
    if vote.state is VoteState.QUEUED and vote.eta is not None:
        return _("it can be carried out from {when} on").format(when=dated(vote.eta))
    return ""
