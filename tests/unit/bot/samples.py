"""A case's vote as `read_case_vote` returns it, to be varied by tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tribune.ballots.cases.calls import DecodedCall
from tribune.ballots.cases.view import CaseVote, VotedModel, VoteState, VoteTally
from tribune.chain.enums import State
from tribune.ids import Address, CaseId, Cid, ModelId, ProposalId, VersionNumber
from tribune.reports.words import CaseWords

NOW = datetime(2026, 11, 21, 14, 10, tzinfo=UTC)
WORDS = CaseWords(
    headline="acs-employment v1 has been stopped: it treats women and men differently",
    fault="treats women and men differently",
    clause="it treats women and men differently",
    finding='It said "employed" for 53 of 100 men and 6 of 100 women.',
    limit_words="The limit you voted is a gap of 10; this gap is at least 41.",
    sentence='It said "employed" for 53 of 100 men and 6 of 100 women. The limit you voted is a gap of 10; '
    "this gap is at least 41.",
    why="",
    question="Keep acs-employment v1 stopped?",
    looked=True,
    rows=2000,
)
VOTE = CaseVote(
    case_id=CaseId(7),
    proposal_id=ProposalId(99),
    chain_id=31337,
    governor=Address("0x" + "11" * 20),
    model=VotedModel(ModelId(1), "acs-employment", VersionNumber(1), State.SUSPENDED),
    kind="breach",
    outcome="open",
    state=VoteState.ACTIVE,
    question=WORDS.question,
    words=WORDS,
    if_for="",
    if_against="",
    if_abstain="",
    call=DecodedCall("KillSwitch", Address("0x" + "22" * 20), "pause", {}, "KillSwitch.pause(model 1)", True),
    tally=VoteTally(28, 3, 0, 20, 60, 100),
    decimals=0,
    opened_at=NOW,
    open_until=NOW + timedelta(hours=12),
    snapshot=NOW,
    deadline=NOW + timedelta(hours=24),
    suspended_until=NOW + timedelta(hours=38),
    rule=None,
    value=431_000,
    limit=100_000,
    evidence=Cid("bafkrei"),
    panel=3,
    block=812,
    read_at=NOW,
)


def vote(state: State = State.SUSPENDED, name: str = "acs-employment", **other: Any) -> CaseVote:
    """Return the sample with its model in another state, or other fields."""
    return replace(VOTE, model=replace(VOTE.model, state=state, name=name), **other)
