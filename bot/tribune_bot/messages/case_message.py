"""The message of a case: what happened, how sure, until when, what the vote is and how it stands.

Pure: from facts of one moment to text and buttons. Every figure is the chain's or the evidence's; times are
Discord timestamps, so that each reader sees a countdown in its own zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import discord

from tribune.ballots.cases.result import overtaken_words
from tribune.chain.enums import State, Support
from tribune.language import _, number, plural
from tribune.reports.oversight import independence
from tribune_bot.posting.board import Shown
from tribune_bot.server import Alert
from tribune_bot.views.buttons import CheckButton, PowerButton, VoteButton, evidence_button, link_button
from tribune_bot.words.standing import state_word
from tribune_bot.words.text import dated, end_of_voting, fitted, harmless, moment, percent, wallet_name

if TYPE_CHECKING:
    from tribune.ballots.cases.view import CaseVote
    from tribune.ballots.histories.incident import Ballot, Ending

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
    """A case at one moment: its vote, who measured it, and how it ended.

    None: nobody did, it has not ended, or that could not be read.
    """

    vote: CaseVote
    agreement: Agreement | None = None
    ending: Ending | None = None


def subject_of(case_id: int) -> str:
    """Return the board's subject of a case."""
    return f"case/{case_id}"


def case_message(facts: CaseFacts, evidence_url: str | None, incident_url: str | None = None) -> Shown:
    """Return what the message of a case shows.

    Args:
        facts: the case as it stands.
        evidence_url: address of its document, None where it has none.
        incident_url: address of its timeline, None to leave it out.
    """
    vote = facts.vote
    lines = [f"**{headline(vote)}**"]
    longest, most = (_CONCLUSION, 6) if vote.resuming else (_SENTENCE, 1)
    lines.append(harmless(vote.words.sentence, longest, lines=most))
    if told := _sure(facts):
        lines.append(_("**How sure:** {text}").format(text=told))
    if vote.overtaken:
        lines.append(_("**Your vote:** {text}").format(text=overtaken_words()))
    else:
        lines += _closing(facts) if vote.outcome != "open" else _asking(vote)
    return Shown(
        fitted([line for line in lines if line]),
        CheckButton.id_of(vote.case_id),
        _buttons(vote, evidence_url, incident_url),
        _alert(vote),
    )


def withdrawn(case_id: int) -> Shown:
    """Return what is shown of a case that a reorganisation of the chain took away."""
    text = _(
        "**Case {case} is not on the chain any more**\n"
        "The chain replaced the blocks that it was in. If it comes back, this message tells it again."
    ).format(case=case_id)
    return Shown(text, CheckButton.id_of(case_id))


def _alert(vote: CaseVote) -> Alert | None:
    if not vote.is_open:
        return None
    return Alert.VOTE if vote.suspended_until is None else Alert.TRIP


def headline(vote: CaseVote) -> str:
    """Return the first line: what holds now."""
    name = f"{harmless(vote.model.name, 80)} v{vote.model.version}"
    clause = harmless(vote.words.clause, 160)
    state, word = vote.model.state, state_word(vote.model.state)
    if vote.overtaken:
        return _("{name} is {state}: another vote has decided on it since").format(name=name, state=word)
    if vote.outcome == "open":
        if vote.suspended_until is not None and state is State.ACTIVE:
            return _("{name} answers again, its suspension ran out: {why}").format(name=name, why=clause)
        return harmless(vote.words.headline, _HEADLINE)
    if vote.outcome == "upheld" and vote.resuming:
        text = (
            _("{name} is {state} again: the vote to resume passed")
            if state is State.ACTIVE
            else _("{name}: the vote to resume passed; now it is {state}")
        )
    elif vote.outcome == "upheld":
        text = (
            _("{name} is {state} until a vote says otherwise: {why}")
            if state is State.PAUSED
            else _("{name} was PAUSED by vote: {why}. Now the model is {state}")
        )
    elif vote.outcome == "rejected":
        text = (
            _("{name}: holders voted against resuming it; it is {state}")
            if vote.resuming
            else _("{name}: holders voted against stopping it; it is {state}")
        )
    else:
        text = _("{name}: the vote ended without a decision; it is {state}")
    return text.format(name=name, state=word, why=clause)


def _sure(facts: CaseFacts) -> str:
    parts = []
    rows = facts.vote.words.rows
    if rows is not None:
        parts.append(plural("{n} decision", "{n} decisions", rows).format(n=number(rows)))
    found = facts.agreement
    if found is not None and facts.vote.kind == "stale" and not found.reported:
        parts.append(_("none of its {n} monitors has reported").format(n=number(found.panel)))
    elif found is not None and found.agreeing:
        told = [
            _("{n} of {panel} monitors got exactly the same result").format(
                n=number(found.agreeing), panel=number(found.panel)
            )
        ]
        others, silent = found.reported - found.agreeing, found.panel - found.reported
        if others:
            told.append(_("{n} got another one").format(n=number(others)))
        if silent:
            words = plural("{n} has not reported", "{n} have not reported", silent)
            told.append(words.format(n=number(silent)))
        parts.append(", ".join(told))
    if facts.vote.panel is not None and (alone := independence(facts.vote.panel)):
        parts.append(_(alone))
    return "; ".join(parts)


def _asking(vote: CaseVote) -> list[str]:
    """Return the lines of a case that is being voted on."""
    lines = []
    if vote.suspended_until is not None and vote.model.state is State.SUSPENDED:
        lines.append(_("**Stopped until:** {when} at the latest").format(when=dated(vote.suspended_until)))
    lines.append(_("**Your vote:** {text}").format(text=_vote(vote)))
    if vote.state != "not_opened":
        lines.append(_("**So far:** {text}").format(text=so_far(vote)))
    if otherwise := _otherwise(vote):
        lines.append(_("**If nobody votes:** {text}").format(text=otherwise))
    return lines


