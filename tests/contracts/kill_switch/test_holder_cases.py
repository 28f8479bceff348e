"""Cases that people call for: beside a breach's case, one of a kind at a time, cooling after a rejection.

The governor's part, signatures and thresholds, is in `tests/contracts/pause_governor/`.
"""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.crypto import keccak

from contracts.calls import events, next_at, refused, warp_to
from contracts.kill_switch.breaches import open_breach_case, trip
from contracts.pause_governor.holder_calls import (
    HARM,
    HOLDER_PAUSE,
    HOLDER_RESUME,
    call_pause,
    opened,
)
from contracts.signing import AGAINST, FOR
from contracts.world import COOLDOWN, EXECUTION_GRACE, World

CONCLUSION = keccak(text="conclusion")


def open_as_governor(world: World, kind: int, version: int = 1, model: int = 1) -> Any:
    return world.switch.openHolderCase(model, kind, version, HARM, sender=world.as_governor)


def refuse(world: World, error: str, kind: int, version: int = 1, model: int = 1, **expected: Any) -> None:
    refused(
        error,
        world.switch.openHolderCase,
        model,
        kind,
        version,
        HARM,
        sender=world.as_governor,
        **expected,
    )


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_open_holder_case__kind_that_people_do_not_call_for__refused(world: World, kind: int) -> None:
    refuse(world, "CaseKindInvalid", kind)


@pytest.mark.parametrize("suspended", [False, True])
def test_open_holder_case__pause_of_a_model_in_service_or_suspended__opened(
    world: World, suspended: bool
) -> None:
    if suspended:
        trip(world)
    open_as_governor(world, HOLDER_PAUSE)
    case = world.switch.caseOf(world.switch.caseCount())
    assert (case.kind, case.severity, bytes(case.evidence), case.bound) == (HOLDER_PAUSE, 1, HARM, 0)


def test_open_holder_case__pause_of_a_paused_model__refused(world: World) -> None:
    world.pause()
    refuse(world, "StateInvalid", HOLDER_PAUSE, state=3)


def test_open_holder_case__pause_of_a_retired_model__refused(world: World) -> None:
    world.switch.retire(1, sender=world.admin)
    refuse(world, "StateInvalid", HOLDER_PAUSE, state=4)


def test_open_holder_case__pause_of_an_unknown_model__refused(world: World) -> None:
    refuse(world, "StateInvalid", HOLDER_PAUSE, model=99, state=0)


def test_open_holder_case__pause_about_an_unknown_version__refused(world: World) -> None:
    refuse(world, "ModelVersionUnknown", HOLDER_PAUSE, version=2)


def test_open_holder_case__pause_about_a_version_not_in_force__opened(world: World) -> None:
    """Activating another version must not make a call void."""
    world.next_version()
    open_as_governor(world, HOLDER_PAUSE, version=1)
    assert world.switch.caseOf(1).version == 1


def test_open_holder_case__second_pause_while_one_is_voted_on__refused(world: World) -> None:
    call_pause(world, 0)
    refuse(world, "CaseAlreadyOpen", HOLDER_PAUSE, caseId=1)


def test_open_holder_case__passed_pause_waits_to_be_carried_out__refused(world: World) -> None:
    call_pause(world, 0)
    case, proposal = opened(world)
    world.vote(proposal, 0, support=FOR)
    world.end_vote(proposal)
    warp_to(int(world.switch.caseOf(case).voteEnds) + 1)
    assert world.vote_state(proposal) == "Succeeded"
    refuse(world, "CaseAlreadyOpen", HOLDER_PAUSE, caseId=case)


def test_open_holder_case__passed_pause_expired__another_may_open(world: World) -> None:
    call_pause(world, 0)
    _, proposal = opened(world)
    world.vote(proposal, 0, support=FOR)
    warp_to(int(world.governor.proposalDeadline(proposal)) + EXECUTION_GRACE + 1)
    call_pause(world, 0)
    assert world.switch.caseCount() == 2


