"""A transfer of the token moves stewardship, whole and at once, and frees nothing."""

from __future__ import annotations

import pytest

from contracts.calls import now, refused, warp_to
from contracts.world import World, version


def sell(world: World) -> None:
    """Move model 1 to the outsider."""
    world.registry.transferFrom(world.steward, world.outsider, 1, sender=world.steward)


def status(world: World) -> tuple[object, ...]:
    return tuple(world.switch.statusOf(1))


def test_transfer__paused_model__stays_paused(world: World) -> None:
    world.pause()
    before = status(world)
    sell(world)
    assert status(world) == before
    assert world.state() == "Paused"
    assert not world.switch.isOperational(1)


def test_transfer__suspended_model__same_bound_and_case(world: World) -> None:
    world.breach()
    before = status(world)
    sell(world)
    assert status(world) == before
    assert world.state() == "Suspended"


def test_transfer__retired_model__stays_retired(world: World) -> None:
    world.switch.retire(1, sender=world.admin)
    sell(world)
    assert world.state() == "Retired"


def test_transfer__paused_model__new_steward_activates_and_it_stays_paused(world: World) -> None:
    world.pause()
    sell(world)
    world.registry.registerVersion(1, version(), sender=world.outsider)
    world.evaluate(2)
    world.registry.activate(1, 2, sender=world.outsider)
    warp_to(int(world.policies.boundaryAtOrAfter(1, now())) + 1)
    assert (world.registry.activeVersion(1), world.state()) == (2, "Paused")


@pytest.mark.parametrize("act", ["registerVersion", "activate", "setAgent"])
def test_transfer__former_steward__has_no_right_left(world: World, act: str) -> None:
    world.next_version(activate=False)
    sell(world)
    arguments = {
        "registerVersion": (version(),),
        "activate": (2,),
        "setAgent": ("0x" + "80" * 20, 1, 1),
    }[act]
    refused("ModelNotSteward", getattr(world.registry, act), 1, *arguments, sender=world.steward)


def test_transfer__by_an_approved_account__steward_everywhere(world: World) -> None:
    world.registry.approve(world.stranger, 1, sender=world.steward)
    world.registry.transferFrom(world.steward, world.outsider, 1, sender=world.stranger)
    assert world.registry.stewardOf(1) == world.outsider
    assert world.registry.stewardAndVersionAt(1, now())[0] == world.outsider


def test_transfer__version_in_force__goes_on(world: World) -> None:
    sell(world)
    assert tuple(world.registry.stewardAndVersionAt(1, now())) == (world.outsider, 1)
    assert world.switch.isOperational(1)
