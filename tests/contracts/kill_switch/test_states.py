"""The table of states in section 5 of the design, row by row."""

from __future__ import annotations

import pytest

from contracts.calls import now, refused, warp_to
from contracts.kill_switch.breaches import open_breach_case, trip
from contracts.signing import AGAINST
from contracts.world import SUSPENSION, TRIP, VOTE, World, hit, policy, version


def second_model(world: World) -> int:
    """Register model 2 with a policy and an evaluated version; return when that version takes force."""
    world.registry.registerModel("second", sender=world.steward)
    world.registry.registerVersion(2, version(), sender=world.steward)
    world.policies.setPolicy(2, policy(world.monitors), sender=world.admin)
    warp_to(now() + 5)
    world.evaluate(1, model=2)
    world.registry.activate(2, 1, sender=world.steward)
    return int(world.policies.boundaryAtOrAfter(2, now()))


def bring(world: World, state: str) -> None:
    """Bring model 1 into a state."""
    if state == "Suspended":
        world.breach()
    elif state == "Paused":
        world.pause()
    elif state == "Retired":
        world.switch.retire(1, sender=world.admin)


def test_status_of__never_activated__inactive(world: World) -> None:
    world.registry.registerModel("second", sender=world.steward)
    status = world.switch.statusOf(2)
    assert (world.state(2), status.version, status.caseId) == ("Inactive", 0, 0)
    assert not world.switch.isOperational(2)


def test_status_of__unknown_model__inactive(world: World) -> None:
    assert world.state(99) == "Inactive"


def test_activate__before_boundary__inactive(world: World) -> None:
    begins = second_model(world)
    warp_to(begins - 1)
    assert world.state(2) == "Inactive"


def test_activate__at_boundary__active(world: World) -> None:
    begins = second_model(world)
    warp_to(begins)
    assert world.state(2) == "Active"
    assert world.switch.isOperational(2, 1)


def test_is_operational__other_version__false(world: World) -> None:
    assert world.switch.isOperational(1, 1)
    assert not world.switch.isOperational(1, 2)


def test_has_policy__none_set__not_operational(world: World) -> None:
    world.registry.registerModel("second", sender=world.steward)
    world.registry.registerVersion(2, version(), sender=world.steward)
    refused("PolicyMissing", world.registry.activate, 2, 1, sender=world.steward)
    assert not world.switch.isOperational(2)


def test_trip__active__suspended_until_bound(world: World) -> None:
    receipt = trip(world)
    status = world.switch.statusOf(1)
    assert world.state() == "Suspended"
    assert status.until == receipt.timestamp + SUSPENSION
    assert (status.caseId, status.epoch, status.oversight) == (1, 0, 1)
    assert not world.switch.isOperational(1)


def test_submit__quorum_hits_trip_rule__suspended(world: World) -> None:
    world.breach(TRIP)
    assert world.state() == "Suspended"


def test_submit__quorum_hits_vote_rule__active_with_case(world: World) -> None:
    case = world.breach(VOTE)
    status = world.switch.statusOf(1)
    assert (world.state(), status.caseId, status.oversight) == ("Active", case, 1)


def test_execute_case__suspended__paused(world: World) -> None:
    case = world.pause(TRIP)
    status = world.switch.statusOf(1)
    assert (world.state(), status.caseId, status.epoch, status.until) == ("Paused", case, 1, 0)
    assert world.outcome(case) == "Upheld"


def test_execute_case__active__paused(world: World) -> None:
    world.pause(VOTE)
    assert world.state() == "Paused"


def test_execute_case__suspension_ran_out_meanwhile__paused(world: World) -> None:
    case = world.breach()
    proposal = world.open(case)
    world.vote(proposal, 0, 1)
    warp_to(int(world.switch.caseOf(case).bound))
    assert world.state() == "Active"
    world.governor.executeCase(case, sender=world.stranger)
    assert world.state() == "Paused"


