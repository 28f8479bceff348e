"""Votes on cases: opened by anyone, once, in the window; cancelled, outrun or squatted by nobody."""

from __future__ import annotations

from typing import Any

from eth_utils.crypto import keccak

from contracts.calls import events, next_at, refused, warp_to
from contracts.kill_switch.breaches import open_breach_case, trip
from contracts.signing import AGAINST, FOR
from contracts.world import DELAY, EXECUTION_GRACE, PERIOD, SPAN, VOTE, World

CONCLUSION = keccak(text="conclusion")


def parts(world: World, case: int) -> tuple[Any, Any, Any, str]:
    """What a case's vote would carry out."""
    targets, values, calldatas, description = world.governor.proposalOf(case)
    return list(targets), list(values), list(calldatas), description


def test_open_case__by_a_stranger__vote_opened(world: World) -> None:
    trip(world)
    receipt = world.governor.openCase(1, sender=world.outsider)
    opened = events(receipt, "CaseVoteOpened")[0]
    proposal = world.proposal(1)
    assert (opened["caseId"], opened["proposalId"], opened["governor"]) == (1, proposal, world.governor)
    assert opened["voteEnds"] == receipt.timestamp + SPAN
    assert world.governor.proposalIdOf(1) == proposal
    assert world.governor.proposalProposer(proposal) == world.governor
    assert world.governor.proposalSnapshot(proposal) == receipt.timestamp + DELAY
    assert world.governor.proposalDeadline(proposal) == receipt.timestamp + DELAY + PERIOD


def test_open_case__twice__refused(world: World) -> None:
    trip(world)
    world.governor.openCase(1, sender=world.stranger)
    refused("GovernorUnexpectedProposalState", world.governor.openCase, 1, sender=world.stranger)


def test_open_case__after_its_vote_failed__refused(world: World) -> None:
    trip(world)
    world.end_vote(world.open(1))
    world.switch.poke(1, sender=world.stranger)
    refused("GovernorUnexpectedProposalState", world.governor.openCase, 1, sender=world.stranger)


def test_open_case__unknown__refused(world: World) -> None:
    refused("CaseUnknown", world.governor.openCase, 4, sender=world.stranger, caseId=4)


def test_open_case__window_over__refused(world: World) -> None:
    trip(world)
    warp_to(int(world.switch.caseOf(1).openUntil) + 1)
    refused("CaseWindowOver", world.governor.openCase, 1, sender=world.stranger, caseId=1)


def test_open_case__last_second_of_window__opened(world: World) -> None:
    trip(world)
    next_at(int(world.switch.caseOf(1).openUntil))
    world.governor.openCase(1, sender=world.stranger)
    assert world.proposal(1) != 0


def test_open_case__earlier_epoch__refused(world: World) -> None:
    open_breach_case(world, rule=1)
    world.vote(world.open(1), 0, 1)
    trip(world)
    world.governor.executeCase(1, sender=world.stranger)
    refused("EpochStale", world.governor.openCase, 2, sender=world.stranger, given=0, current=1)


def test_proposal_of__breach__one_pause_and_nothing_else(world: World) -> None:
    trip(world)
    targets, values, calldatas, description = parts(world, 1)
    call = world.switch.pause.encode_input(1, 1, 0)
    assert (targets, values) == ([world.switch], [0])
    assert [bytes(data) for data in calldatas] == [bytes(call)]
    assert description == "tribune/1/pause/1"


def test_proposal_of__resume__one_resume_and_nothing_else(world: World) -> None:
    world.pause()
    case, _ = world.call_resume()
    targets, values, calldatas, description = parts(world, case)
    call = world.switch.resume.encode_input(1, 1, 1)
    assert (targets, values) == ([world.switch], [0])
    assert [bytes(data) for data in calldatas] == [bytes(call)]
    assert description == f"tribune/1/resume/{case}"


