"""The guardian suspends one model at once: bounded, used up, voted on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.calls import events, next_at, now, refused, warp_to
from contracts.kill_switch.breaches import open_breach_case, trip
from contracts.kill_switch.guardians import WHY, appoint, more_models
from contracts.signing import AGAINST, FOR
from contracts.world import (
    GUARDIAN_MODELS,
    GUARDIAN_PERIOD,
    HARD_CAP,
    INITIAL,
    MARGIN,
    REFILL,
    SPAN,
    VOTE,
    WINDOW,
    World,
)

LENGTH = WINDOW + SPAN + MARGIN


def test_guardian_suspend__active__suspended_for_as_long_as_a_vote_needs(world: World) -> None:
    receipt = world.switch.guardianSuspend(1, WHY, sender=appoint(world))
    status = world.switch.statusOf(1)
    assert (world.state(), status.until, status.caseId) == ("Suspended", receipt.timestamp + LENGTH, 1)
    assert not world.switch.isOperational(1)


def test_guardian_suspend__active__opens_a_case_that_says_why(world: World) -> None:
    receipt = world.switch.guardianSuspend(1, WHY, sender=appoint(world))
    case = world.switch.caseOf(1)
    assert (case.modelId, case.version, case.kind, case.severity) == (1, 1, 1, 2)
    assert (bytes(case.evidence), case.bound) == (WHY, receipt.timestamp + LENGTH)
    said = events(receipt, "GuardianSuspended")[0]
    assert (said["modelId"], said["caseId"], bytes(said["evidence"])) == (1, 1, WHY)
    assert world.switch.guardianUsed(1)


def test_guardian_suspend__draws_on_the_models_budget(world: World) -> None:
    world.switch.guardianSuspend(1, WHY, sender=appoint(world))
    assert world.switch.budgetUsed(1) == LENGTH


def test_guardian_suspend__without_evidence__refused(world: World) -> None:
    guardian = appoint(world)
    refused("GuardianEvidenceMissing", world.switch.guardianSuspend, 1, bytes(32), sender=guardian, modelId=1)


@pytest.mark.parametrize(("state", "number"), [("Suspended", 2), ("Paused", 3), ("Retired", 4)])
def test_guardian_suspend__not_active__refused(world: World, state: str, number: int) -> None:
    guardian = appoint(world)
    if state == "Suspended":
        trip(world)
    elif state == "Paused":
        world.pause()
    else:
        world.switch.retire(1, sender=world.admin)
    refused("StateInvalid", world.switch.guardianSuspend, 1, WHY, sender=guardian, state=number)
    assert not world.switch.guardianUsed(1)


def test_guardian_suspend__unknown_model__refused(world: World) -> None:
    refused("StateInvalid", world.switch.guardianSuspend, 99, WHY, sender=appoint(world), state=0)


def test_guardian_suspend__same_model_again__refused_for_good(world: World) -> None:
    guardian = appoint(world)
    world.switch.guardianSuspend(1, WHY, sender=guardian)
    warp_to(now() + 10 * GUARDIAN_PERIOD)
    assert world.state() == "Active"
    refused("GuardianModelUsed", world.switch.guardianSuspend, 1, WHY, sender=guardian, modelId=1)


def test_rearm__that_model__suspended_again(world: World) -> None:
    guardian = appoint(world)
    world.switch.guardianSuspend(1, WHY, sender=guardian)
    warp_to(int(world.switch.statusOf(1).until))
    receipt = world.switch.rearm([1], sender=world.admin)
    assert [list(event["modelIds"]) for event in events(receipt, "GuardianRearmed")] == [[1]]
    assert not world.switch.guardianUsed(1)
    world.switch.guardianSuspend(1, WHY, sender=guardian)
    assert world.state() == "Suspended"


def test_rearm__another_model__this_one_stays_used(world: World) -> None:
    guardian = appoint(world)
    world.switch.guardianSuspend(1, WHY, sender=guardian)
    warp_to(int(world.switch.statusOf(1).until))
    world.switch.rearm([2], sender=world.admin)
    refused("GuardianModelUsed", world.switch.guardianSuspend, 1, WHY, sender=guardian)


def test_guardian_suspend__more_models_than_a_period_allows__refused_until_it_is_over(world: World) -> None:
    assert GUARDIAN_MODELS == 2
    second, third = more_models(world, 2)
    guardian = appoint(world)
    first = world.switch.guardianSuspend(1, WHY, sender=guardian)
    world.switch.guardianSuspend(second, WHY, sender=guardian)
    until = int(first.timestamp) + GUARDIAN_PERIOD
    refused("GuardianPeriodUsed", world.switch.guardianSuspend, third, WHY, sender=guardian, until=until)
    warp_to(until - 1)
    refused("GuardianPeriodUsed", world.switch.guardianSuspend, third, WHY, sender=guardian)
    next_at(until)
    world.switch.guardianSuspend(third, WHY, sender=guardian)
    assert world.state(third) == "Suspended"


def test_guardian_suspend__first_use_has_left_the_period__the_second_still_counts(world: World) -> None:
    second, third, fourth = more_models(world, 3)
    guardian = appoint(world)
    began = int(world.switch.guardianSuspend(1, WHY, sender=guardian).timestamp)
    next_at(began + GUARDIAN_PERIOD - 100)
    later = int(world.switch.guardianSuspend(second, WHY, sender=guardian).timestamp)
    next_at(began + GUARDIAN_PERIOD)
    world.switch.guardianSuspend(third, WHY, sender=guardian)
    refused(
        "GuardianPeriodUsed",
        world.switch.guardianSuspend,
        fourth,
        WHY,
        sender=guardian,
        until=later + GUARDIAN_PERIOD,
    )


def test_rearm__period_used__begins_anew(world: World) -> None:
    second, third = more_models(world, 2)
    guardian = appoint(world)
    for model in (1, second):
        world.switch.guardianSuspend(model, WHY, sender=guardian)
    world.switch.rearm([], sender=world.admin)
    world.switch.guardianSuspend(third, WHY, sender=guardian)
    assert world.state(third) == "Suspended"
    assert world.switch.guardianUsed(1)


def test_guardian_suspend__no_models_allowed__refused(world: World) -> None:
    none = replace(INITIAL, guardian_models=0).as_tuple()
    world.switch.setParameters(none, sender=world.admin)
    guardian = appoint(world)
    refused("GuardianPeriodUsed", world.switch.guardianSuspend, 1, WHY, sender=guardian, until=2**48 - 1)


def test_guardian_suspend__fewer_models_allowed_meanwhile__earlier_uses_count(world: World) -> None:
    (second,) = more_models(world, 1)
    guardian = appoint(world)
    world.switch.guardianSuspend(1, WHY, sender=guardian)
    world.switch.setParameters(replace(INITIAL, guardian_models=1).as_tuple(), sender=world.admin)
    refused("GuardianPeriodUsed", world.switch.guardianSuspend, second, WHY, sender=guardian)


def test_guardian_suspend__budget_used_up__opens_its_case_and_does_not_suspend(world: World) -> None:
    guardian = appoint(world)
    for _ in range(2):
        trip(world, suspension=HARD_CAP)
        warp_to(int(world.switch.statusOf(1).until))
    receipt = world.switch.guardianSuspend(1, WHY, sender=guardian)
    exhausted = events(receipt, "BudgetExhausted")[0]
    assert (exhausted["modelId"], exhausted["caseId"], exhausted["needed"]) == (1, 3, LENGTH)
    assert (world.state(), world.switch.caseOf(3).bound, world.switch.caseOf(3).kind) == ("Active", 0, 1)
    world.vote(world.open(3), 0, 1)
    world.governor.executeCase(3, sender=world.stranger)
    assert world.state() == "Paused"


def test_execute_case__guardians_vote_passed__paused(world: World) -> None:
    world.switch.guardianSuspend(1, WHY, sender=appoint(world))
    world.vote(world.open(1), 0, 1)
    world.governor.executeCase(1, sender=world.stranger)
    assert (world.state(), world.outcome(1)) == ("Paused", "Upheld")


def test_poke__guardians_vote_rejected__active_and_the_rest_given_back(world: World) -> None:
    began = int(world.switch.guardianSuspend(1, WHY, sender=appoint(world)).timestamp)
    proposal = world.open(1)
    world.vote(proposal, 0, support=AGAINST)
    world.end_vote(proposal)
    ended = int(world.switch.poke(1, sender=world.stranger).timestamp)
    served = ended - began
    assert (world.state(), world.outcome(1)) == ("Active", "Rejected")
    assert world.switch.budgetUsed(1) == served - served * REFILL // 1_000_000


def test_poke__guardians_vote_rejected__cools_no_rule_and_no_call(world: World) -> None:
    world.switch.guardianSuspend(1, WHY, sender=appoint(world))
    proposal = world.open(1)
    world.vote(proposal, 0, support=AGAINST)
    world.end_vote(proposal)
    world.switch.poke(1, sender=world.stranger)
    assert world.switch.resumesFrom(1) == 0
    assert world.switch.coolingUntil(1, 1, world.policy_digest(), 0) == 0
    trip(world, frame=(now() - world.base) // 1000 + 1)
    assert world.state() == "Suspended"


def test_poke__guardians_vote_without_quorum__suspension_runs_out(world: World) -> None:
    world.switch.guardianSuspend(1, WHY, sender=appoint(world))
    until = int(world.switch.statusOf(1).until)
    proposal = world.open(1)
    world.vote(proposal, 4, support=AGAINST)
    world.end_vote(proposal)
    world.switch.poke(1, sender=world.stranger)
    assert (world.outcome(1), world.switch.statusOf(1).until) == ("Lapsed", until)
    warp_to(until)
    assert world.state() == "Active"


def test_guardian_suspend__breach_waits_for_its_vote__both_can_be_voted_on(world: World) -> None:
    open_breach_case(world, rule=VOTE)
    world.switch.guardianSuspend(1, WHY, sender=appoint(world))
    first, second = world.open(1), world.open(2)
    world.vote(second, 0, support=AGAINST)
    world.vote(first, 0, 1, support=FOR)
    world.governor.executeCase(1, sender=world.stranger)
    assert (world.state(), world.outcome(1)) == ("Paused", "Upheld")


def test_trip__while_the_guardian_suspends__joins_and_the_case_stays_the_guardians(world: World) -> None:
    world.switch.guardianSuspend(1, WHY, sender=appoint(world))
    until = world.switch.statusOf(1).until
    receipt = trip(world)
    case = world.switch.caseOf(1)
    assert events(receipt, "CaseJoined")[0]["caseId"] == 1
    assert (case.kind, bytes(case.evidence), case.rule) == (1, WHY, 0)
    assert (world.switch.caseCount(), world.switch.statusOf(1).until) == (1, until)


def test_trip__guardians_suspension_ran_out_and_its_case_is_live__suspends_by_a_case_of_its_own(
    world: World,
) -> None:
    for _ in range(2):
        trip(world, suspension=HARD_CAP)
        warp_to(int(world.switch.statusOf(1).until))
    world.switch.guardianSuspend(1, WHY, sender=appoint(world))
    assert world.state() == "Active"
    richer = replace(INITIAL, budget_s=100_000).as_tuple()
    world.switch.setParameters(richer, sender=world.admin)
    trip(world, rule=3)
    assert (world.state(), world.switch.statusOf(1).caseId, world.switch.caseOf(3).bound) == (
        "Suspended",
        4,
        0,
    )


def test_status_of__suspended_by_the_guardian__says_nothing_of_the_monitors(world: World) -> None:
    world.switch.guardianSuspend(1, WHY, sender=appoint(world))
    assert world.switch.statusOf(1).oversight == 0


def test_revoke_role__guardian_dismissed__refused(world: World) -> None:
    guardian = appoint(world)
    world.access.revokeRole(3, guardian, sender=world.admin)
    refused("AccessManagedUnauthorized", world.switch.guardianSuspend, 1, WHY, sender=guardian)
    refused("AccessManagedUnauthorized", world.switch.guardianHalt, sender=guardian)
