"""Discord counts on below a text that stays: what is said of a time holds before it and after it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from tribune.ballots.cases.view import VoteState, VoteTally
from tribune.ballots.holders.documents import CallDocument
from tribune.language import Language, spoken
from tribune_bot.messages.call_message import call_message
from tribune_bot.messages.case_message import CaseFacts, case_message
from tribune_bot.messages.case_news import news_of
from tribune_bot.messages.proposal_message import proposal_message
from unit.bot.messages.test_call_message import HARM, SERVICES, STOP, view_of
from unit.bot.messages.test_proposal_message import vote as proposal
from unit.bot.samples import NOW, VOTE

COUNTED = re.compile(r"(.{0,2})<t:\d+:R>")
"""A time that Discord shows as "in 5 minutes" or "45 seconds ago", with what stands before it."""
SHORT = replace(VOTE, tally=VoteTally(6, 30, 2, 20, 60, 100))
URL = "https://dao.example/p/3"


def texts() -> list[str]:
    half, last = (replace(SHORT, read_at=NOW + timedelta(hours=hours)) for hours in (12, 23))
    waiting = (VoteState.PENDING, VoteState.ACTIVE, VoteState.QUEUED)
    return [
        case_message(CaseFacts(VOTE, None), None).content,
        call_message(view_of(CallDocument(STOP, HARM)), SERVICES).content,
        *(proposal_message(proposal(state=state), URL).content for state in waiting),
        *(news.text for vote in (half, last) for news in news_of(vote, URL, URL, None)),
    ]


@pytest.mark.parametrize("tongue", list(Language))
def test_messages__time_that_is_to_come__reads_right_once_it_is_over(tongue: Language) -> None:
    with spoken(tongue):
        before = [text for one in texts() for text in COUNTED.findall(one)]
    assert len(before) >= 7
    assert {text for text in before if text not in (": ", " (")} == set()