def _vote(vote: CaseVote) -> str:
    if vote.state == "not_opened":
        return _("is being opened; anyone can open it until {when}").format(when=moment(vote.open_until, "t"))
    if vote.resuming:
        question = _("let it answer again?")
    else:
        question = _("keep it stopped?") if vote.suspended_until is not None else _("stop it?")
    if vote.state in _VOTING and vote.deadline is not None:
        return f"{question} {end_of_voting(vote.deadline)}"
    if vote.state == "succeeded":
        return _("{question} It passed and is being carried out").format(question=question)
    return _("{question} It has ended and is being recorded").format(question=question)


def so_far(vote: CaseVote) -> str:
    """Return how a vote stands in a line."""
    tally = vote.tally
    parts = [
        _("{share} of all power voted").format(share=percent(tally.percent(tally.taking_part))),
        _needed(vote),
        _split(vote),
    ]
    return " · ".join(parts)


def _needed(vote: CaseVote) -> str:
    tally = vote.tally
    needed = percent(tally.percent(tally.quorum))
    if tally.super_quorum is None or vote.state not in _VOTING:
        return _("needs {share}").format(share=needed)
    return _("needs {share} ({early} for ends it at once)").format(
        share=needed, early=percent(tally.percent(tally.super_quorum))
    )


def _split(vote: CaseVote) -> str:
    tally = vote.tally
    told = _("{for_} for, {against} against").format(
        for_=percent(tally.percent(tally.for_)), against=percent(tally.percent(tally.against))
    )
    if not tally.abstain:
        return told
    abstain = _("{share} abstain").format(share=percent(tally.percent(tally.abstain)))
    return f"{told}, {abstain}"


def _otherwise(vote: CaseVote) -> str:
    if vote.state not in (*_VOTING, "not_opened"):
        return ""
    if vote.resuming:
        return _("it stays stopped")
    if vote.suspended_until is not None and vote.model.state is State.SUSPENDED:
        return _("it starts answering again {when}").format(when=moment(vote.suspended_until, "t"))
    return _("it goes on answering") if vote.model.state is State.ACTIVE else ""


def _closing(facts: CaseFacts) -> list[str]:
    """Return the lines of a case that has ended: who decided, what ran, what happens next."""
    vote, ending = facts.vote, facts.ending
    lines = []
    if vote.state == "not_opened":
        lines.append(_("**Who decided:** nobody, the vote was not opened in time"))
    elif ending is not None and not ending.voters:
        lines.append(_("**Who decided:** nobody voted"))
    else:
        lines.append(_("**Who decided:** {text}").format(text=_decided(vote, ending)))
    if ending is not None:
        lines.append(_("**What ran:** {text}").format(text=_ran(vote, ending)))
    if then := _next(vote):
        lines.append(_("**What happens next:** {text}").format(text=then))
    return lines


def _decided(vote: CaseVote, ending: Ending | None) -> str:
    parts = [so_far(vote)]
    if ending is not None:
        count = plural("{n} wallet voted", "{n} wallets voted", ending.voters)
        parts.insert(0, count.format(n=number(ending.voters)))
        parts.append(_("most votes: {whose}").format(whose=", ".join(_one(vote, b) for b in ending.largest)))
    return " · ".join(parts)


def _one(vote: CaseVote, ballot: Ballot) -> str:
    text = {
        Support.FOR: _("{who} {share} for"),
        Support.AGAINST: _("{who} {share} against"),
        Support.ABSTAIN: _("{who} {share} abstains"),
    }[ballot.support]
    return text.format(who=wallet_name(ballot.voter), share=percent(vote.tally.percent(ballot.weight)))


def _ran(vote: CaseVote, ending: Ending) -> str:
    if vote.outcome == "upheld":
        text = _("`{call}` in block {block}, {when}, nothing else; transaction `{tx}`")
    else:
        text = _("nothing but the record of this, in block {block}, {when}; transaction `{tx}`")
    when = moment(ending.time, "f")
    return text.format(call=vote.call.text, block=number(ending.block), when=when, tx=ending.tx)


def _next(vote: CaseVote) -> str:
    """Return what happens next; nothing where a later vote has decided since."""
    state = vote.model.state
    if vote.outcome == "upheld":
        if vote.resuming:
            return _("it answers and goes on being measured") if state is State.ACTIVE else ""
        return (
            _("it stays stopped until a vote lets it answer again; its steward can call for one")
            if state is State.PAUSED
            else ""
        )
    if vote.resuming:
        return _("it stays stopped; the vote can be called for again") if state is State.PAUSED else ""
    if state is State.SUSPENDED:
        return (
            _("it starts answering again {when}").format(when=moment(vote.suspended_until, "t"))
            if vote.suspended_until is not None
            else ""
        )
    if state is not State.ACTIVE:
        return ""
    if vote.outcome == "rejected" and vote.kind in ("breach", "stale"):
        return _("it answers; for some time this finding alone does not stop it again, another one does")
    return _("it answers; the next finding asks for a vote again")


def _buttons(
    vote: CaseVote, evidence_url: str | None, incident_url: str | None
) -> tuple[discord.ui.Item[Any], ...]:
    voting = vote.is_open and vote.state in _VOTING
    buttons: list[discord.ui.Item[Any]] = [VoteButton(vote.case_id)] if voting else []
    if evidence_url is not None:
        buttons.append(evidence_button(evidence_url, conclusion=vote.resuming))
    buttons.append(CheckButton(vote.case_id))
    if voting:
        buttons.append(PowerButton(vote.case_id))
    if incident_url is not None:
        buttons.append(link_button(_("What happened"), incident_url))
    return tuple(buttons)
