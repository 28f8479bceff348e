"""The message of a case: what happened, how sure, until when, what the vote is and how it stands.

Pure: from facts of one moment to text and buttons. Every figure is the chain's or the evidence's; times are
Discord timestamps, so that each reader sees a countdown in its own zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import discord

from tribune.reports.oversight import independence
from tribune_bot.board import Shown
from tribune_bot.server import Alert
from tribune_bot.text import fitted, harmless, moment, percent
from tribune_bot.views.buttons import CheckButton, PowerButton, VoteButton, evidence_button

if TYPE_CHECKING:
    from tribune.ballots.view import CaseVote

_HEADLINE, _SENTENCE, _CONCLUSION = 300, 500, 900  # characters; together well under a message's 2000
_VOTING = ("pending", "active")


@dataclass(frozen=True)
class Agreement:
    """What the panel said of the frame.

    Args:
        panel: monitors of the panel.
        reported: those that reported.
        agreeing: the most that agree.
    """

    panel: int
    reported: int
    agreeing: int


@dataclass(frozen=True)
class CaseFacts:
    """A case at one moment: its vote, and who measured it (None: nobody, or it could not be read)."""

    vote: CaseVote
    agreement: Agreement | None = None


def subject_of(case_id: int) -> str:
    """Return the board's subject of a case."""
    return f"case/{case_id}"


def case_message(facts: CaseFacts, evidence_url: str | None) -> Shown:
    """Return what the message of a case shows."""
    vote = facts.vote
    lines = [f"**{headline(vote)}**"]
    longest, most = (_CONCLUSION, 6) if vote.resuming else (_SENTENCE, 1)
    lines.append(harmless(vote.words.sentence, longest, lines=most))
    for name, text in (
        ("How sure", _sure(facts)),
        ("Stopped until", _until(vote)),
        ("Your vote", _vote(vote)),
        ("So far", _so_far(vote)),
        ("If nobody votes", _otherwise(vote)),
    ):
        if text:
            lines.append(f"**{name}:** {text}")
    return Shown(
        fitted([line for line in lines if line]),
        CheckButton.id_of(vote.case_id),
        _buttons(vote, evidence_url),
        _alert(vote),
    )


def _alert(vote: CaseVote) -> Alert | None:
    if vote.outcome != "open":
        return None
    return Alert.VOTE if vote.suspended_until is None else Alert.TRIP


def headline(vote: CaseVote) -> str:
    """Return the first line: what holds now."""
    name = f"{harmless(vote.model.name, 80)} v{vote.model.version}"
    clause = harmless(vote.words.clause, 160)
    state = vote.model.state
    if vote.outcome == "upheld" and vote.resuming:
        return (
            f"{name} is {state.upper()} again: the vote to resume passed"
            if state == "Active"
            else f"{name}: the vote to resume passed; now it is {state.upper()}"
        )
    if vote.outcome == "upheld":
        if state == "Paused":
            return f"{name} is PAUSED until a vote says otherwise: {clause}"
        return f"{name} was PAUSED by vote: {clause}. Now the model is {state.upper()}"
    if vote.outcome == "rejected":
        what = "resuming it" if vote.resuming else "stopping it"
        return f"{name}: holders voted against {what}; it is {state.upper()}"
    if vote.outcome == "lapsed":
        return f"{name}: the vote ended without a decision; it is {state.upper()}"
    if vote.suspended_until is not None and state == "Active":
        return f"{name} answers again, its suspension ran out: {clause}"
    return harmless(vote.words.headline, _HEADLINE)


def _sure(facts: CaseFacts) -> str:
    parts = []
    if facts.vote.words.rows is not None:
        parts.append(f"{facts.vote.words.rows:,} decisions")
    found = facts.agreement
    if found is not None and facts.vote.kind == "stale" and not found.reported:
        parts.append(f"none of its {found.panel} monitors has reported")
    elif found is not None and found.agreeing:
        told = f"{found.agreeing} of {found.panel} monitors got exactly the same result"
        others, silent = found.reported - found.agreeing, found.panel - found.reported
        if others:
            told += f", {others} got another one"
        if silent:
            told += f", {silent} {'has' if silent == 1 else 'have'} not reported"
        parts.append(told)
    if facts.vote.panel is not None and (alone := independence(facts.vote.panel)):
        parts.append(alone)
    return "; ".join(parts)


def _until(vote: CaseVote) -> str:
    if vote.suspended_until is None or vote.model.state != "Suspended":
        return ""
    return f"{moment(vote.suspended_until)} at the latest"


def _vote(vote: CaseVote) -> str:
    if vote.outcome != "open":
        return ""
    if vote.state == "not_opened":
        return f"is being opened; anyone can open it until {moment(vote.open_until, 't')}"
    if vote.resuming:
        question = "let it answer again?"
    else:
        question = "keep it stopped?" if vote.suspended_until is not None else "stop it?"
    if vote.state in _VOTING and vote.deadline is not None:
        return f"{question} Ends {moment(vote.deadline)}"
    if vote.state == "succeeded":
        return f"{question} It passed and is being carried out"
    return f"{question} It has ended and is being recorded"


def _so_far(vote: CaseVote) -> str:
    if vote.state == "not_opened":
        return ""
    tally = vote.tally
    told = (
        f"{percent(tally.percent(tally.taking_part))} of all power voted"
        f" · needs {percent(tally.percent(tally.quorum))}"
    )
    if tally.super_quorum is not None and vote.state in _VOTING:
        told += f" ({percent(tally.percent(tally.super_quorum))} for ends it at once)"
    told += f" · {percent(tally.percent(tally.for_))} for, {percent(tally.percent(tally.against))} against"
    if tally.abstain:
        told += f", {percent(tally.percent(tally.abstain))} abstain"
    return told


def _otherwise(vote: CaseVote) -> str:
    if vote.outcome != "open" or vote.state not in (*_VOTING, "not_opened"):
        return ""
    if vote.resuming:
        return "it stays stopped"
    if vote.suspended_until is not None and vote.model.state == "Suspended":
        return f"it starts answering again {moment(vote.suspended_until, 't')}"
    return "it goes on answering" if vote.model.state == "Active" else ""


def _buttons(vote: CaseVote, evidence_url: str | None) -> tuple[discord.ui.Item[Any], ...]:
    voting = vote.outcome == "open" and vote.state in _VOTING
    buttons: list[discord.ui.Item[Any]] = [VoteButton(vote.case_id)] if voting else []
    if evidence_url is not None:
        buttons.append(evidence_button(evidence_url, conclusion=vote.resuming))
    buttons.append(CheckButton(vote.case_id))
    if voting:
        buttons.append(PowerButton(vote.case_id))
    return tuple(buttons)
