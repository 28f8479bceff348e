"""What opens a case, what joins one, when it suspends."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.calls import events, next_at, now, refused, warp_to
from contracts.kill_switch.breaches import EVIDENCE, open_breach_case, trip
from contracts.world import COOLDOWN, HARD_CAP, MARGIN, SPAN, SUSPENSION, VOTE, WINDOW, World

ENOUGH = WINDOW + SPAN + MARGIN


def test_trip__first__case_tells_all(world: World) -> None:
    receipt = trip(world)
    case = world.switch.caseOf(1)
    assert (case.modelId, case.version, case.epoch, case.kind, case.severity) == (1, 1, 0, 0, 2)
    assert (case.frame, case.rule, case.value, case.limit) == (2, 0, 50_000, 20_000)
    assert (case.evidence, case.policy) == (EVIDENCE, world.policy_digest())
    assert (case.openedAt, case.openUntil) == (receipt.timestamp, receipt.timestamp + WINDOW)
    assert case.bound == receipt.timestamp + SUSPENSION
    assert (case.vote, case.voteEnds, case.outcome) == (0, 0, 0)


def test_trip__first__says_so(world: World) -> None:
    receipt = trip(world)
    changed = events(receipt, "StateChanged")[0]
    assert (changed["previous"], changed["current"], changed["caseId"]) == (1, 2, 1)
    assert changed["until"] == receipt.timestamp + SUSPENSION
    assert events(receipt, "CaseOpened")[0]["caseId"] == 1


def test_open_breach_case__first__opens_and_does_not_suspend(world: World) -> None:
    open_breach_case(world)
    case = world.switch.caseOf(1)
    assert (case.severity, case.bound, world.state()) == (1, 0, "Active")


def test_trip__policy_shorter_than_a_vote__outlasts_the_vote(world: World) -> None:
    receipt = trip(world, suspension=1)
    assert world.switch.statusOf(1).until == receipt.timestamp + ENOUGH


def test_trip__policy_longer_than_cap__capped(world: World) -> None:
    receipt = trip(world, suspension=2**32 - 1)
    assert world.switch.statusOf(1).until == receipt.timestamp + HARD_CAP


def test_trip__vote_opened_in_last_second__ends_within_the_suspension(world: World) -> None:
    trip(world, suspension=1)
    next_at(int(world.switch.caseOf(1).openUntil))
    world.governor.openCase(1, sender=world.stranger)
    case = world.switch.caseOf(1)
    assert case.voteEnds + MARGIN <= case.bound


def test_trip__live_vote_case_unopened__joins_and_suspends(world: World) -> None:
    open_breach_case(world, rule=1)
    receipt = trip(world)
    case = world.switch.caseOf(1)
    assert events(receipt, "CaseJoined")[0]["caseId"] == 1
    assert (world.switch.caseCount(), case.severity, world.state()) == (1, 2, "Suspended")
    assert case.bound == receipt.timestamp + SUSPENSION


def test_trip__milder_case_already_voted_on__gets_a_case_of_its_own(world: World) -> None:
    open_breach_case(world, rule=1)
    world.open(1)
    trip(world)
    assert (world.switch.caseCount(), world.switch.statusOf(1).caseId) == (2, 2)
    assert (world.switch.caseOf(1).bound, world.state()) == (0, "Suspended")


def test_trip__bound_over_while_a_later_case_is_voted_on__suspends_by_its_own(world: World) -> None:
    trip(world, suspension=1)
    warp_to(int(world.switch.caseOf(1).openUntil) + 1)
    trip(world, frame=3)
    next_at(int(world.switch.caseOf(2).openUntil))
    world.governor.openCase(2, sender=world.stranger)
    warp_to(int(world.switch.caseOf(1).bound))
    assert (world.state(), world.switch.caseOf(2).bound) == ("Active", 0)
    trip(world, frame=4)
    assert (world.state(), world.switch.statusOf(1).caseId) == ("Suspended", 3)


def test_trip__again_while_suspended__joins(world: World) -> None:
    trip(world)
    until = world.switch.statusOf(1).until
    trip(world, frame=3)
    assert (world.switch.caseCount(), world.switch.statusOf(1).until) == (1, until)


def test_open_breach_case__while_voted_on__joins(world: World) -> None:
    trip(world)
    world.open(1)
    receipt = open_breach_case(world, rule=1)
    assert events(receipt, "CaseJoined")[0]["caseId"] == 1
    assert world.switch.caseOf(1).severity == 2


def test_trip__window_missed__opens_another_case(world: World) -> None:
    open_breach_case(world)
    warp_to(int(world.switch.caseOf(1).openUntil) + 1)
    trip(world)
    assert world.switch.caseCount() == 2


def test_trip__window_not_yet_over__joins(world: World) -> None:
    open_breach_case(world)
    next_at(int(world.switch.caseOf(1).openUntil))
    trip(world)
    assert world.switch.caseCount() == 1


def test_trip__governor_without_code__still_suspends(world: World) -> None:
    from contracts.calls import rpc

    open_breach_case(world)
    world.open(1)
    rpc("anvil_setCode", world.governor.address, "0x")
    trip(world)
    assert world.state() == "Suspended"


def test_trip__late_report_of_a_frame_before_the_resume__no_case(world: World) -> None:
    world.pause()
    world.resume()
    assert world.frame_end(3) < now()
    before = world.switch.caseCount()
    trip(world, frame=3)
    assert (world.switch.caseCount(), world.state()) == (before, "Active")


def test_trip__frame_ending_after_the_resume__suspends(world: World) -> None:
    world.pause()
    world.resume()
    trip(world, frame=4)
    assert world.state() == "Suspended"


def test_trip__late_report_about_the_version_before__suspends(world: World) -> None:
    world.next_version()
    trip(world, frame=2, version=1)
    assert world.state() == "Suspended"


def test_trip__cooling_rule__no_effect(world: World) -> None:
    reject_first(world)
    receipt = trip(world, frame=4)
    assert events(receipt, "BreachCooling")[0]["rule"] == 0
    assert (world.switch.caseCount(), world.state()) == (1, "Active")


@pytest.mark.parametrize("other", [{"rule": 3}, {"version": 2}, {"policy": b"\x01" * 32}])
def test_trip__rule_beside_the_cooling_one__suspends(world: World, other: dict[str, Any]) -> None:
    reject_first(world)
    trip(world, frame=4, **other)
    assert world.state() == "Suspended"


def test_trip__cooldown_over__suspends(world: World) -> None:
    reject_first(world)
    warp_to(int(world.switch.coolingUntil(1, 1, world.policy_digest(), 0)))
    trip(world, frame=4)
    assert world.state() == "Suspended"


def test_trip__cooling__lasts_as_long_as_governance_said(world: World) -> None:
    reject_first(world)
    assert 0 < world.switch.coolingUntil(1, 1, world.policy_digest(), 0) - now() <= COOLDOWN


def test_case_of__unknown__refused(world: World) -> None:
    refused("CaseUnknown", world.switch.caseOf, 1, sender=world.stranger, caseId=1)


def test_status_of__case_lapsed__healthy_again(world: World) -> None:
    world.breach(VOTE)
    warp_to(int(world.switch.caseOf(1).openUntil) + 1)
    status = world.switch.statusOf(1)
    assert (status.oversight, status.caseId) == (0, 0)


def reject_first(world: World) -> None:
    """Trip and let the vote of case 1 be rejected."""
    trip(world)
    proposal = world.open(1)
    world.vote(proposal, 0, support=0)
    world.end_vote(proposal)
    world.switch.poke(1, sender=world.stranger)
