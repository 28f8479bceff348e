"""A vote that ends a suspension early gives back what was not served, and no more."""

from __future__ import annotations

import pytest

from contracts.calls import next_at, now, warp_to
from contracts.kill_switch.breaches import open_breach_case, trip
from contracts.pause_governor.holder_calls import call_pause, opened
from contracts.signing import AGAINST
from contracts.world import HARD_CAP, REFILL, SUSPENSION, VOTE, World


def refilled(seconds: int) -> int:
    return seconds * REFILL // 1_000_000


def test_execute_case__suspended_by_this_case__rest_given_back(world: World) -> None:
    began = int(trip(world).timestamp)
    world.vote(world.open(1), 0, 1)
    served = int(world.governor.executeCase(1, sender=world.stranger).timestamp) - began
    assert world.switch.budgetUsed(1) == served - refilled(served)


def test_execute_case__suspended_by_another_case__rest_given_back(world: World) -> None:
    open_breach_case(world, rule=VOTE)
    proposal = world.open(1)
    began = int(trip(world).timestamp)
    world.vote(proposal, 0, 1)
    served = int(world.governor.executeCase(1, sender=world.stranger).timestamp) - began
    assert (world.state(), world.switch.statusOf(1).caseId) == ("Paused", 1)
    assert world.switch.budgetUsed(1) == served - refilled(served)


def test_execute_case__holders_call_while_suspended__rest_given_back(world: World) -> None:
    began = int(trip(world).timestamp)
    call_pause(world, 0)
    case, proposal = opened(world)
    world.vote(proposal, 0, 1)
    served = int(world.governor.executeCase(case, sender=world.stranger).timestamp) - began
    assert world.state() == "Paused"
    assert world.switch.budgetUsed(1) == served - refilled(served)


def test_execute_case__suspension_ran_out_before__nothing_given_back(world: World) -> None:
    trip(world, suspension=1)
    used = int(world.switch.budgetUsed(1))
    world.vote(world.open(1), 0, 1)
    until = int(world.switch.statusOf(1).until)
    next_at(until)
    world.governor.executeCase(1, sender=world.stranger)
    assert world.switch.budgetUsed(1) == used - refilled(used)


def test_execute_case__in_the_last_second__one_second_given_back(world: World) -> None:
    trip(world)
    world.vote(world.open(1), 0, 1)
    next_at(int(world.switch.statusOf(1).until) - 1)
    world.governor.executeCase(1, sender=world.stranger)
    assert world.switch.budgetUsed(1) == SUSPENSION - refilled(SUSPENSION - 1) - 1


def test_poke__another_case_rejected__gives_nothing_back(world: World) -> None:
    open_breach_case(world, rule=VOTE)
    proposal = world.open(1)
    trip(world, suspension=HARD_CAP)
    until = world.switch.statusOf(1).until
    world.vote(proposal, 0, support=AGAINST)
    world.end_vote(proposal)
    world.switch.poke(1, sender=world.stranger)
    assert (world.outcome(1), world.state(), world.switch.statusOf(1).until) == (
        "Rejected",
        "Suspended",
        until,
    )
    assert world.switch.budgetUsed(1) > HARD_CAP - refilled(HARD_CAP)


@pytest.mark.parametrize("days", [1, 10])
def test_refund__after_a_long_time__never_below_nothing(world: World, days: int) -> None:
    trip(world)
    proposal = world.open(1)
    world.vote(proposal, 0, support=AGAINST)
    world.end_vote(proposal)
    world.switch.poke(1, sender=world.stranger)
    warp_to(now() + days * 86_400)
    assert world.switch.budgetUsed(1) == 0
