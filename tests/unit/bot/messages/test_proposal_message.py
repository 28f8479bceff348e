"""The message of a proposal: from its calls, harmless, with what holds now."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import ANY

import pytest

from tribune.ballots.cases.view import VoteState, VoteTally
from tribune.ballots.slow_lane.decided import CallWords
from tribune.ballots.slow_lane.proposals import ProposalVote, Proposed
from tribune.chain.governor import ProposedCalls
from tribune.ids import Address, Digest, ProposalId
from tribune.reports.canonical import cid
from tribune_bot.cogs.slow_lane import backtest_buttons, details_text
from tribune_bot.messages.proposal_message import proposal_message
from tribune_bot.views.proposal_buttons import PROPOSAL_BUTTONS, ProposalButton, ProposalVoteButton
from tribune_bot.words.text import LONGEST
from unit.bot.samples import NOW

WHERE = Address("0x" + "11" * 20)
UNIT = 10**18
CALL = CallWords(WHERE, 0, b"", "MonitorRegistry", "admit", {}, "Admit X", ("Admits X.",), known=True)


def vote(*, state: VoteState = VoteState.ACTIVE, claim: str = "Why not", **changes: Any) -> ProposalVote:
    calls = ProposedCalls((WHERE,), (0,), (b"",), claim)
    made = ProposalVote(
        proposed=Proposed(3, ProposalId(9), WHERE, calls, Digest(calls.description_hash), NOW),
        chain_id=31337,
        governor=WHERE,
        title="Admit X",
        calls=(CALL,),
        if_for="",
        if_against="",
        if_abstain="",
        state=state,
        tally=VoteTally(280 * UNIT, 30 * UNIT, 0, 200 * UNIT, None, 1000 * UNIT),
        decimals=18,
        snapshot=NOW,
        deadline=NOW + timedelta(days=3),
        eta=NOW + timedelta(days=5) if state is VoteState.QUEUED else None,
        delay_s=172_800,
        backtest_fits=None,
        block=1,
        read_at=NOW,
    )
    # The id of a proposal is the hash of its content.
    from tribune.ballots.cases.calls import proposal_id

    proposed = replace(made.proposed, proposal_id=proposal_id(calls))
    return replace(made, proposed=proposed, **changes)


def shown(of: ProposalVote) -> str:
    return proposal_message(of, "https://dao.example/p/3").content


def test_proposal_message__voting__says_what_it_does_and_how_it_stands() -> None:
    text = shown(vote())
    assert text.splitlines() == [
        "**Proposal 3: Admit X**",
        "• Admits X.",
        "Its proposer writes (not checked): “Why not”",
        f"**Your vote:** End of voting: <t:{int((NOW + timedelta(days=3)).timestamp())}:R>",
        "**So far:** 31 % of all power voted · needs 20 % for or abstaining · 28 % for, 3 % against",
        "**If it passes:** it waits 2 days, then anyone can carry it out",
    ]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (VoteState.SUCCEEDED, "has PASSED"),
        (VoteState.QUEUED, "has PASSED and waits"),
        (VoteState.EXECUTED, "is in force"),
        (VoteState.DEFEATED, "was NOT accepted"),
        (VoteState.CANCELED, "was withdrawn"),
        (VoteState.EXPIRED, "not carried out in time"),
    ],
)
def test_proposal_message__after_voting__headline_says_it_and_nobody_is_asked(
    state: VoteState, words: str
) -> None:
    made = proposal_message(vote(state=state), "https://dao.example/p/3")
    assert words in made.content.splitlines()[0]
    assert not any(isinstance(item, ProposalVoteButton) for item in made.buttons)


async def test_proposal_message__buttons__hold_its_id_which_no_reorg_gives_to_another() -> None:
    made = vote()
    largest = replace(made, proposed=replace(made.proposed, proposal_id=ProposalId(2**256 - 1)))
    for one in (made, largest):
        made_buttons: list[Any] = list(proposal_message(one, "https://x.example").buttons)
        buttons = [item for item in made_buttons if isinstance(item, ProposalButton)]
        assert len(buttons) == 2
        for button in buttons:
            assert len(button.custom_id) <= 100
            found = button.__discord_ui_compiled_template__.fullmatch(button.custom_id)
            assert found is not None
            again = await type(button).from_custom_id(ANY, button, found)
            assert again.subject == one.proposal_id


async def test_buttons__of_a_message_of_an_older_release__hold_its_number() -> None:
    found = ProposalVoteButton.__discord_ui_compiled_template__.fullmatch("tribune:proposal:vote:3")
    assert found is not None
    made = await ProposalVoteButton.from_custom_id(ANY, ANY, found)
    assert made.subject == 3


def test_proposal_message__hostile_claim__pings_formats_and_links_nothing() -> None:
    text = shown(vote(claim="@everyone **free** <@1> https://evil.example"))
    assert "@everyone" not in text
    assert "**free**" not in text
    assert "https://" not in text


def test_proposal_message__call_without_words__is_flagged_and_shown_raw() -> None:
    raw = CallWords(WHERE, 0, b"\x12\x34", "", "", {}, "A call that we cannot explain", (), known=False)
    text = shown(vote(calls=(raw,)))
    assert "✗ We cannot say in words all that this does" in text
    assert f"{WHERE}: 0x1234" in text


def test_proposal_message__index_that_contradicts_the_id__warns_and_shows_no_words() -> None:
    made = vote()
    text = shown(replace(made, proposed=replace(made.proposed, proposal_id=ProposalId(1))))
    assert "Do not sign" in text
    assert "Admits X." not in text


def test_details__policy_with_a_backtest__leads_to_it_and_says_whether_it_is_of_these_rules() -> None:
    name = cid(Digest(b"\1" * 32))
    named = vote(claim=f"Fewer alarms\n\nBacktest: {name}")
    pages: Any = SimpleNamespace(evidence_url=lambda cid: f"https://dao.example/evidence/{cid}")
    [button] = backtest_buttons(named, pages)
    assert button.url == f"https://dao.example/evidence/{name}/view"
    assert 0 < len(button.label or "") <= 80
    assert "✓ Its backtest is of exactly these rules." in details_text(replace(named, backtest_fits=True))
    assert "of other rules" in details_text(replace(named, backtest_fits=False))
    assert "acktest is of" not in details_text(named)
    assert backtest_buttons(vote(), pages) == []


@pytest.mark.parametrize("text_of", [shown, details_text])
def test_proposal_message__over_long_everything__fits_into_a_message(text_of: Any) -> None:
    lines = tuple(f"Rule {i}: " + "x" * 400 for i in range(200))
    text = text_of(vote(calls=(replace(CALL, lines=lines),), claim="y" * 100_000, title="z" * 5_000))
    assert len(text) <= LONGEST


@pytest.mark.parametrize("button", PROPOSAL_BUTTONS)
@pytest.mark.parametrize(
    "forged", ["0", "-1", "1;2", "9" * 30, "", "1/../2", "٣", "0x", "0xg", "0x" + "f" * 65]
)
def test_buttons__forged_number__matches_nothing(button: Any, forged: str) -> None:
    pattern = button.__discord_ui_compiled_template__
    assert pattern.fullmatch(f"tribune:proposal:{button.ACTION}:{forged}") is None


def test_proposal_message__long_names_before_a_call_nobody_can_explain__it_is_said_all_the_same() -> None:
    long = replace(CALL, lines=("_" * 300,))
    hidden = replace(CALL, function="", lines=(), known=False)
    content = shown(vote(calls=(long, long, long, long, long, hidden)))
    assert "We cannot say in words" in content
    assert "more lines on its page" in content