def test_open_holder_case__last_call_was_without_quorum__another_may_open(world: World) -> None:
    call_pause(world, 0)
    case, proposal = opened(world)
    world.end_vote(proposal)
    world.switch.poke(case, sender=world.stranger)
    warp_to(int(world.switch.caseOf(case).voteEnds) + 1)
    call_pause(world, 0)
    assert (world.outcome(case), world.switch.caseCount()) == ("Lapsed", 2)


def test_trip__while_a_call_is_voted_on__has_a_case_of_its_own(world: World) -> None:
    call_pause(world, 0)
    receipt = trip(world)
    assert not events(receipt, "CaseJoined")
    assert (world.switch.statusOf(1).caseId, world.switch.caseOf(1).bound) == (2, 0)
    world.open(2)
    assert world.vote_state(world.proposal(2)) == "Active"


def test_open_holder_case__while_a_breach_is_voted_on__not_in_its_way(world: World) -> None:
    open_breach_case(world, rule=1)
    first = world.open(1)
    call_pause(world, 0)
    _, second = opened(world)
    world.vote(second, 0, support=AGAINST)
    world.vote(first, 0, 1)
    world.governor.executeCase(1, sender=world.stranger)
    assert world.state() == "Paused"


def test_execute_case__two_votes_to_the_same_effect__the_second_has_none(world: World) -> None:
    open_breach_case(world, rule=1)
    first = world.open(1)
    call_pause(world, 0)
    case, second = opened(world)
    for proposal in (first, second):
        world.vote(proposal, 0, 1)
    world.governor.executeCase(case, sender=world.stranger)
    refused("EpochStale", world.governor.executeCase, 1, sender=world.stranger)
    assert world.switch.statusOf(1).epoch == 1


def test_poke__call_for_a_pause_rejected__the_suspension_stands(world: World) -> None:
    trip(world)
    until = world.switch.statusOf(1).until
    call_pause(world, 0)
    case, proposal = opened(world)
    world.vote(proposal, 0, support=AGAINST)
    world.end_vote(proposal)
    world.switch.poke(case, sender=world.stranger)
    assert (world.outcome(case), world.state()) == ("Rejected", "Suspended")
    assert world.switch.statusOf(1).until == until
    assert world.switch.coolingUntil(1, 1, world.policy_digest(), 0) == 0


def test_poke__call_for_a_resume_rejected__no_other_for_a_while(world: World) -> None:
    world.pause()
    case, proposal = world.call_resume()
    world.vote(proposal, 0, support=AGAINST)
    world.end_vote(proposal)
    receipt = world.switch.poke(case, sender=world.stranger)
    ends = int(world.switch.caseOf(case).voteEnds)
    from_ = min(int(receipt.timestamp), ends) + COOLDOWN
    assert world.switch.resumesFrom(1) == from_
    warp_to(from_ - 1)
    refuse(world, "ResumeCooling", HOLDER_RESUME, **{"from": from_})
    next_at(from_)
    world.governor.callResume(1, 1, CONCLUSION, sender=world.steward)
    assert world.switch.caseCount() == case + 1


def test_status_of__call_voted_on__named_and_says_nothing_of_the_monitors(world: World) -> None:
    call_pause(world, 0)
    status = world.switch.statusOf(1)
    assert (status.caseId, status.oversight) == (1, 0)


def test_status_of__breach_beside_a_call__the_breach_is_named(world: World) -> None:
    call_pause(world, 0)
    open_breach_case(world, rule=1)
    assert world.switch.statusOf(1).caseId == 2


def test_execute_case__call_for_a_pause_passed__paused_by_that_case(world: World) -> None:
    call_pause(world, 0)
    case, proposal = opened(world)
    world.vote(proposal, 0, 1)
    world.governor.executeCase(case, sender=world.stranger)
    status = world.switch.statusOf(1)
    assert (world.state(), status.caseId, status.epoch) == ("Paused", case, 1)
