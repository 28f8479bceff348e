"""A global halt: by the guardian once and bounded, by governance as long as it decides."""

from __future__ import annotations

from dataclasses import replace

from contracts.calls import events, next_at, now, refused, warp_to
from contracts.kill_switch.breaches import trip
from contracts.kill_switch.guardians import appoint, more_models
from contracts.world import HALT_BUDGET, INITIAL, SUSPENSION, World

NEVER = 2**48 - 1


def test_guardian_halt__every_model__not_operational(world: World) -> None:
    (second,) = more_models(world, 1)
    receipt = world.switch.guardianHalt(sender=appoint(world))
    for model in (1, second):
        assert not world.switch.isOperational(model)
        assert not world.switch.isOperational(model, 1)
        assert world.switch.statusOf(model).halted
    assert events(receipt, "HaltChanged")[0] == {"previous": 0, "current": receipt.timestamp + HALT_BUDGET}


def test_guardian_halt__any_model__its_own_state_stands(world: World) -> None:
    world.switch.guardianHalt(sender=appoint(world))
    assert (world.state(), world.switch.statusOf(1).epoch) == ("Active", 0)


def test_guardian_halt__its_end__operational_in_that_second(world: World) -> None:
    receipt = world.switch.guardianHalt(sender=appoint(world))
    warp_to(int(receipt.timestamp) + HALT_BUDGET - 1)
    assert not world.switch.isOperational(1)
    warp_to(int(receipt.timestamp) + HALT_BUDGET)
    assert world.switch.isOperational(1)
    assert not world.switch.statusOf(1).halted


def test_guardian_halt__again__refused_for_good(world: World) -> None:
    guardian = appoint(world)
    world.switch.guardianHalt(sender=guardian)
    warp_to(now() + 100 * HALT_BUDGET)
    refused("GuardianHaltUsed", world.switch.guardianHalt, sender=guardian)


def test_rearm__halt_used__once_more(world: World) -> None:
    guardian = appoint(world)
    world.switch.guardianHalt(sender=guardian)
    warp_to(now() + HALT_BUDGET)
    world.switch.rearm([], sender=world.admin)
    world.switch.guardianHalt(sender=guardian)
    assert not world.switch.isOperational(1)


def test_guardian_halt__longer_budget_by_governance__that_long(world: World) -> None:
    world.switch.setParameters(replace(INITIAL, halt_budget_s=9000).as_tuple(), sender=world.admin)
    receipt = world.switch.guardianHalt(sender=appoint(world))
    assert world.switch.haltedUntil() == receipt.timestamp + 9000


def test_guardian_halt__budget_of_none__halts_nothing(world: World) -> None:
    world.switch.setParameters(replace(INITIAL, halt_budget_s=0).as_tuple(), sender=world.admin)
    world.switch.guardianHalt(sender=appoint(world))
    assert world.switch.isOperational(1)


def test_guardian_halt__during_a_longer_one_of_governance__does_not_shorten_it(world: World) -> None:
    world.switch.halt(NEVER, sender=world.admin)
    world.switch.guardianHalt(sender=appoint(world))
    assert world.switch.haltedUntil() == NEVER


def test_halt__until_a_time__ends_then(world: World) -> None:
    until = now() + 50
    world.switch.halt(until, sender=world.admin)
    warp_to(until - 1)
    assert not world.switch.isOperational(1)
    warp_to(until)
    assert world.switch.isOperational(1)


def test_halt__past_time__ends_the_guardians(world: World) -> None:
    world.switch.guardianHalt(sender=appoint(world))
    receipt = world.switch.halt(0, sender=world.admin)
    assert world.switch.isOperational(1)
    assert world.switch.haltedUntil() == receipt.timestamp


def test_halt__none_in_force_and_a_past_time__keeps_the_true_end_of_the_last(world: World) -> None:
    until = now() + 50
    world.switch.halt(until, sender=world.admin)
    warp_to(until + 100)
    world.switch.halt(until + 60, sender=world.admin)
    assert world.switch.haltedUntil() == until


def test_trip__during_a_halt__suspends_and_outlasts_it(world: World) -> None:
    halted = int(world.switch.guardianHalt(sender=appoint(world)).timestamp) + HALT_BUDGET
    next_at(halted - 10)
    trip(world)
    warp_to(halted)
    assert (world.state(), world.switch.isOperational(1)) == ("Suspended", False)


def test_trip__suspension_over_during_a_halt__still_not_operational(world: World) -> None:
    trip(world)
    world.switch.halt(NEVER, sender=world.admin)
    warp_to(now() + SUSPENSION)
    assert (world.state(), world.switch.isOperational(1)) == ("Active", False)


def test_resume__during_a_halt__active_and_not_operational(world: World) -> None:
    world.pause()
    world.switch.halt(NEVER, sender=world.admin)
    world.resume()
    assert (world.state(), world.switch.isOperational(1)) == ("Active", False)


def test_execute_case__during_a_halt__paused_beyond_it(world: World) -> None:
    trip(world)
    world.vote(world.open(1), 0, 1)
    world.switch.guardianHalt(sender=appoint(world))
    world.governor.executeCase(1, sender=world.stranger)
    warp_to(now() + HALT_BUDGET)
    assert world.state() == "Paused"


def test_operational_since__halted__never(world: World) -> None:
    world.switch.halt(NEVER, sender=world.admin)
    assert world.switch.operationalSince(1) == NEVER


def test_operational_since__halt_over__its_end(world: World) -> None:
    until = now() + 50
    world.switch.halt(until, sender=world.admin)
    warp_to(until + 10)
    assert world.switch.operationalSince(1) == until


def test_operational_since__never_halted__activation(world: World) -> None:
    assert world.switch.operationalSince(1) == world.registry.activeSince(1)


def test_operational_since__suspended_and_free_again__the_bound(world: World) -> None:
    trip(world)
    assert world.switch.operationalSince(1) == NEVER
    until = int(world.switch.statusOf(1).until)
    warp_to(until + 10)
    assert world.switch.operationalSince(1) == until


def test_operational_since__resumed__the_resume(world: World) -> None:
    world.pause()
    assert world.switch.operationalSince(1) == NEVER
    world.resume()
    assert world.switch.operationalSince(1) == now()
