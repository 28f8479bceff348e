"""When voters are reminded, and of what: of either lane's votes, in the thread of the vote's message.

At half time where too few have taken part, and shortly before the end. Pure; each is said once by its key.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tribune.ballots.cases.view import VoteState
from tribune.language import _
from tribune_bot.posting.threads import News
from tribune_bot.words.text import end_of_voting, moment, percent

if TYPE_CHECKING:
    from tribune.ballots.cases.view import CaseVote
    from tribune.ballots.slow_lane.proposals import ProposalVote

LAST_CALL = timedelta(hours=1)
"""The last reminder is said so long before the end, or a tenth of the time for voting if that is shorter."""

Links = tuple[tuple[str, str], ...]


def begun(vote: CaseVote | ProposalVote, links: Links) -> list[News]:
    """Return the first news of a vote: until when it is open, and what the thread is for."""
    if vote.deadline is None:
        return []
    text = _(
        "The vote is open until {when}. Talk about it here; reminders and what is decided come here too."
    ).format(when=moment(vote.deadline, "f"))
    return [News(f"begun/{vote.proposal_id}", text, links)]


def reminder(
    vote: CaseVote | ProposalVote, stands: str, links: Links, quiet_until: datetime | None
) -> list[News]:
    """Return the reminder whose time has come, if one's has. Of two, only the later is of any use.

    Args:
        vote: the vote.
        stands: how it stands, in a line.
        links: buttons below it.
        quiet_until: end of the server's quiet hours, if it is in them: it waits, unless the vote ends before.
    """
    times = reminder_times(vote)
    if times is None or vote.deadline is None or vote.state is not VoteState.ACTIVE:
        return []
    if quiet_until is not None and quiet_until < vote.deadline:
        return []
    half, last = times
    late, short = vote.read_at >= last, missing(vote)
    if vote.read_at >= vote.deadline or not (late or (vote.read_at >= half and short)):
        return []
    if late:
        lines = [_("**The vote is about to end.**"), stands]
    else:
        lines = [_("**Half of the time for voting is over.**"), stands]
    if short:
        lines.append(
            _(
                "Too few have taken part: {share} of all votes, for or abstaining, are missing to the "
                "quorum. Without them nothing is decided."
            ).format(share=percent(vote.tally.percent(short)))
        )
    lines.append(end_of_voting(vote.deadline))
    key = f"{'last' if late else 'half'}/{vote.proposal_id}"
    return [News(key, "\n".join(lines), links, until=vote.deadline)]


def reminder_times(vote: CaseVote | ProposalVote) -> tuple[datetime, datetime] | None:
    """Return half time and the time of the last reminder; None where the vote has no times yet."""
    if vote.snapshot is None or vote.deadline is None:
        return None
    span = vote.deadline - vote.snapshot
    return vote.snapshot + span / 2, vote.deadline - min(LAST_CALL, span / 10)


def missing(vote: CaseVote | ProposalVote) -> int:
    """Return how many votes for or abstaining are missing to the quorum, in token units."""
    tally = vote.tally
    return max(0, tally.quorum - tally.for_ - tally.abstain)
