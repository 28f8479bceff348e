"""Votes on cases that no rule is behind: of the guardian, of silence, of holders; on a real chain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.anvil import ROOT, Anvil, find_binary
from tribune.ballots.cases.view import VoteState, read_case_vote
from tribune.ballots.contracts import VoteContracts
from tribune.ballots.documents import Documents
from tribune.chain.enums import CaseKind
from tribune.ids import CaseId, ProposalId
from tribune.reports.canonical import cid_digest
from tribune.reports.evidence_store import write_evidence

if TYPE_CHECKING:  # imports web3, which warns at import: only once pytest's filters are set
    from support.voting import Voting

HARM = {"reason": "It insults people."}


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voting]:
    """A model in service without a case."""
    if find_binary() is None or not (ROOT / ".build" / "__local__.json").exists():
        pytest.skip("anvil or the compiled contracts are missing: run `make setup`")
    from support.voting import Voting, open_model, slow_chain

    with Anvil.start() as anvil:
        chain, folder = slow_chain(anvil), tmp_path_factory.mktemp("evidence")
        open_model(chain, folder)
        yield Voting(chain, folder, CaseId(0), ProposalId(0))


@pytest.fixture
def serving(breach: Voting) -> Voting:
    """As deployed; what a test does is undone."""
    return breach


@pytest.fixture
def documents(deployed: Voting) -> Documents:
    return Documents([deployed.folder])


def put(folder: Path, document: dict[str, str]) -> bytes:
    return bytes(cid_digest(write_evidence(folder, document)))


async def test_read_case_vote__guardian__says_who_stopped_it_and_why(
    serving: Voting, contracts: VoteContracts, documents: Documents
) -> None:
    from support.voting import guardian_suspends

    case_id = guardian_suspends(serving.chain, serving.folder)
    vote = await read_case_vote(contracts, documents, case_id)
    assert (vote.kind, vote.rule, vote.state) == ("guardian", None, VoteState.NOT_OPENED)
    assert vote.question == "Keep acs-employment v1 stopped?"
    assert vote.why == "The guardian stopped it. The guardian says why: “It insults people.”"
    assert vote.suspended_until is not None
    assert (vote.call.text, vote.call.matches) == ("KillSwitch.pause(model 1)", True)
    voting = replace(serving, case_id=case_id)
    voting.open_vote()
    assert (await read_case_vote(contracts, documents, case_id)).state is VoteState.ACTIVE


async def test_read_case_vote__stale__says_since_when_nobody_measured_it(
    serving: Voting, contracts: VoteContracts, documents: Documents
) -> None:
    from support.voting import let_frame_pass

    frame = let_frame_pass(serving.chain)
    hub = serving.chain.contracts["ReportHub"].functions
    serving.chain.send(hub.pokeStale(1, frame))
    start = serving.chain.contracts["PolicyBook"].functions.frameTimes(1, frame).call()[0]
    vote = await read_case_vote(contracts, documents, CaseId(1))
    assert (vote.kind, vote.rule, vote.evidence) == ("stale", None, None)
    assert vote.question == "Stop acs-employment v1?"
    assert vote.words.clause.startswith("nobody has measured it since ")
    assert vote.words.looked
    clock = await contracts.chain.block_time()
    assert 0 <= clock.timestamp() - start < 60
    assert (vote.call.text, vote.call.matches) == ("KillSwitch.pause(model 1)", True)


async def test_read_case_vote__holders_ask_for_a_stop__tells_their_share_of_all_votes(
    serving: Voting, contracts: VoteContracts, documents: Documents
) -> None:
    from support.voting import holders_call

    signers = [*serving.holders[3:5], serving.chain.steward]  # 10 and 8 percent, and one without votes
    evidence = put(serving.folder, HARM)
    case_id = holders_call(serving.chain, CaseKind.HOLDER_PAUSE, evidence, signers)
    serving.chain.warp(3)
    vote = await read_case_vote(contracts, documents, case_id)
    assert vote.words.headline == (
        "acs-employment v1 needs your vote: holders of 18 % of all votes ask to stop it"
    )
    assert "They say why: “It insults people.”" in vote.why
    assert (vote.kind, vote.state, vote.rule) == ("holder_pause", VoteState.ACTIVE, None)
    assert vote.call.matches


async def test_read_case_vote__holders_ask_to_resume__is_not_the_steward_s_call(
    serving: Voting, contracts: VoteContracts, documents: Documents
) -> None:
    from support.voting import guardian_suspends, holders_call

    voting = replace(serving, case_id=guardian_suspends(serving.chain, serving.folder))
    voting.open_vote()
    for holder in voting.holders[:2]:
        voting.chain.send(voting.governor.functions.castVote(voting.proposal_id, 1), holder)
    voting.chain.send(voting.governor.functions.executeCase(voting.case_id))
    conclusion = put(serving.folder, {"cause": "A joke.", "fix": "It was told off."})
    case_id = holders_call(serving.chain, CaseKind.HOLDER_RESUME, conclusion, serving.holders[4:])
    vote = await read_case_vote(contracts, documents, case_id)
    assert vote.why.startswith("Holders of 8 % of all votes say that the incident is over")
    assert "Cause: A joke." in vote.why
    assert (vote.resuming, vote.tally.super_quorum, vote.call.matches) == (True, None, True)
