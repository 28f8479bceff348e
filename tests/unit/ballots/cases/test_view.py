"""What is said about a case's vote, read from a real chain and real documents."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support.voting import Voting
from tribune.ballots.cases.result import Phase, phase_of, result_words
from tribune.ballots.cases.view import UnknownCaseError, VoteState, read_case_vote, read_power
from tribune.ballots.contracts import VoteContracts
from tribune.ballots.documents import Documents
from tribune.chain.enums import State
from tribune.ids import Address, CaseId
from tribune.reports.canonical import canonical_bytes, digest
from tribune.reports.evidence_store import write_evidence


async def test_read_case_vote__open__says_question_reason_and_choices(
    voting: Voting, contracts: VoteContracts, documents: Documents
) -> None:
    vote = await read_case_vote(contracts, documents, voting.case_id)
    assert vote.question == "Keep acs-employment v1 stopped?"
    assert 'it said "employed" for 53 of 100 men and 6 of 100 women' in vote.why
    assert vote.why.startswith("Between ")
    assert vote.if_for == "it stays stopped until another vote."
    assert vote.if_abstain == "counts towards the 20 % of all votes that must take part."


async def test_read_case_vote__open__call_matches_the_words(
    voting: Voting, contracts: VoteContracts, documents: Documents
) -> None:
    vote = await read_case_vote(contracts, documents, voting.case_id)
    assert vote.call.text == "KillSwitch.pause(model 1)"
    assert vote.call.matches
    assert vote.proposal_id == voting.proposal_id


async def test_read_case_vote__open__tally_and_times_are_the_chains(
    voting: Voting, contracts: VoteContracts, documents: Documents
) -> None:
    voting.chain.send(voting.governor.functions.castVote(voting.proposal_id, 1), voting.holders[2])
    vote = await read_case_vote(contracts, documents, voting.case_id)
    governor = voting.governor.functions
    snapshot = governor.proposalSnapshot(voting.proposal_id).call()
    assert vote.state is VoteState.ACTIVE
    assert vote.tally.for_ == 170_000 * 10**18
    assert vote.votes(vote.tally.for_) == "170,000"
    assert vote.tally.quorum == governor.quorum(snapshot).call()
    assert vote.tally.super_quorum == governor.superQuorum(snapshot).call()
    assert vote.deadline is not None
    assert int(vote.deadline.timestamp()) == governor.proposalDeadline(voting.proposal_id).call()


async def test_read_case_vote__vote_not_opened__says_so(
    breach: Voting, contracts: VoteContracts, documents: Documents
) -> None:
    vote = await read_case_vote(contracts, documents, breach.case_id)
    assert (vote.state, vote.proposal_id, vote.deadline) == (VoteState.NOT_OPENED, 0, None)
    assert vote.tally.percent(vote.tally.quorum) == pytest.approx(20)
    assert vote.call.matches


@pytest.mark.parametrize("opened", [False, True])
async def test_read_case_vote__another_vote_decided_first__is_over_and_says_so(
    breach: Voting, contracts: VoteContracts, documents: Documents, opened: bool
) -> None:
    from support.voting import decided_otherwise

    if opened:
        breach.open_vote()
    decided_otherwise(breach.chain)
    vote = await read_case_vote(contracts, documents, breach.case_id)
    assert (vote.outcome, vote.overtaken, phase_of(vote)) == ("open", True, Phase.OVER)
    assert "Another vote has decided" in result_words(vote)


async def test_read_case_vote__no_documents__admits_that_nobody_could_look(
    voting: Voting, contracts: VoteContracts
) -> None:
    vote = await read_case_vote(contracts, Documents([]), voting.case_id)
    assert not vote.words.looked
    assert "could not be read" in vote.why


async def test_read_case_vote__super_quorum_reached__has_succeeded(
    voting: Voting, contracts: VoteContracts, documents: Documents
) -> None:
    for holder in voting.holders[:2]:
        voting.chain.send(voting.governor.functions.castVote(voting.proposal_id, 1), holder)
    vote = await read_case_vote(contracts, documents, voting.case_id)
    assert vote.state is VoteState.SUCCEEDED


@pytest.mark.parametrize("case_id", [0, 99, 2**64, -1])
async def test_read_case_vote__no_such_case__unknown(
    deployed: Voting, contracts: VoteContracts, documents: Documents, case_id: int
) -> None:
    with pytest.raises(UnknownCaseError):
        await read_case_vote(contracts, documents, CaseId(case_id))


async def test_read_power__holder_and_stranger__votes_at_the_snapshot(
    voting: Voting, contracts: VoteContracts, documents: Documents
) -> None:
    vote = await read_case_vote(contracts, documents, voting.case_id)
    holder, stranger = Address(voting.holders[0].address), Address(voting.chain.steward.address)
    assert await read_power(contracts, holder, vote) == (400_000 * 10**18, False)
    assert await read_power(contracts, stranger, vote) == (0, False)


async def test_read_case_vote__resume__asks_whether_it_may_answer_again(
    voting: Voting, contracts: VoteContracts, documents: Documents
) -> None:
    chain, governor = voting.chain, voting.governor.functions
    for holder in voting.holders[:2]:
        chain.send(governor.castVote(voting.proposal_id, 1), holder)
    chain.send(governor.executeCase(voting.case_id))
    conclusion = {
        "schema": "tribune/conclusion/1",
        "cause": "Ages came in another unit.",
        "fix": "Version 2.",
    }
    write_evidence(voting.folder, conclusion)
    chain.send(governor.callResume(1, 1, digest(canonical_bytes(conclusion))), chain.steward)
    vote = await read_case_vote(contracts, documents, CaseId(voting.case_id + 1))
    assert vote.question == "Let acs-employment v1 answer again?"
    assert "Cause: Ages came in another unit." in vote.why
    assert (vote.call.text, vote.call.matches) == ("KillSwitch.resume(model 1, version 1)", True)
    assert vote.tally.super_quorum is None
    assert (vote.model.state, vote.state) == ("Paused", VoteState.PENDING)


async def test_read_case_vote__governor_replaced_amid_the_vote__the_successor_may_open_it(
    voting: Voting, contracts: VoteContracts, documents: Documents
) -> None:
    from support.voting import replace_governor

    successor = replace_governor(voting.chain)
    addresses = {**contracts.deployment.addresses, "PauseGovernor": Address(successor.address)}
    ours = VoteContracts(contracts.chain, replace(contracts.deployment, addresses=addresses))
    vote = await read_case_vote(ours, documents, voting.case_id)
    assert (vote.state, vote.proposal_id, vote.call.matches) == (VoteState.NOT_OPENED, 0, True)
    voting.chain.send(successor.functions.openCase(voting.case_id))
    vote = await read_case_vote(ours, documents, voting.case_id)
    assert (vote.state, vote.call.matches) == (VoteState.PENDING, True)


async def test_read_case_vote__carried_out__says_so(
    voting: Voting, contracts: VoteContracts, documents: Documents
) -> None:
    for holder in voting.holders[:2]:
        voting.chain.send(voting.governor.functions.castVote(voting.proposal_id, 1), holder)
    voting.chain.send(voting.governor.functions.executeCase(voting.case_id))
    vote = await read_case_vote(contracts, documents, voting.case_id)
    assert (vote.state, vote.outcome, vote.model.state) == (VoteState.EXECUTED, "upheld", "Paused")
    assert result_words(vote).endswith("the model is stopped until another vote.")
    freed = replace(vote, model=replace(vote.model, state=State.ACTIVE))
    assert result_words(freed).endswith("the model was stopped until another vote.")