def test_propose__squatting_on_a_cases_vote__refused(world: World) -> None:
    trip(world)
    for sender in (world.stranger, world.steward, world.holders[0], world.admin):
        refused("PauseGovernorClosed", world.governor.propose, *parts(world, 1), sender=sender)
    world.governor.openCase(1, sender=world.stranger)
    assert world.vote_state(world.proposal(1)) == "Pending"


def test_cancel__by_whoever_opened_while_pending__refused(world: World) -> None:
    trip(world)
    *call, description = parts(world, 1)
    digest = keccak(text=description)
    world.governor.openCase(1, sender=world.stranger)
    for sender in (world.stranger, world.steward, world.admin, world.as_governor):
        refused("PauseGovernorClosed", world.governor.cancel, *call, digest, sender=sender)


def test_cancel__running_vote__refused(world: World) -> None:
    trip(world)
    *call, description = parts(world, 1)
    world.open(1)
    refused("PauseGovernorClosed", world.governor.cancel, *call, keccak(text=description), sender=world.admin)


def test_queue__passed_vote__refused(world: World) -> None:
    trip(world)
    world.vote(world.open(1), 0, 1)
    *call, description = parts(world, 1)
    refused(
        "PauseGovernorClosed", world.governor.queue, *call, keccak(text=description), sender=world.stranger
    )


def test_relay__even_the_executive__refused(world: World) -> None:
    call = bytes(world.switch.setVoteSpan.encode_input(1))
    for sender in (world.admin, world.as_governor, world.stranger):
        refused("PauseGovernorClosed", world.governor.relay, world.switch.address, 0, call, sender=sender)


def test_execute_case__vote_running__refused(world: World) -> None:
    trip(world)
    world.vote(world.open(1), 0)
    refused("GovernorUnexpectedProposalState", world.governor.executeCase, 1, sender=world.stranger)


def test_execute_case__no_vote__refused(world: World) -> None:
    trip(world)
    refused("GovernorNonexistentProposal", world.governor.executeCase, 1, sender=world.stranger)


def test_execute_case__defeated__refused(world: World) -> None:
    trip(world)
    proposal = world.open(1)
    world.vote(proposal, 0, support=AGAINST)
    world.end_vote(proposal)
    refused("GovernorUnexpectedProposalState", world.governor.executeCase, 1, sender=world.stranger)


def test_execute_case__twice__refused(world: World) -> None:
    case = world.pause()
    refused("GovernorUnexpectedProposalState", world.governor.executeCase, case, sender=world.stranger)


def test_execute__by_openzeppelins_own_call__same_effect(world: World) -> None:
    trip(world)
    world.vote(world.open(1), 0, 1)
    *call, description = parts(world, 1)
    world.governor.execute(*call, keccak(text=description), sender=world.outsider)
    assert world.state() == "Paused"


def test_execute_case__last_second_of_grace__paused(world: World) -> None:
    trip(world)
    proposal = world.open(1)
    world.vote(proposal, 0, support=FOR)
    next_at(int(world.governor.proposalDeadline(proposal)) + EXECUTION_GRACE)
    world.governor.executeCase(1, sender=world.stranger)
    assert world.state() == "Paused"


def test_execute_case__after_grace__refused(world: World) -> None:
    trip(world)
    proposal = world.open(1)
    world.vote(proposal, 0, support=FOR)
    expires = int(world.governor.proposalDeadline(proposal)) + EXECUTION_GRACE
    warp_to(expires)
    assert world.vote_state(proposal) == "Succeeded"
    warp_to(expires + 1)
    assert world.vote_state(proposal) == "Expired"
    refused("GovernorUnexpectedProposalState", world.governor.executeCase, 1, sender=world.stranger)


def test_execute_case__early_success_after_grace__refused(world: World) -> None:
    trip(world)
    proposal = world.open(1)
    world.vote(proposal, 0, 1)
    assert world.vote_state(proposal) == "Succeeded"
    warp_to(int(world.governor.proposalDeadline(proposal)) + EXECUTION_GRACE + 1)
    refused("GovernorUnexpectedProposalState", world.governor.executeCase, 1, sender=world.stranger)


