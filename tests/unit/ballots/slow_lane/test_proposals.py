"""Proposals of the slow lane on a real chain: words come from the calls, whatever their descriptions say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tribune.ballots.contracts import VoteContracts
from tribune.ballots.documents import Documents
from tribune.ballots.slow_lane.proposals import (
    NoSlowLaneError,
    ProposalVote,
    UnknownProposalError,
    backtest_is_of,
    due,
    find_proposal,
    list_proposals,
    read_proposal,
)
from tribune.chain.deployments import Deployment
from tribune.store.session import Store
from tribune.sync.indexer import Indexer

if TYPE_CHECKING:
    from support.proposing import Proposing

LIE = "Give every holder a prize\n\nNothing else changes."


class Desk:
    """Reads a proposal as page and bot do."""

    def __init__(self, index: Indexer, store: Store, contracts: VoteContracts, documents: Documents) -> None:
        self.index, self.store, self.contracts, self.documents = index, store, contracts, documents

    async def read(self, name: str = "1") -> ProposalVote:
        await self.index.catch_up()
        proposed = await find_proposal(self.store, self.contracts, name)
        return await read_proposal(self.contracts, self.documents, proposed)


@pytest.fixture
def desk(index: Indexer, store: Store, contracts: VoteContracts, documents: Documents) -> Desk:
    return Desk(index, store, contracts, documents)


def call(proposing: Proposing, contract: str, function: str, *arguments: Any) -> tuple[str, int, bytes]:
    found = proposing.chain.contracts[contract]
    data = found.encode_abi(function, args=list(arguments))
    return str(found.address), 0, bytes.fromhex(data[2:])


def policy(proposing: Proposing, **changes: Any) -> tuple[Any, ...]:
    """The policy in force of the model of these tests, changed."""
    found = proposing.chain.contracts["PolicyBook"].functions.policyAt(1, 0).call()[0]
    fields = dict(
        zip(
            ("start", "step", "length", "grace", "deadline", "suspension", "stale", "k", "panel", "rules"),
            found,
            strict=True,
        )
    )
    return tuple({**fields, "start": 0, **changes}.values())


async def test_read_proposal__description_lies__words_are_those_of_the_calls(
    desk: Desk, proposing: Proposing
) -> None:
    proposing.propose([proposing.admit()], LIE)
    vote = await desk.read()
    assert vote.title == "Admit the monitor Observatory"
    assert any("Admits 0x" in line and "Observatory" in line for line in vote.calls[0].lines)
    assert vote.known
    assert not vote.misleads
    assert vote.claim == LIE


async def test_read_proposal__by_its_long_id__is_the_same(desk: Desk, proposing: Proposing) -> None:
    proposal_id = proposing.propose([proposing.admit()], "Admit it")
    assert (await desk.read(str(proposal_id))).proposed == (await desk.read("1")).proposed


@pytest.mark.parametrize("name", ["2", "0", "-1", "1 ", "٣", "9" * 78, "9" * 400, "", "1;2", "0x1"])
async def test_find_proposal__forged_number__there_is_none(
    desk: Desk, proposing: Proposing, name: str
) -> None:
    proposing.propose([proposing.admit()], "Admit it")
    with pytest.raises(UnknownProposalError):
        await desk.read(name)


async def test_read_proposal__call_of_a_stranger__shown_raw_and_flagged(
    desk: Desk, proposing: Proposing
) -> None:
    proposing.propose([("0x00000000000000000000000000000000DeaDBeef", 5, b"\x12\x34\x56\x78")], "Harmless")
    vote = await desk.read()
    assert not vote.known
    assert vote.calls[0].text == "0x00000000000000000000000000000000DeaDBeef: 0x12345678"
    assert vote.calls[0].title == "A call that we cannot explain"
    assert "sends" in vote.calls[0].lines[-1]


async def test_read_proposal__bytes_behind_a_known_call__not_explained(
    desk: Desk, proposing: Proposing
) -> None:
    target, value, data = proposing.admit()
    proposing.propose([(target, value, data + b"\0" * 32)], "Admit it")
    assert not (await desk.read()).known


async def test_read_proposal__known_function_without_words__shown_decoded_and_flagged(
    desk: Desk, proposing: Proposing
) -> None:
    proposing.propose([call(proposing, "PolicyBook", "setLog", "0x" + "11" * 20)], "Tidy up")
    vote = await desk.read()
    assert not vote.known
    assert vote.calls[0].text.startswith("PolicyBook.setLog(log = 0x1111")


async def test_read_proposal__one_of_several_unknown__says_so(desk: Desk, proposing: Proposing) -> None:
    proposing.propose([proposing.admit(), ("0x" + "00" * 19 + "01", 0, b"")], "Admit it")
    vote = await desk.read()
    assert vote.title == "Admit the monitor Observatory, and 1 more change"
    assert [one.known for one in vote.calls] == [True, False]


async def test_read_proposal__new_policy__says_what_changes_by_name(desk: Desk, proposing: Proposing) -> None:
    old = policy(proposing)
    looser = list(old[-1][0])
    looser[8] = 200_000
    panel = list(old[-2])[:2]
    rules = [tuple(looser)]
    proposing.propose(
        [call(proposing, "PolicyBook", "setPolicy", 1, policy(proposing, rules=rules, panel=panel, k=2))],
        "Small corrections",
    )
    vote = await desk.read()
    told = "\n".join(vote.calls[0].lines)
    assert vote.title == "New rules for acs-employment (model 1)"
    assert "above 20 %" in told
    assert "Before: " in told
    assert "above 10 %" in told
    assert "Monitor that goes: monitor" in told
    assert "2 of 2 monitors must get the same result" in told


async def test_read_proposal__new_policy_carried_out__still_says_what_it_changed(
    desk: Desk, proposing: Proposing
) -> None:
    looser = list(policy(proposing)[-1][0])
    looser[8] = 200_000
    changed = policy(proposing, rules=[tuple(looser)])
    proposing.propose([call(proposing, "PolicyBook", "setPolicy", 1, changed)], "Looser")
    before = (await desk.read()).calls[0].lines
    proposing.pass_vote()
    proposing.queue()
    proposing.chain.warp(61)
    proposing.execute()
    vote = await desk.read()
    assert str(vote.state) == "executed"
    assert "Before: " in "\n".join(before)
    assert vote.calls[0].lines == before


async def test_read_proposal__policy_with_a_metric_we_do_not_know__flagged(
    desk: Desk, proposing: Proposing
) -> None:
    strange = ("nobody.knows", *policy(proposing)[-1][0][1:])
    proposing.propose(
        [call(proposing, "PolicyBook", "setPolicy", 1, policy(proposing, rules=[strange]))], "Better rules"
    )
    vote = await desk.read()
    assert not vote.known
    assert any("✗ nobody.knows" in line for line in vote.calls[0].lines)


async def test_read_proposal__policy_with_a_monitor_that_is_not_admitted__says_so(
    desk: Desk, proposing: Proposing
) -> None:
    panel = ["0x00000000000000000000000000000000DeaDBeef"]
    proposing.propose(
        [call(proposing, "PolicyBook", "setPolicy", 1, policy(proposing, panel=panel, k=1))], "Better panel"
    )
    assert any("NOT an admitted monitor" in line for line in (await desk.read()).calls[0].lines)


async def test_read_proposal__admin_for_somebody__warned_of(desk: Desk, proposing: Proposing) -> None:
    grant = call(proposing, "TribuneAccessManager", "grantRole", 0, "0x" + "11" * 20, 0)
    proposing.propose([grant], "Routine")
    lines = (await desk.read()).calls[0].lines
    assert lines[0].startswith("Gives the role ADMIN to 0x1111")
    assert "rules everything" in lines[1]


async def test_read_proposal__description_that_is_no_text__can_still_be_carried_out(
    desk: Desk, proposing: Proposing, contracts: VoteContracts
) -> None:
    """Its bytes are hashed as they are: else nobody of ours could queue it."""
    target, value, data = proposing.admit()
    governor, chain = proposing.governor, proposing.chain
    head = governor.encode_abi("propose", args=[[target], [value], [data], "AAAA"])
    chain.warp(1)
    raw = head.replace("41414141", "ff41fe41")
    sent = chain.web3.eth.send_transaction(
        {"from": chain.holders[0].address, "to": governor.address, "data": raw}
    )
    assert chain.web3.eth.wait_for_transaction_receipt(sent)["status"] == 1
    vote = await desk.read()
    assert not vote.misleads
    assert "\N{REPLACEMENT CHARACTER}" in vote.claim


async def test_read_proposal__taken_back_by_a_reorg__is_not_there_and_its_number_is_free(
    desk: Desk, proposing: Proposing
) -> None:
    before = proposing.chain.rpc("evm_snapshot")
    proposing.propose([proposing.admit()], "Admit it")
    first = (await desk.read()).proposed
    assert proposing.chain.rpc("evm_revert", before)
    with pytest.raises(UnknownProposalError):
        await read_proposal(desk.contracts, desk.documents, first)
    proposing.propose([proposing.admit("Another")], "Admit another")
    assert (await desk.read()).title == "Admit the monitor Another"


async def test_read_proposal__vote_to_execution__what_is_due(desk: Desk, proposing: Proposing) -> None:
    proposing.propose([proposing.admit()], "Admit it", begun=False)
    states, calls = [], []

    async def look() -> None:
        vote = await desk.read()
        states.append(str(vote.state))
        found = due(vote, desk.contracts)
        calls.append(found.description if found else "")

    await look()
    proposing.chain.warp(7)
    await look()
    proposing.pass_vote()
    await look()
    proposing.queue()
    await look()
    proposing.chain.warp(61)
    await look()
    proposing.execute()
    await look()
    assert states == ["pending", "active", "succeeded", "queued", "queued", "executed"]
    assert calls == ["", "", "queue proposal 1", "", "carry out proposal 1", ""]


async def test_read_proposal__tally__is_the_governors(desk: Desk, proposing: Proposing) -> None:
    proposing.propose([proposing.admit()], "Admit it")
    proposing.chain.send(
        proposing.governor.functions.castVote(proposing.proposal_id, 0), proposing.holders[3]
    )
    tally = (await desk.read()).tally
    assert (tally.against, tally.for_) == (100_000 * 10**18, 0)
    assert tally.quorum == 200_000 * 10**18
    assert tally.super_quorum is None


async def test_list_proposals__no_governor_in_the_record__offers_the_plan(
    store: Store, contracts: VoteContracts
) -> None:
    addresses = {n: a for n, a in contracts.deployment.addresses.items() if n != "OversightGovernor"}
    elsewhere = VoteContracts(contracts.chain, Deployment(31337, 0, addresses))
    with pytest.raises(NoSlowLaneError) as told:
        await list_proposals(store, elsewhere)
    assert "--plan" in told.value.mend


@pytest.mark.parametrize("document", [None, [], {}, {"policies": 3}, {"policies": [{"rules": [{}]}]}])
def test_backtest_is_of__document_of_another_kind__is_not(document: Any) -> None:
    assert not backtest_is_of(document, [("a", 0, 1, 0, 1, 1, 3, 0, 5)])


async def test_read_proposal__model_that_does_not_exist__says_so(desk: Desk, proposing: Proposing) -> None:
    proposing.propose([call(proposing, "KillSwitch", "retire", 77)], "Retire it")
    assert "which does not exist" in (await desk.read()).title


async def test_read_proposal__settings__told_with_what_they_are_now(desk: Desk, proposing: Proposing) -> None:
    proposing.propose(
        [
            call(proposing, "OversightGovernor", "setVotingPeriod", 86_400),
            call(proposing, "PauseGovernor", "updateQuorumNumerator", 5),
            call(proposing, "PauseGovernor", "setCallThreshold", 10_000),
            call(proposing, "TribuneTimelock", "updateDelay", 0),
            call(proposing, "KillSwitch", "halt", 2**48 - 1),
            call(proposing, "KillSwitch", "halt", 0),
            call(proposing, "KillSwitch", "rearm", [1]),
        ],
        "Some settings",
    )
    vote = await desk.read()
    assert vote.known
    told = [one.lines[0] for one in vote.calls]
    assert told == [
        "how long a vote takes: 1 day, now 5 minutes.",
        "share of all votes that must take part: 5 %, now 20 %.",
        "share of all votes that can call for a vote together: 1 %, now 0.50 %.",
        "how long decisions wait in the timelock: 0 seconds, now 1 minute.",
        "No model answers, without an end, until another vote.",
        "Models that are not stopped themselves answer again.",
        "The guardian may use its global halt again, and act again on: acs-employment (model 1).",
    ]


async def test_read_proposal__switch_parameters__only_what_changes(desk: Desk, proposing: Proposing) -> None:
    now = list(proposing.chain.contracts["KillSwitch"].functions.parameters().call())
    now[0] += 3_600 - now[0] % 3_600
    proposing.propose([call(proposing, "KillSwitch", "setParameters", tuple(now))], "Parameters")
    [line] = (await desk.read()).calls[0].lines
    assert line.startswith("how long a model may be stopped without a vote: 2 hours, now")
