"""Holders call for a vote together: what they may call for, when, and that a call is used once."""

from __future__ import annotations

import pytest

from contracts.calls import events, next_at, now, refused, warp_to
from contracts.kill_switch.breaches import trip
from contracts.pause_governor.holder_calls import (
    ENOUGH,
    HARM,
    HOLDER_PAUSE,
    HOLDER_RESUME,
    TOO_LITTLE,
    a_call,
    call_pause,
    opened,
    refuse,
    signed,
)
from contracts.signing import FOR
from contracts.world import World

UNIT = 10**18


def test_call_pause__power_reaches_the_threshold__vote_opened_at_once(world: World) -> None:
    receipt = call_pause(world, ENOUGH)
    case, proposal = opened(world)
    found = world.switch.caseOf(case)
    assert (found.kind, found.version, bytes(found.evidence), found.vote) == (3, 1, HARM, proposal)
    assert world.vote_state(proposal) == "Active"
    assert events(receipt, "HoldersCalled")[0] == {
        "modelId": 1,
        "kind": 3,
        "round": 0,
        "caseId": case,
        "power": 10 * UNIT,
    }


def test_call_pause__vote_passed__paused(world: World) -> None:
    call_pause(world, ENOUGH)
    case, proposal = opened(world)
    world.vote(proposal, 0, 1)
    world.governor.executeCase(case, sender=world.stranger)
    assert world.state() == "Paused"


def test_call_pause__without_evidence__refused(world: World) -> None:
    call = a_call(world, evidence=bytes(32))
    refuse(world, "CallEvidenceMissing", call, signed(world, call, 0), modelId=1)


def test_call_pause__last_second_of_the_deadline__opened(world: World) -> None:
    call = a_call(world)
    next_at(call.deadline)
    world.governor.callPause(call.struct, signed(world, call, 0), sender=world.stranger)
    assert world.switch.caseCount() == 1


def test_call_pause__after_the_deadline__refused(world: World) -> None:
    call = a_call(world)
    warp_to(call.deadline + 1)
    refuse(world, "CallExpired", call, signed(world, call, 0), deadline=call.deadline)


@pytest.mark.parametrize("kind", [0, 1, 2, HOLDER_RESUME, 5, 255])
def test_call_pause__of_another_kind__refused(world: World, kind: int) -> None:
    call = a_call(world).but(kind=kind)
    refuse(world, "CallKindInvalid", call, signed(world, call, 0), kind=kind)


def test_call_resume__of_another_kind__refused(world: World) -> None:
    world.pause()
    call = a_call(world)
    refused(
        "CallKindInvalid",
        world.governor.callResume,
        call.struct,
        signed(world, call, 0),
        sender=world.stranger,
        kind=HOLDER_PAUSE,
    )


def test_call_pause__used_already__refused(world: World) -> None:
    call = a_call(world)
    signatures = signed(world, call, 0)
    world.governor.callPause(call.struct, signatures, sender=world.stranger)
    assert world.governor.roundOf(1, HOLDER_PAUSE) == 1
    world.end_vote(world.proposal(1))
    warp_to(int(world.switch.caseOf(1).voteEnds) + 1)
    long = call.but(deadline=now() + 500)
    refuse(world, "CallRoundStale", long, signed(world, long, 0), given=0, current=1)


def test_call_pause__round_not_yet_reached__refused(world: World) -> None:
    call = a_call(world).but(round=1)
    refuse(world, "CallRoundStale", call, signed(world, call, 0), given=1, current=0)


def test_round_of__pause_called__resume_and_other_models_have_their_own(world: World) -> None:
    call_pause(world, 0)
    assert world.governor.roundOf(1, HOLDER_RESUME) == 0
    assert world.governor.roundOf(2, HOLDER_PAUSE) == 0


def test_round_of__refused_call__not_used_up(world: World) -> None:
    call = a_call(world)
    refuse(world, "CallBelowThreshold", call, signed(world, call, TOO_LITTLE))
    assert world.governor.roundOf(1, HOLDER_PAUSE) == 0


