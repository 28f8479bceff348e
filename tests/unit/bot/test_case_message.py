"""The message of a case in each of its moments."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tribune.ballots.view import VoteState
from tribune.chain.enums import State
from tribune_bot.board import Shown
from tribune_bot.case_message import Agreement, CaseFacts, case_message
from unit.bot.samples import VOTE, WORDS, vote

URL = "http://127.0.0.1:8000/evidence/bafkrei"


def shown(made: Any, agreement: Agreement | None = None) -> Shown:
    return case_message(CaseFacts(made, agreement), URL)


def labels(message: Shown) -> list[str]:
    return [item.to_component_dict()["label"] for item in message.buttons]


def test_case_message__voting__says_all_that_a_voter_needs() -> None:
    assert shown(VOTE, Agreement(3, 2, 2)).content.splitlines() == [
        "**acs-employment v1 has been stopped: it treats women and men differently**",
        WORDS.sentence,
        "**How sure:** 2,000 decisions; 2 of 3 monitors got exactly the same result, 1 has not reported",
        "**Stopped until:** <t:1795407000:R> at the latest",
        "**Your vote:** keep it stopped? Ends <t:1795356600:R>",
        "**So far:** 31 % of all power voted · needs 20 % (60 % for ends it at once) · 28 % for, 3 % against",
        "**If nobody votes:** it starts answering again <t:1795407000:t>",
    ]


def test_case_message__panel_of_one__says_that_nobody_else_looked() -> None:
    lines = shown(replace(VOTE, panel=1), Agreement(1, 1, 1)).content.splitlines()
    assert lines[2].startswith("**How sure:** 2,000 decisions; ")
    assert lines[2].endswith("; one monitor, not independent")


def test_case_message__voting__has_all_buttons() -> None:
    assert labels(shown(VOTE)) == ["Vote", "See the evidence", "Check it yourself", "My voting power"]


def test_case_message__vote_not_opened__has_no_vote_button() -> None:
    message = shown(replace(VOTE, state=VoteState.NOT_OPENED, deadline=None, snapshot=None))
    assert labels(message) == ["See the evidence", "Check it yourself"]
    assert "is being opened; anyone can open it until" in message.content


@pytest.mark.parametrize(
    ("outcome", "state", "part"),
    [
        ("upheld", State.PAUSED, "is PAUSED until a vote says otherwise: it treats women"),
        (
            "upheld",
            "Active",
            "was PAUSED by vote: it treats women and men differently. Now the model is ACTIVE",
        ),
        ("rejected", State.ACTIVE, "holders voted against stopping it; it is ACTIVE"),
        ("lapsed", State.SUSPENDED, "the vote ended without a decision; it is SUSPENDED"),
        ("open", State.ACTIVE, "answers again, its suspension ran out"),
    ],
)
def test_case_message__outcome__headline_says_what_holds_now(outcome: str, state: State, part: str) -> None:
    first = shown(vote(state, outcome=outcome)).content.splitlines()[0]
    assert part in first


def test_case_message__settled__cannot_be_voted_on() -> None:
    settled = shown(vote(State.PAUSED, outcome="upheld"))
    assert labels(settled) == ["See the evidence", "Check it yourself"]


def test_case_message__resume__shows_the_conclusion() -> None:
    words = replace(WORDS, headline="m v2: shall it answer again?", sentence="Cause: a\nFix: b", rows=None)
    made = vote(State.PAUSED, kind="holder_resume", words=words, suspended_until=None,
                tally=replace(VOTE.tally, super_quorum=None))  # fmt: skip
    message = shown(made)
    assert message.content.splitlines()[:3] == ["**m v2: shall it answer again?**", "Cause: a", "Fix: b"]
    assert "let it answer again?" in message.content
    assert "ends it at once" not in message.content
    assert labels(message)[1] == "See the conclusion"


def test_case_message__disagreement__is_told() -> None:
    content = shown(VOTE, Agreement(5, 4, 3)).content
    assert "3 of 5 monitors got exactly the same result, 1 got another one, 1 has not reported" in content


def test_case_message__hostile_name__neither_pings_nor_formats() -> None:
    name = "@everyone **[free](https://evil.example)** <@1>"
    words = replace(WORDS, headline=f"{name} v1 has been stopped: it {WORDS.fault}")
    for made in (vote(name=name, words=words), vote(State.PAUSED, name=name, words=words, outcome="upheld")):
        first = shown(made).content.splitlines()[0]
        assert "@everyone" not in first
        assert "https://" not in first
        assert first.count("**") == 2


def test_case_message__overlong_words__fit_a_message() -> None:
    words = replace(WORDS, headline="h" * 5000, sentence="s" * 5000)
    assert len(shown(vote(words=words)).content) <= 2000


def test_digest__same_facts__is_the_same() -> None:
    assert shown(VOTE).digest == shown(VOTE).digest
    assert shown(VOTE).digest != shown(vote(State.PAUSED, outcome="upheld")).digest
