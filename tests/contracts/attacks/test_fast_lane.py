"""Attempts on the vote of a case: replaced governors, late and early ends, supplies too small to count."""

from __future__ import annotations

from typing import Any

import ape
import pytest

from contracts import signing
from contracts.calls import events, mined, next_at, now, refused, rpc, warp_to
from contracts.kill_switch.breaches import open_breach_case, trip
from contracts.pause_governor.successors import successor
from contracts.signing import AGAINST, FOR
from contracts.world import DELAY, EXECUTION_GRACE, EXTENSION, PERIOD, World

CONCLUSION = b"\x01" * 32


def test_replaced_governor__its_vote_was_running__has_no_effect_and_the_new_one_votes_anew(
    world: World,
) -> None:
    trip(world)
    proposal = world.open(1)
    new = successor(world)
    world.vote(proposal, 0, 1)
    refused("AccessManagedUnauthorized", world.governor.executeCase, 1, sender=world.stranger)
    new.openCase(1, sender=world.stranger)
    refused("GovernorUnexpectedProposalState", new.openCase, 1, sender=world.stranger)
    warp_to(now() + DELAY + 1)
    for holder in world.holders[:2]:
        new.castVote(world.proposal(1), FOR, sender=holder)
    new.executeCase(1, sender=world.stranger)
    assert world.state() == "Paused"


def test_replaced_governor__case_not_opened_yet__the_new_one_opens_it(world: World) -> None:
    trip(world)
    new = successor(world)
    refused("AccessManagedUnauthorized", world.governor.openCase, 1, sender=world.stranger)
    new.openCase(1, sender=world.stranger)
    assert world.switch.caseOf(1).governor == new.address


def test_replaced_governor__its_resume_vote_was_running__blocks_the_new_one_no_longer_than_a_vote(
    world: World,
) -> None:
    world.pause()
    case, proposal = world.call_resume()
    new = successor(world)
    world.vote(proposal, 0, 1)
    refused("CaseAlreadyOpen", new.callResume, 1, 1, CONCLUSION, sender=world.steward)
    warp_to(int(world.switch.caseOf(case).voteEnds) + 1)
    assert world.vote_state(proposal) == "Succeeded"
    refused("AccessManagedUnauthorized", world.governor.executeCase, case, sender=world.stranger)
    new.callResume(1, 1, CONCLUSION, sender=world.steward)
    assert world.switch.caseCount() == case + 1


def test_replaced_governor__ballots_for_the_old__skipped_by_the_new(world: World) -> None:
    trip(world)
    new = successor(world)
    new.openCase(1, sender=world.stranger)
    warp_to(now() + DELAY + 1)
    ballot = world.ballot(world.proposal(1), 0)
    receipt = new.castVotesBySig(world.proposal(1), [ballot], sender=world.stranger)
    assert len(events(receipt, "BallotSkipped")) == 1


def test_replaced_governor__settings_of_the_old__no_longer_told_to_the_switch(world: World) -> None:
    successor(world)
    refused("AccessManagedUnauthorized", world.governor.setVotingPeriod, 900, sender=world.admin)
    refused("AccessManagedUnauthorized", world.governor.pushVoteSpan, sender=world.stranger)


@pytest.mark.parametrize("supply", [0, 4])
def test_poke__supply_too_small_for_a_quorum__silence_is_no_rejection(world: World, supply: int) -> None:
    token = world.stranger.deploy(ape.project.TribuneToken, "Unwrapped", "W", [str(world.stranger)], [supply])
    new = successor(world, token)
    trip(world)
    until = world.switch.statusOf(1).until
    new.openCase(1, sender=world.stranger)
    proposal = world.proposal(1)
    warp_to(now() + DELAY + PERIOD + 2)
    assert new.quorum(new.proposalSnapshot(proposal)) == 0
    assert not new.isRejected(1)
    world.switch.poke(1, sender=world.stranger)
    assert (world.outcome(1), world.switch.statusOf(1).until) == ("Lapsed", until)


def test_vote__longer_extension_set_in_flight__passed_vote_still_carried_out_once(world: World) -> None:
    trip(world)
    proposal = world.open(1)
    world.governor.setLateQuorumVoteExtension(900, sender=world.admin)
    warp_to(int(world.governor.proposalDeadline(proposal)) - 5)
    world.vote(proposal, 0)
    deadline = int(world.governor.proposalDeadline(proposal))
    assert deadline > world.switch.caseOf(1).voteEnds
    warp_to(deadline + 1)
    world.governor.executeCase(1, sender=world.stranger)
    refused("GovernorUnexpectedProposalState", world.governor.executeCase, 1, sender=world.stranger)
    assert world.state() == "Paused"