@pytest.mark.parametrize("epoch", [1, 7])
def test_call_pause__of_another_epoch__refused(world: World, epoch: int) -> None:
    call = a_call(world).but(epoch=epoch)
    refuse(world, "CallEpochStale", call, signed(world, call, 0), given=epoch, current=0)


def test_call_pause__signed_before_a_pause_and_resume__refused(world: World) -> None:
    call = a_call(world).but(deadline=now() + 10**6)
    world.pause()
    world.resume()
    refuse(world, "CallEpochStale", call, signed(world, call, 0), given=0, current=2)


def test_call_pause__paused_model__refused(world: World) -> None:
    world.pause()
    call = a_call(world)
    refuse(world, "StateInvalid", call, signed(world, call, 0), state=3)


def test_call_pause__unknown_version__refused(world: World) -> None:
    call = a_call(world, version=9)
    refuse(world, "ModelVersionUnknown", call, signed(world, call, 0), version=9)


def test_call_pause__one_is_voted_on__refused(world: World) -> None:
    call_pause(world, 0)
    call = a_call(world)
    refuse(world, "CaseAlreadyOpen", call, signed(world, call, 0), caseId=1)


def test_call_resume__holders_of_a_paused_model__vote_passed_and_active(world: World) -> None:
    world.pause()
    call = a_call(world, HOLDER_RESUME)
    world.governor.callResume(call.struct, signed(world, call, ENOUGH), sender=world.stranger)
    case, proposal = opened(world)
    assert (world.switch.caseOf(case).kind, bytes(world.switch.caseOf(case).evidence)) == (4, HARM)
    world.vote(proposal, 0, 1)
    world.end_vote(proposal)
    world.governor.executeCase(case, sender=world.stranger)
    assert (world.state(), world.switch.statusOf(1).epoch) == ("Active", 2)


def test_call_resume__super_quorum__does_not_end_it_early(world: World) -> None:
    world.pause()
    call = a_call(world, HOLDER_RESUME)
    world.governor.callResume(call.struct, signed(world, call, ENOUGH), sender=world.stranger)
    _, proposal = opened(world)
    world.vote(proposal, 0, 1, 2)
    assert world.vote_state(proposal) == "Active"


def test_call_resume__model_in_service__refused(world: World) -> None:
    call = a_call(world, HOLDER_RESUME)
    refused(
        "StateInvalid",
        world.governor.callResume,
        call.struct,
        signed(world, call, 0),
        sender=world.stranger,
        state=1,
    )


def test_call_resume__version_not_in_force__refused(world: World) -> None:
    world.pause()
    world.next_version(activate=False)
    call = a_call(world, HOLDER_RESUME, version=2)
    refused(
        "VersionNotActive",
        world.governor.callResume,
        call.struct,
        signed(world, call, 0),
        sender=world.stranger,
        given=2,
        active=1,
    )


def test_call_resume__below_the_threshold__refused(world: World) -> None:
    world.pause()
    call = a_call(world, HOLDER_RESUME)
    refused(
        "CallBelowThreshold",
        world.governor.callResume,
        call.struct,
        signed(world, call, TOO_LITTLE),
        sender=world.stranger,
    )


def test_call_resume__steward_has_called__refused_while_that_is_voted_on(world: World) -> None:
    world.pause()
    case, _ = world.call_resume()
    call = a_call(world, HOLDER_RESUME)
    refused(
        "CaseAlreadyOpen",
        world.governor.callResume,
        call.struct,
        signed(world, call, 0),
        sender=world.stranger,
        caseId=case,
    )


def test_call_pause__suspended_model__the_vote_makes_it_last(world: World) -> None:
    trip(world)
    call_pause(world, ENOUGH)
    case, proposal = opened(world)
    world.vote(proposal, 0, 1, support=FOR)
    world.governor.executeCase(case, sender=world.stranger)
    warp_to(now() + 10**7)
    assert world.state() == "Paused"