def test_suspended__last_second_of_bound__still_suspended(world: World) -> None:
    trip(world)
    warp_to(int(world.switch.statusOf(1).until) - 1)
    assert world.state() == "Suspended"


def test_suspended__bound_reached__active(world: World) -> None:
    trip(world)
    warp_to(int(world.switch.statusOf(1).until))
    assert world.state() == "Active"
    assert world.switch.statusOf(1).until == 0


def test_poke__own_vote_rejected__active(world: World) -> None:
    case = world.breach()
    proposal = world.open(case)
    world.vote(proposal, 0, support=AGAINST)
    world.end_vote(proposal)
    assert world.state() == "Suspended"
    world.switch.poke(case, sender=world.stranger)
    assert (world.state(), world.outcome(case)) == ("Active", "Rejected")


def test_resume__vote_passed__active(world: World) -> None:
    world.pause()
    case = world.resume()
    status = world.switch.statusOf(1)
    assert (world.state(), status.epoch, status.caseId) == ("Active", 2, 0)
    assert world.outcome(case) == "Upheld"


@pytest.mark.parametrize("state", ["Active", "Suspended", "Paused"])
def test_retire__any_state__retired(world: World, state: str) -> None:
    bring(world, state)
    epoch = world.switch.statusOf(1).epoch
    world.switch.retire(1, sender=world.admin)
    assert world.state() == "Retired"
    assert world.switch.statusOf(1).epoch == epoch + 1


def test_retire__inactive__retired(world: World) -> None:
    world.registry.registerModel("second", sender=world.steward)
    world.switch.retire(2, sender=world.admin)
    assert world.state(2) == "Retired"


def test_retire__retired__refused(world: World) -> None:
    bring(world, "Retired")
    refused("StateInvalid", world.switch.retire, 1, sender=world.admin, modelId=1, state=4)


@pytest.mark.parametrize("state", ["Paused", "Retired"])
@pytest.mark.parametrize("report", [trip, open_breach_case])
def test_trip__paused_or_retired__no_case(world: World, state: str, report) -> None:  # type: ignore[no-untyped-def]
    bring(world, state)
    before = world.switch.caseCount()
    report(world, frame=3)
    assert (world.switch.caseCount(), world.state()) == (before, state)


def test_trip__inactive__no_case(world: World) -> None:
    world.registry.registerModel("second", sender=world.steward)
    trip(world, model=2)
    assert world.switch.caseCount() == 0


@pytest.mark.parametrize("state", ["Suspended", "Paused"])
def test_activate__halted__version_changes_and_state_does_not(world: World, state: str) -> None:
    bring(world, state)
    world.next_version()
    assert (world.state(), world.switch.statusOf(1).version) == (state, 2)


@pytest.mark.parametrize("state", ["Suspended", "Paused"])
def test_transfer__halted__frees_nothing(world: World, state: str) -> None:
    bring(world, state)
    world.registry.transferFrom(world.steward, world.outsider, 1, sender=world.steward)
    assert world.state() == state


@pytest.mark.parametrize("state", ["Suspended", "Paused"])
def test_set_policy__halted__frees_nothing(world: World, state: str) -> None:
    bring(world, state)
    world.policies.setPolicy(1, policy(world.monitors, suspension=1), sender=world.admin)
    warp_to(int(world.policies.policyAt(1, 1)[3]))
    assert world.state() == state


def test_submit__healthy_frame_while_suspended__frees_nothing(world: World) -> None:
    world.breach()
    world.judge(3)
    assert world.state() == "Suspended"


def test_paused__any_time_passes__still_paused(world: World) -> None:
    world.pause()
    warp_to(now() + 10**8)
    assert world.state() == "Paused"


def test_submit__hit_while_suspended__joins_and_prolongs_nothing(world: World) -> None:
    warp_to(world.frame_end(2) + 200)  # so that frame 3 comes well within the case's open window
    case = world.breach()
    until = world.switch.statusOf(1).until
    world.judge(3, hit(TRIP))
    assert world.switch.caseCount() == case
    assert world.switch.statusOf(1).until == until
