"""What the switch makes of a frame that nobody reported: a case of its own kind, with its own cooldown."""

from __future__ import annotations

from typing import Any

from contracts.calls import events, now, warp_to
from contracts.kill_switch.breaches import EVIDENCE, breach, open_breach_case, trip
from contracts.kill_switch.guardians import WHY, appoint
from contracts.signing import AGAINST
from contracts.world import COOLDOWN, SUSPENSION, TRIP, VOTE, World

STALE_RULE = 2**16 - 1
NOTHING = bytes(32)


def stale(world: World, *, suspends: bool = False, frame: int = 2) -> Any:
    """Hand the switch a stale frame as the hub does; return the receipt."""
    fields = {"kind": 2, "frame": frame, "rule": STALE_RULE, "value": 0, "limit": 0, "evidence": NOTHING}
    method = world.switch.trip if suspends else world.switch.openBreachCase
    return method(breach(world, **fields), sender=world.as_hub)


def cooling(world: World, rule: int) -> int:
    return int(world.switch.coolingUntil(1, 1, world.policy_digest(), rule))


def reject(world: World, case: int) -> None:
    proposal = world.open(case)
    world.vote(proposal, 0, support=AGAINST)
    world.end_vote(proposal)
    world.switch.poke(case, sender=world.stranger)


def test_open_breach_case__stale__case_of_that_kind_and_the_model_runs(world: World) -> None:
    stale(world)
    case = world.switch.caseOf(1)
    assert (case.kind, case.severity, case.rule, case.frame, case.bound) == (2, 1, STALE_RULE, 2, 0)
    assert (world.state(), world.switch.statusOf(1).oversight) == ("Active", 2)


def test_trip__stale__suspended(world: World) -> None:
    receipt = stale(world, suspends=True)
    assert world.switch.statusOf(1).until == receipt.timestamp + SUSPENSION
    assert (world.state(), world.switch.statusOf(1).oversight) == ("Suspended", 2)


def test_execute_case__stale__paused(world: World) -> None:
    stale(world)
    world.vote(world.open(1), 0, 1)
    world.governor.executeCase(1, sender=world.stranger)
    assert (world.state(), world.switch.statusOf(1).oversight) == ("Paused", 2)


def test_poke__stale_rejected__further_stale_frames_open_nothing_for_a_while(world: World) -> None:
    stale(world)
    reject(world, 1)
    assert 0 < cooling(world, STALE_RULE) - now() <= COOLDOWN
    receipt = stale(world, frame=5)
    assert events(receipt, "BreachCooling")[0]["rule"] == STALE_RULE
    assert world.switch.caseCount() == 1
    warp_to(cooling(world, STALE_RULE))
    stale(world, frame=8)
    assert world.switch.caseCount() == 2


def test_poke__stale_rejected__rules_do_not_cool(world: World) -> None:
    stale(world)
    reject(world, 1)
    assert cooling(world, TRIP) == 0
    trip(world, frame=5)
    assert world.state() == "Suspended"


def test_poke__breach_rejected__staleness_does_not_cool(world: World) -> None:
    trip(world)
    reject(world, 1)
    stale(world, frame=5)
    assert world.switch.caseOf(2).kind == 2


def test_open_breach_case__stale_while_a_breach_is_live__joins_and_the_case_stays_the_breachs(
    world: World,
) -> None:
    open_breach_case(world, rule=VOTE, value=200_000, limit=100_000)
    receipt = stale(world)
    case = world.switch.caseOf(1)
    assert events(receipt, "CaseJoined")[0]["caseId"] == 1
    assert (world.switch.caseCount(), case.kind, case.rule, bytes(case.evidence)) == (1, 0, VOTE, EVIDENCE)
    assert world.switch.statusOf(1).oversight == 1


def test_trip__breach_after_a_stale_case__the_case_is_about_the_breach_that_suspends(world: World) -> None:
    stale(world)
    trip(world, frame=3)
    case = world.switch.caseOf(1)
    assert (case.kind, case.rule, case.frame, bytes(case.evidence)) == (0, TRIP, 3, EVIDENCE)
    assert (world.state(), world.switch.statusOf(1).oversight) == ("Suspended", 1)


def test_trip__stale_while_a_breach_awaits_its_vote__suspends_by_a_case_of_its_own(world: World) -> None:
    open_breach_case(world, rule=VOTE)
    stale(world, suspends=True)
    kinds = [(world.switch.caseOf(case).kind, world.switch.caseOf(case).rule) for case in (1, 2)]
    assert kinds == [(0, VOTE), (2, STALE_RULE)]
    assert (world.state(), world.switch.statusOf(1).caseId) == ("Suspended", 2)
    world.governor.openCase(1, sender=world.stranger)


def test_trip__stale_while_the_guardian_suspends__prolongs_nothing(world: World) -> None:
    world.switch.guardianSuspend(1, WHY, sender=appoint(world))
    until = world.switch.statusOf(1).until
    stale(world, suspends=True)
    assert (world.switch.statusOf(1).until, world.switch.caseOf(1).kind) == (until, 1)


def test_open_breach_case__stale_frame_before_the_resume__no_case(world: World) -> None:
    world.pause()
    world.resume()
    before = world.switch.caseCount()
    stale(world, frame=3)
    assert world.switch.caseCount() == before
