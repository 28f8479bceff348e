"""A captured guardian: everything that its key can do, and how that ends."""

from __future__ import annotations

import pytest

from contracts.calls import events, now, refused, warp_to
from contracts.kill_switch.breaches import breach, open_breach_case, trip
from contracts.kill_switch.guardians import WHY, appoint, more_models
from contracts.signing import AGAINST
from contracts.world import (
    GUARDIAN_MODELS,
    HALT_BUDGET,
    HARD_CAP,
    INITIAL,
    MARGIN,
    SPAN,
    STEP,
    TRIP,
    VOTE,
    WINDOW,
    World,
    hit,
)

LENGTH = WINDOW + SPAN + MARGIN


def test_captured_guardian__acts_as_often_as_it_can__each_model_is_free_within_its_bounds(
    world: World,
) -> None:
    """Service lost without any vote: one suspension of few models, and one halt."""
    models = [1, *more_models(world, 3)]
    guardian = appoint(world)
    began, lost = now(), dict.fromkeys(models, 0)
    world.switch.guardianHalt(sender=guardian)
    suspended: list[int] = []
    for model in models[: GUARDIAN_MODELS + 1]:
        if len(suspended) < GUARDIAN_MODELS:
            world.switch.guardianSuspend(model, WHY, sender=guardian)
            suspended.append(model)
        else:
            refused("GuardianPeriodUsed", world.switch.guardianSuspend, model, WHY, sender=guardian)
    while now() < began + 2 * (HALT_BUDGET + LENGTH):
        warp_to(now() + 250)
        for model in models:
            lost[model] += 0 if world.switch.isOperational(model) else 250
    refused("GuardianHaltUsed", world.switch.guardianHalt, sender=guardian)
    for model in models:
        assert world.switch.isOperational(model)
        assert HALT_BUDGET - 250 <= lost[model] <= HALT_BUDGET + LENGTH + 250


def test_captured_guardian__halts_after_its_suspension__no_longer_than_both_together(world: World) -> None:
    guardian = appoint(world)
    began = int(world.switch.guardianSuspend(1, WHY, sender=guardian).timestamp)
    warp_to(began + LENGTH - 1)
    world.switch.guardianHalt(sender=guardian)
    warp_to(began + LENGTH + HALT_BUDGET + 5)
    assert world.switch.isOperational(1)


def test_captured_guardian__nobody_wants_its_halt__governance_ends_it(world: World) -> None:
    world.switch.guardianHalt(sender=appoint(world))
    world.switch.halt(0, sender=world.admin)
    assert world.switch.isOperational(1)


def test_captured_guardian__suspends_a_healthy_model__holders_free_it_early(world: World) -> None:
    world.switch.guardianSuspend(1, WHY, sender=appoint(world))
    until = int(world.switch.statusOf(1).until)
    proposal = world.open(1)
    world.vote(proposal, 0, support=AGAINST)
    world.end_vote(proposal)
    world.switch.poke(1, sender=world.stranger)
    assert (world.state(), now() < until) == ("Active", True)


@pytest.mark.parametrize("name", ["pause", "resume", "trip", "retire", "halt", "rearm", "setParameters"])
def test_captured_guardian__anything_else__refused(world: World, name: str) -> None:
    guardian = appoint(world)
    world.switch.guardianSuspend(1, WHY, sender=guardian)
    arguments = {
        "pause": (1, 1, 0),
        "resume": (1, 1, 0),
        "trip": (breach(world),),
        "retire": (1,),
        "halt": (2**48 - 1,),
        "rearm": ([1],),
        "setParameters": (INITIAL.as_tuple(),),
    }
    refused("AccessManagedUnauthorized", getattr(world.switch, name), *arguments[name], sender=guardian)
    assert world.state() == "Suspended"


def test_captured_guardian__has_no_vote_in_its_own_case__nor_a_call(world: World) -> None:
    guardian = appoint(world)
    world.switch.guardianSuspend(1, WHY, sender=guardian)
    proposal = world.open(1)
    world.governor.castVote(proposal, 1, sender=guardian)
    assert list(world.governor.proposalVotes(proposal)) == [0, 0, 0]


def test_guardian_as_a_shield__suspends_just_before_a_breach_is_judged__the_next_frame_trips(
    world: World,
) -> None:
    """The breach joins the guardian's case; if that is rejected nothing cools, so the rule is free to act."""
    guardian = appoint(world)
    warp_to(world.frame_end(2))
    world.switch.guardianSuspend(1, WHY, sender=guardian)
    receipt = world.judge(2, hit(TRIP))
    assert events(receipt, "CaseJoined")[0]["caseId"] == 1
    proposal = world.open(1)
    world.vote(proposal, 0, support=AGAINST)
    world.end_vote(proposal)
    world.switch.poke(1, sender=world.stranger)
    assert world.state() == "Active"
    world.judge((now() - world.base) // STEP + 1, hit(TRIP))
    assert (world.state(), world.switch.caseOf(2).rule) == ("Suspended", TRIP)


def test_guardian_as_a_shield__a_breachs_vote_runs__goes_on_to_its_end(world: World) -> None:
    open_breach_case(world, rule=VOTE)
    proposal = world.open(1)
    world.switch.guardianSuspend(1, WHY, sender=appoint(world))
    world.vote(proposal, 0, 1)
    world.governor.executeCase(1, sender=world.stranger)
    assert world.state() == "Paused"


def test_guardian_as_a_shield__uses_up_the_budget__a_vote_still_pauses(world: World) -> None:
    for _ in range(2):
        trip(world, suspension=HARD_CAP)
        warp_to(int(world.switch.statusOf(1).until))
    receipt = trip(world, rule=3)
    assert events(receipt, "BudgetExhausted")
    case = int(world.switch.caseCount())
    world.vote(world.open(case), 0, 1)
    world.governor.executeCase(case, sender=world.stranger)
    assert world.state() == "Paused"
