"""What is said in a case's thread, and when: the vote's begin, reminders, what was decided.

Pure: from facts of one moment to news, each with a key by which it is said once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tribune.ballots.view import VoteState
from tribune.language import _
from tribune_bot.case_message import headline, so_far
from tribune_bot.text import harmless, moment, percent
from tribune_bot.threads import News

if TYPE_CHECKING:
    from tribune.ballots.view import CaseVote

LAST_CALL = timedelta(hours=1)
"""The last reminder is said so long before the end, or a tenth of the time for voting if that is shorter."""


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
    if vote.state not in (VoteState.PENDING, VoteState.ACTIVE) or vote.deadline is None:
        return []
    links = ((_("Open the ballot"), ballot_url),)
    text = _(
        "The vote is open until {when}. Talk about it here; reminders and what is decided come here too."
    ).format(when=moment(vote.deadline, "f"))
    found = [News(f"begun/{vote.proposal_id}", text, links)]
    waits = quiet_until is not None and quiet_until < vote.deadline
    if not waits and (reminder := _reminder(vote)) is not None:
        found.append(News(f"{reminder[0]}/{vote.proposal_id}", reminder[1], links, until=vote.deadline))
    return found


def reminder_times(vote: CaseVote) -> tuple[datetime, datetime] | None:
    """Return half time and the time of the last reminder; None where the vote has no times yet."""
    if vote.snapshot is None or vote.deadline is None:
        return None
    span = vote.deadline - vote.snapshot
    return vote.snapshot + span / 2, vote.deadline - min(LAST_CALL, span / 10)


def missing(vote: CaseVote) -> int:
    """Return how many votes for or abstaining are missing to the quorum, in token units."""
    tally = vote.tally
    return max(0, tally.quorum - tally.for_ - tally.abstain)


def _reminder(vote: CaseVote) -> tuple[str, str] | None:
    """Return the reminder whose time has come: its name and text. Of two, only the later is of any use."""
    times = reminder_times(vote)
    if times is None or vote.deadline is None or vote.state is not VoteState.ACTIVE:
        return None
    half, last = times
    late, short = vote.read_at >= last, missing(vote)
    if vote.read_at >= vote.deadline or not (late or (vote.read_at >= half and short)):
        return None
    ends = (
        _("**The vote is about to end, {when}.**") if late else _("**Half of the time for voting is over.**")
    ).format(when=moment(vote.deadline))
    lines = [ends, so_far(vote)]
    if short:
        lines.append(
            _(
                "Too few have taken part: {share} of all votes, for or abstaining, are missing to the "
                "quorum. Without them nothing is decided."
            ).format(share=percent(vote.tally.percent(short)))
        )
    if not late:
        lines.append(_("It ends {when}.").format(when=moment(vote.deadline)))
    return ("last" if late else "half"), "\n".join(lines)
