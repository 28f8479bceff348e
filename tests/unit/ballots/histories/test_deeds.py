"""What happened to a model, in words: every event that the trail shows has some."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from support.index import BEGAN, happened, state_changed
from tribune.ballots.histories.deeds import OF_MODEL, VOTES, Telling, tell
from tribune.chain.codec import load_abi
from tribune.store.tables import ChainEvent

NOON = int(BEGAN.timestamp())
ADA = "0x" + "ad" * 20
FROM_NOON: dict[str, Any] = {"from": NOON}
HANDED: dict[str, Any] = {"from": ADA, "to": "0xbb" + ADA[4:]}
HOW = Telling(
    who=lambda wallet: f"<{wallet[:4]}>", when=lambda time: f"{time:%H:%M}", cases={9: 4}, decimals=0
)

EVENTS = [
    (happened("ModelRegistered", steward=ADA, name="x"), "Registered; its steward is <0xad>."),
    (happened("VersionRegistered", version=2), "Version 2 was registered."),
    (happened("VersionActivated", version=2, **FROM_NOON), "Version 2 was chosen, in force from 12:00."),
    (happened("AgentChanged"), "The steward named the agent as which it is known elsewhere."),
    (
        happened("Transfer", **HANDED),
        "It was handed from <0xad> to a new steward, <0xbb>.",
    ),
    (
        happened("StatementAttested", auditor=ADA, version=1),
        "<0xad> published a statement as auditor on version 1.",
    ),
    (
        happened("StatementWithdrawn", auditor=ADA, version=1),
        "<0xad> withdrew its statement as auditor on version 1.",
    ),
    (
        happened("PolicySet", policy={"rules": [1], "panel": [1, 2, 3]}, first_frame=7),
        "Governance set its rules: 1 rule, measured by 3 monitors, from frame 7.",
    ),
    (happened("LoggerChanged", previous=ADA, current=ADA), "The steward named <0xad> to write its log."),
    (state_changed(1, 1, 2, until_hours=1), "It was SUSPENDED until 13:00 at the latest."),
    (state_changed(1, 2, 3), "It was PAUSED by vote."),
    (state_changed(1, 3, 1), "It is ACTIVE again: the vote to resume passed."),
    (state_changed(1, 2, 1), "It is ACTIVE again: the vote to stop it was rejected."),
    (state_changed(1, 1, 4), "It was RETIRED by governance."),
    (happened("CaseOpened", kind=0, case_id=4), "Case 4 was opened: it broke a rule."),
    (happened("CaseOpened", kind=3, case_id=4), "Case 4 was opened: holders call for a stop."),
    (happened("CaseJoined", case_id=4), "Another broken rule was added to case 4."),
    (
        happened("CaseVoteOpened", case_id=4, vote_ends=NOON),
        "The vote on case 4 was opened, until 12:00 at the latest.",
    ),
    (happened("CaseClosed", case_id=4, outcome=1), "Case 4 ended: the vote passed and was carried out."),
    (
        happened("CaseClosed", case_id=4, outcome=2),
        "Case 4 ended: the vote was rejected, which somebody recorded (poke).",
    ),
    (happened("BreachCooling", until=NOON), "What was rejected stops it no more until 12:00."),
    (
        happened("BudgetExhausted", case_id=4),
        "Case 4 did not stop it: its budget for suspensions is used up.",
    ),
    (happened("GuardianSuspended"), "The guardian stopped it."),
    (happened("FrameDisputed", frame=3), "Its monitors contradicted each other on frame 3."),
    (happened("FrameStale", frame=3), "Somebody recorded that nobody measured frame 3 in time (poke)."),
    (
        happened("HoldersCalled", kind=3, power=12_400),
        "Holders of 12,400 votes called for a vote to stop it.",
    ),
    (
        happened("HoldersCalled", kind=4, power=1),
        "A vote to let it answer again was called for (1 vote).",
    ),
    (
        happened("VoteCast", voter=ADA, proposal_id=9, support=0, weight=1),
        "<0xad> voted against, with 1 vote, on case 4.",
    ),
    (
        happened("VoteCastWithParams", voter=ADA, proposal_id=9, support=2, weight=2_000),
        "<0xad> abstained, with 2,000 votes, on case 4.",
    ),
]


@pytest.mark.parametrize(("event", "words"), EVENTS)
def test_tell__event__says_what_happened(event: ChainEvent, words: str) -> None:
    assert tell(event, HOW) == words


def test_tell__every_event_of_the_trail__is_a_contracts_and_has_words() -> None:
    told = {event.name for event, _words in EVENTS}
    assert set(OF_MODEL) | set(VOTES) <= told
    contracts = ("ModelRegistry", "PolicyBook", "KillSwitch", "ReportHub", "DecisionLog", "PauseGovernor")
    known = {event["name"] for contract in contracts for event in load_abi(contract).events.values()}
    assert told <= known


def test_tell__token_could_not_be_read__tells_no_number() -> None:
    event = happened("VoteCast", voter=ADA, proposal_id=9, support=1, weight=10**18)
    told = tell(event, replace(HOW, decimals=None))
    assert told == "<0xad> voted for, with votes that cannot be counted now, on case 4."
