"""What is said in a case's thread, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tribune.ballots.cases.view import VoteState, VoteTally
from tribune.chain.enums import State
from tribune_bot.messages.case_news import news_of, thread_name
from tribune_bot.messages.reminders import missing, reminder_times
from tribune_bot.posting.threads import News
from unit.bot.samples import NOW, VOTE, vote

SHORT = replace(VOTE, tally=VoteTally(6, 30, 2, 20, 60, 100))
"""A vote of 24 hours in which 12 of 20 percent are missing."""


def told(made: Any, quiet_until: datetime | None = None) -> list[News]:
    return news_of(made, "https://dao.example/b/7", "https://dao.example/i/7", quiet_until)


def keys(made: Any, quiet_until: datetime | None = None) -> list[str]:
    return [one.key for one in told(made, quiet_until)]


def at(hours: float, made: Any = SHORT) -> Any:
    return replace(made, read_at=NOW + timedelta(hours=hours))


def test_news_of__another_vote_decided_first__reminds_nobody() -> None:
    assert keys(at(22.9))
    assert keys(at(22.9, replace(SHORT, overtaken=True))) == []


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (0, ["begun/99"]),
        (11.9, ["begun/99"]),
        (12, ["begun/99", "half/99"]),
        (22.9, ["begun/99", "half/99"]),
        (23, ["begun/99", "last/99"]),
        (24, ["begun/99"]),
    ],
)
def test_news_of__quorum_short__reminds_at_half_time_and_before_the_end(
    hours: float, expected: list[str]
) -> None:
    assert keys(at(hours)) == expected


def test_news_of__enough_took_part__reminds_only_before_the_end() -> None:
    assert keys(at(12, VOTE)) == ["begun/99"]
    [_, last] = told(at(23, VOTE))
    assert last.key == "last/99"
    assert "quorum" not in last.text


def test_news_of__reminder__says_how_much_is_missing_and_goes_stale_at_the_end() -> None:
    [_, half] = told(at(12))
    assert missing(SHORT) == 12
    assert "12 % of all votes, for or abstaining, are missing to the quorum" in half.text
    assert "End of voting: <t:1795356600:R>" in half.text
    assert half.until == VOTE.deadline


def test_news_of__quiet_hours__wait_unless_the_vote_ends_in_them() -> None:
    assert keys(at(12), NOW + timedelta(hours=16)) == ["begun/99"]
    assert keys(at(23), NOW + timedelta(hours=23.5)) == ["begun/99"]
    assert keys(at(23), NOW + timedelta(hours=30)) == ["begun/99", "last/99"]


def test_news_of__settled__tells_what_holds_and_leads_to_the_timeline() -> None:
    [closed] = told(vote(State.PAUSED, outcome="upheld"))
    assert closed.key == "closed/99/upheld"
    assert "is PAUSED until a vote says otherwise" in closed.text
    assert closed.links == (("What happened", "https://dao.example/i/7"),)


def test_news_of__not_opened__nothing() -> None:
    assert told(replace(VOTE, state=VoteState.NOT_OPENED, deadline=None, snapshot=None)) == []


def test_reminder_times__vote_of_ten_minutes__the_last_is_a_tenth_before_its_end() -> None:
    made = replace(VOTE, deadline=NOW + timedelta(minutes=10))
    assert reminder_times(made) == (NOW + timedelta(minutes=5), NOW + timedelta(minutes=9))


def test_thread_name__hostile_model_name__neither_pings_nor_links() -> None:
    name = thread_name(vote(name="@everyone https://evil.example **x**\n`y`"))
    assert "@everyone" not in name
    assert "https://" not in name
    assert "\n" not in name
    assert len(name) <= 100
