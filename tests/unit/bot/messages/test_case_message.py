"""The message of a case in each of its moments."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tribune.ballots.cases.view import VoteState, VoteTally
from tribune.ballots.histories.incident import Ballot, Ending
from tribune.chain.enums import State, Support
from tribune.ids import Address
from tribune_bot.messages.case_message import Agreement, CaseFacts, case_message, withdrawn
from tribune_bot.posting.board import Shown
from unit.bot.samples import NOW, VOTE, WORDS, vote

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
        "**Stopped until:** <t:1795407000:f> (<t:1795407000:R>) at the latest",
        "**Your vote:** keep it stopped? End of voting: <t:1795356600:R>",
        "**So far:** 31 % of all power voted · needs 20 % (60 % for ends it at once) · 28 % for, 3 % against",
        "**If nobody votes:** it starts answering again <t:1795407000:t>",
    ]


def test_case_message__another_vote_decided_first__says_so_and_asks_for_no_votes() -> None:
    made = shown(vote(State.PAUSED, overtaken=True))
    assert made.content.splitlines()[0] == (
        "**acs-employment v1 is PAUSED: another vote has decided on it since**"
    )
    assert "nothing can come of this one any more" in made.content
    assert "So far" not in made.content
    assert labels(made) == ["See the evidence", "Check it yourself"]
    assert made.alert is None


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
            State.ACTIVE,
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


BALLOTS = (
    Ballot(Address("0x71" + "0" * 36 + "4e"), Support.FOR, 40),
    Ballot(Address("0x72" + "0" * 36 + "4f"), Support.AGAINST, 3),
)
ENDING = Ending(812, NOW, "0xabc", 2, BALLOTS)


def test_case_message__upheld__closes_with_who_decided_what_ran_and_what_comes() -> None:
    tally = VoteTally(40, 3, 0, 20, 60, 100)
    made = replace(vote(State.PAUSED, outcome="upheld", tally=tally), state=VoteState.EXECUTED)
    lines = case_message(CaseFacts(made, None, ENDING), URL).content.splitlines()
    assert lines[3:] == [
        "**Who decided:** 2 wallets voted · 43 % of all power voted · needs 20 % · 40 % for, 3 % against"
        " · most votes: `0x7100…004e` 40 % for, `0x7200…004f` 3 % against",
        "**What ran:** `KillSwitch.pause(model 1)` in block 812, <t:1795270200:f>, nothing else; "
        "transaction `0xabc`",
        "**What happens next:** it stays stopped until a vote lets it answer again; "
        "its steward can call for one",
    ]
    assert "Your vote" not in lines


def test_case_message__lapsed_unopened__says_that_nobody_decided() -> None:
    made = replace(vote(State.ACTIVE, outcome="lapsed"), state=VoteState.NOT_OPENED)
    content = case_message(CaseFacts(made, None, replace(ENDING, voters=0, largest=())), URL).content
    assert "**Who decided:** nobody, the vote was not opened in time" in content
    assert "**What ran:** nothing but the record of this, in block 812" in content
    assert "**What happens next:** it answers; the next finding asks for a vote again" in content


def test_case_message__settled__leads_to_its_timeline() -> None:
    made = case_message(CaseFacts(vote(State.PAUSED, outcome="upheld")), URL, "http://127.0.0.1:8000/i/7")
    assert labels(made)[-1] == "What happened"


def test_withdrawn__undone_case__can_neither_be_voted_on_nor_lost() -> None:
    gone = withdrawn(7)
    assert gone.buttons == ()
    assert gone.mark == shown(VOTE).mark
    assert "Case 7 is not on the chain any more" in gone.content


def test_digest__same_facts__is_the_same() -> None:
    assert shown(VOTE).digest == shown(VOTE).digest
    assert shown(VOTE).digest != shown(vote(State.PAUSED, outcome="upheld")).digest