def test_execute_case__second_vote_of_the_same_epoch__refused(world: World) -> None:
    open_breach_case(world, rule=1)
    first = world.open(1)
    trip(world)
    second = world.open(2)
    for proposal in (first, second):
        world.vote(proposal, 0, 1)
    world.governor.executeCase(1, sender=world.stranger)
    refused("EpochStale", world.governor.executeCase, 2, sender=world.stranger, given=0, current=1)


def test_execute_case__pocketed_pause_after_a_resume__refused(world: World) -> None:
    open_breach_case(world, rule=1)
    first = world.open(1)
    trip(world)
    second = world.open(2)
    world.vote(second, 0, 1)
    world.vote(first, 0, 1)
    world.governor.executeCase(2, sender=world.stranger)
    case, proposal = world.call_resume()
    world.vote(proposal, 0, 1)
    world.end_vote(proposal)
    world.governor.executeCase(case, sender=world.stranger)
    assert world.vote_state(first) == "Succeeded"
    refused("EpochStale", world.governor.executeCase, 1, sender=world.stranger, given=0, current=2)


def test_execute_case__model_retired_meanwhile__refused(world: World) -> None:
    trip(world)
    world.vote(world.open(1), 0, 1)
    world.switch.retire(1, sender=world.admin)
    refused("EpochStale", world.governor.executeCase, 1, sender=world.stranger)


def test_execute_case__case_from_the_hub__paused(world: World) -> None:
    case = world.breach(VOTE)
    world.vote(world.open(case), 0, 1)
    receipt = world.governor.executeCase(case, sender=world.outsider)
    assert events(receipt, "StateChanged")[0]["current"] == 3


def test_call_resume__steward__vote_opened_at_once(world: World) -> None:
    world.pause()
    case, proposal = world.call_resume()
    found = world.switch.caseOf(case)
    assert (found.kind, found.version, found.vote) == (4, 1, proposal)
    assert bytes(found.evidence) == CONCLUSION


def test_call_resume__not_the_steward__refused(world: World) -> None:
    world.pause()
    for sender in (world.stranger, world.holders[0], world.admin):
        refused("PauseGovernorNotSteward", world.governor.callResume, 1, 1, CONCLUSION, sender=sender)


def test_call_resume__former_steward__refused(world: World) -> None:
    world.pause()
    world.registry.transferFrom(world.steward, world.outsider, 1, sender=world.steward)
    refused("PauseGovernorNotSteward", world.governor.callResume, 1, 1, CONCLUSION, sender=world.steward)


def test_call_resume__without_conclusion__refused(world: World) -> None:
    world.pause()
    refused("CallEvidenceMissing", world.governor.callResume, 1, 1, bytes(32), sender=world.steward)


def test_call_resume__running_model__refused(world: World) -> None:
    refused("StateInvalid", world.governor.callResume, 1, 1, CONCLUSION, sender=world.steward, state=1)


def test_call_resume__suspended_model__refused(world: World) -> None:
    trip(world)
    refused("StateInvalid", world.governor.callResume, 1, 1, CONCLUSION, sender=world.steward, state=2)


def test_call_resume__version_not_active__refused(world: World) -> None:
    world.pause()
    refused("VersionNotActive", world.governor.callResume, 1, 2, CONCLUSION, sender=world.steward, active=1)


def test_call_resume__one_running__refused(world: World) -> None:
    world.pause()
    case, _ = world.call_resume()
    refused("CaseAlreadyOpen", world.governor.callResume, 1, 1, CONCLUSION, sender=world.steward, caseId=case)


def test_execute_case__resume_of_a_version_no_longer_active__refused(world: World) -> None:
    world.pause()
    case, proposal = world.call_resume()
    world.vote(proposal, 0, 1)
    world.end_vote(proposal)
    world.next_version()
    refused("VersionNotActive", world.governor.executeCase, case, sender=world.stranger, given=1, active=2)
