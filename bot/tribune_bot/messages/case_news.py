"""What is said in a case's thread: the vote's begin, reminders, what was decided.

Pure: from facts of one moment to news, each with a key by which it is said once.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tribune.ballots.cases.view import VoteState
from tribune.language import _, number
from tribune_bot.messages.case_message import headline, so_far
from tribune_bot.messages.reminders import begun, reminder
from tribune_bot.posting.threads import News
from tribune_bot.words.text import harmless

if TYPE_CHECKING:
    from tribune.ballots.cases.view import CaseVote
    from tribune.reports.words import CaseWords


def thread_name(vote: CaseVote) -> str:
    """Return the name of a case's thread; a name is shown as it is, so nothing in it needs escaping."""
    name = harmless(vote.model.name, 60).replace("\\", "")
    return _("{model} v{version}, case {case}").format(
        model=name, version=vote.model.version, case=vote.case_id
    )


def news_of(vote: CaseVote, ballot_url: str, incident_url: str, quiet_until: datetime | None) -> list[News]:
    """Return what there is to say about a case now.

    Args:
        vote: the case.
        ballot_url: address of its ballot.
        incident_url: address of its timeline.
        quiet_until: end of the server's quiet hours, if it is in them: reminders wait, unless the vote ends
            before that.
    """
    if vote.outcome != "open":
        links = ((_("What happened"), incident_url),)
        return [News(f"closed/{vote.proposal_id}/{vote.outcome}", f"**{headline(vote)}**", links)]
    if vote.overtaken or vote.state not in (VoteState.PENDING, VoteState.ACTIVE):
        return []
    links = ((_("Open the ballot"), ballot_url),)
    return [*begun(vote, links), *reminder(vote, so_far(vote), links, quiet_until)]


def joined_news(key: str, words: CaseWords, frame: int, incident_url: str) -> News:
    """Return what to say of something else that was broken while a case was open.

    Args:
        key: what it is, within the case.
        words: that breach in words.
        frame: in which it was broken.
        incident_url: address of the case's timeline.
    """
    text = _("**Also while this case is open, in frame {frame}:** {what}").format(
        frame=number(frame), what=harmless(words.sentence or words.clause, 500)
    )
    return News(key, text, ((_("What happened"), incident_url),))