def test_vote__quorum_in_the_last_second__others_have_the_extension_to_answer(world: World) -> None:
    trip(world)
    proposal = world.open(1)
    last = int(world.governor.proposalDeadline(proposal))
    next_at(last)
    world.vote(proposal, 1)
    assert world.governor.proposalDeadline(proposal) == last + EXTENSION
    warp_to(last + EXTENSION // 2)
    world.vote(proposal, 0, support=AGAINST)
    world.end_vote(proposal)
    world.switch.poke(1, sender=world.stranger)
    assert (world.outcome(1), world.state()) == ("Rejected", "Active")


def test_vote__super_quorum_in_the_last_second__grace_counts_from_the_extended_deadline(
    world: World,
) -> None:
    trip(world)
    proposal = world.open(1)
    last = int(world.governor.proposalDeadline(proposal))
    warp_to(last - 20)
    world.vote(proposal, 0, 1)
    assert world.vote_state(proposal) == "Succeeded"
    until = int(world.governor.proposalDeadline(proposal)) + EXECUTION_GRACE
    assert until <= last + EXTENSION + EXECUTION_GRACE
    warp_to(until)
    assert world.vote_state(proposal) == "Succeeded"
    warp_to(until + 1)
    assert world.vote_state(proposal) == "Expired"
    refused("GovernorUnexpectedProposalState", world.governor.executeCase, 1, sender=world.stranger)
    world.switch.poke(1, sender=world.stranger)
    assert world.outcome(1) == "Lapsed"


def test_poke__early_succeeded_vote__cannot_be_recorded_as_rejected(world: World) -> None:
    trip(world)
    proposal = world.open(1)
    world.vote(proposal, 0, 1)
    refused("CaseVoteNotOver", world.switch.poke, 1, sender=world.stranger)
    ballot = world.ballot(proposal, 2, AGAINST)
    refused(
        "GovernorUnexpectedProposalState",
        world.governor.castVotesBySig,
        proposal,
        [ballot],
        sender=world.stranger,
    )


def test_pause__while_another_case_of_the_epoch_is_voted_on__the_other_has_no_effect(world: World) -> None:
    open_breach_case(world, rule=1)
    first = world.open(1)
    trip(world)
    second = world.open(2)
    world.vote(first, 0, 1)
    world.vote(second, 0, 1)
    world.governor.executeCase(2, sender=world.stranger)
    refused("EpochStale", world.governor.executeCase, 1, sender=world.stranger)
    resumed = world.resume()
    refused("EpochStale", world.governor.executeCase, 1, sender=world.stranger)
    assert (world.state(), world.outcome(resumed), world.outcome(1)) == ("Active", "Upheld", "Open")


def test_resume__model_sold_while_its_vote_runs__carried_out_all_the_same(world: World) -> None:
    world.pause()
    case, proposal = world.call_resume()
    world.registry.transferFrom(world.steward, world.outsider, 1, sender=world.steward)
    world.vote(proposal, 0, 1)
    world.end_vote(proposal)
    world.governor.executeCase(case, sender=world.stranger)
    assert (world.state(), world.switch.statusOf(1).epoch) == ("Active", 2)


def test_resume__version_switched_while_its_vote_runs__frees_neither(world: World) -> None:
    world.pause()
    number = world.next_version(activate=False)
    case, proposal = world.call_resume()
    world.registry.activate(1, number, sender=world.steward)
    world.vote(proposal, 0, 1)
    world.end_vote(proposal)
    assert world.registry.activeVersion(1) == number
    refused("VersionNotActive", world.governor.executeCase, case, sender=world.stranger)
    assert world.state() == "Paused"


def test_ballot__signed_under_the_domain_of_the_hub__skipped(world: World) -> None:
    trip(world)
    proposal = world.open(1)
    holder = world.holders[0]
    message = {"proposalId": proposal, "support": FOR, "voter": str(holder), "nonce": 0}
    for where in (
        signing.domain("Tribune ReportHub", world.chain_id, world.governor.address),
        signing.domain("Tribune PauseGovernor", world.chain_id, world.hub.address),
        signing.domain("Tribune OversightGovernor", world.chain_id, world.oversight.address),
    ):
        signature = signing._sign(holder.private_key, where, "Ballot", signing.BALLOT, message)
        ballot = (str(holder), FOR, "", signature)
        receipt = world.governor.castVotesBySig(proposal, [ballot], sender=world.stranger)
        assert len(events(receipt, "BallotSkipped")) == 1


def test_batch__relayer_gives_too_little_gas_for_a_wallet__its_ballot_can_still_be_relayed(
    world: World,
) -> None:
    wallet = world.stranger.deploy(ape.project.OwnedWallet, world.holders[0], world.token)
    world.token.transfer(wallet, 10**18, sender=world.holders[0])
    trip(world)
    proposal = world.open(1)
    account = world.holders[0]
    signature = signing.ballot(
        account.private_key,
        world.governor.address,
        proposal,
        str(wallet),
        FOR,
        chain_id=world.chain_id,
    )
    ballot = (str(wallet), FOR, "", signature)
    data = "0x" + bytes(world.governor.castVotesBySig.encode_input(proposal, [ballot])).hex()
    call = {"from": str(world.stranger), "to": world.governor.address, "data": data}
    enough = int(rpc("eth_estimateGas", call), 16)
    for gas in range(enough // 2, enough, 5_000):
        mark = rpc("evm_snapshot")
        done = int(mined(rpc("eth_sendTransaction", {**call, "gas": hex(gas)}))["status"], 16)
        if done and not world.governor.hasVoted(proposal, wallet):
            world.governor.castVotesBySig(proposal, [ballot], sender=world.stranger)
            assert world.governor.hasVoted(proposal, wallet)
        rpc("evm_revert", mark)
    world.governor.castVotesBySig(proposal, [ballot], sender=world.stranger)
    assert world.governor.hasVoted(proposal, wallet)


@pytest.mark.parametrize("call", ["pause", "resume", "mark_vote", "span", "holder_case"])
def test_timelock__acts_as_the_fast_lane__refused(world: World, call: str) -> None:
    trip(world)
    attempts: dict[str, tuple[Any, tuple[Any, ...]]] = {
        "pause": (world.switch.pause, (1, 1, 0)),
        "resume": (world.switch.resume, (1, 1, 0)),
        "mark_vote": (world.switch.markVote, (1, 7)),
        "span": (world.switch.setVoteSpan, (1,)),
        "holder_case": (world.switch.openHolderCase, (1, 4, 1, CONCLUSION)),
    }
    method, arguments = attempts[call]
    refused("AccessManagedUnauthorized", method, *arguments, sender=world.admin)
