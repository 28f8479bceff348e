"""Attempts to keep a model out of service for longer than its budget, or to have a trip without effect."""

from __future__ import annotations

import pytest

from contracts.calls import events, mined, next_at, now, refused, rpc, warp_to
from contracts.kill_switch.breaches import EVIDENCE, breach, open_breach_case, trip
from contracts.signing import AGAINST
from contracts.world import (
    BUDGET,
    COOLDOWN,
    EXTENSION,
    HARD_CAP,
    INITIAL,
    MOST,
    REFILL,
    SUSPENSION,
    TRIP,
    World,
    hit,
)


def reject(world: World, case: int) -> None:
    """Let the holders reject a case, and record that."""
    proposal = world.open(case)
    world.vote(proposal, 0, support=AGAINST)
    world.end_vote(proposal)
    world.switch.poke(case, sender=world.stranger)


def test_chained_suspensions__rejected_and_tripped_again_by_other_rules__within_the_budget(
    world: World,
) -> None:
    began, out = now(), 0
    for round_ in range(12):
        receipt = trip(world, rule=round_, suspension=HARD_CAP)
        if world.state() != "Suspended":
            warp_to(now() + 1500)
            continue
        if round_ % 3:
            reject(world, int(world.switch.caseCount()))
        else:
            warp_to(int(world.switch.statusOf(1).until))
        assert world.state() == "Active"
        out += now() - int(receipt.timestamp)
        assert out <= BUDGET + (now() - began) * REFILL // 1_000_000 + round_
    assert out > BUDGET // 2


def test_chained_suspensions__refill_raised_to_its_bound_in_flight__within_the_hard_bounds(
    world: World,
) -> None:
    began, out = now(), 0
    for round_ in range(6):
        receipt = trip(world, rule=round_, suspension=HARD_CAP)
        if round_ == 1:
            raised = (BUDGET, MOST.refill_ppm, *INITIAL.as_tuple()[2:])
            world.switch.setParameters(raised, sender=world.admin)
        if world.state() == "Suspended":
            warp_to(int(world.switch.statusOf(1).until))
            out += now() - int(receipt.timestamp)
        else:
            warp_to(now() + 1000)
    assert out <= BUDGET + (now() - began) * MOST.refill_ppm // 1_000_000


def test_refund__rejection_as_soon_as_possible__no_more_than_was_drawn(world: World) -> None:
    before = int(world.switch.budgetUsed(1))
    receipt = trip(world)
    reject(world, 1)
    served = now() - int(receipt.timestamp)
    used = int(world.switch.budgetUsed(1))
    assert 0 <= before <= used <= served


def test_trip__in_the_second_in_which_the_bound_is_reached__suspends_by_its_own_case(world: World) -> None:
    trip(world)
    next_at(int(world.switch.statusOf(1).until))
    receipt = trip(world, rule=3)
    assert (world.switch.caseCount(), world.state()) == (2, "Suspended")
    assert world.switch.caseOf(2).bound == receipt.timestamp + SUSPENSION


def test_trip__vote_outlasts_its_suspension_by_a_longer_period_set_meanwhile__suspends_again(
    world: World,
) -> None:
    trip(world)
    world.governor.setVotingPeriod(5000, sender=world.admin)
    proposal = world.open(1)
    warp_to(int(world.switch.statusOf(1).until))
    assert (world.state(), world.vote_state(proposal)) == ("Active", "Active")
    trip(world, rule=3)
    assert (world.state(), world.switch.caseCount()) == ("Suspended", 2)
    world.vote(proposal, 0, 1)
    world.governor.executeCase(1, sender=world.stranger)
    assert world.state() == "Paused"
    refused("EpochStale", world.governor.openCase, 2, sender=world.stranger)


def test_trip__joins_a_milder_case__the_case_is_about_what_suspended(world: World) -> None:
    open_breach_case(world, rule=1, value=200_000, limit=100_000, evidence=EVIDENCE[::-1])
    trip(world, frame=3)
    case = world.switch.caseOf(1)
    assert (case.rule, case.frame, case.value, case.limit) == (0, 3, 50_000, 20_000)
    assert (bytes(case.evidence), case.severity, case.kind) == (EVIDENCE, 2, 0)


def test_reject__suspension_that_joined_a_milder_case__its_rule_cools_and_cannot_suspend_again(
    world: World,
) -> None:
    open_breach_case(world, rule=1)
    trip(world)
    reject(world, 1)
    assert world.state() == "Active"
    trip(world, frame=3)
    assert (world.state(), world.switch.caseCount()) == ("Active", 1)


def test_trip__not_covered_and_joined__case_keeps_what_it_is_about(world: World) -> None:
    for _ in range(2):
        trip(world, suspension=HARD_CAP)
        warp_to(int(world.switch.statusOf(1).until))
    open_breach_case(world, rule=1)
    trip(world, suspension=HARD_CAP)
    case = world.switch.caseOf(3)
    assert (case.rule, case.severity, case.bound) == (1, 2, 0)


def test_poke__rejected_after_another_vote_decided__cools_nothing(world: World) -> None:
    open_breach_case(world, rule=1)
    milder = world.open(1)
    trip(world)
    second = world.open(2)
    world.vote(second, 0, support=AGAINST)
    world.vote(milder, 0, 1)
    world.governor.executeCase(1, sender=world.stranger)
    world.end_vote(second)
    world.switch.poke(2, sender=world.stranger)
    assert (world.outcome(2), world.state()) == ("Rejected", "Paused")
    assert world.switch.coolingUntil(1, 1, world.policy_digest(), 0) == 0


def test_poke__by_the_old_epoch_after_a_resume__frees_no_later_suspension(world: World) -> None:
    trip(world)
    first = world.open(1)
    world.vote(first, 0, 1)
    world.governor.executeCase(1, sender=world.stranger)
    world.resume()
    frame = (now() - world.base) // 1000 + 2
    trip(world, frame=frame)
    refused("CaseNotOpen", world.switch.poke, 1, sender=world.stranger)
    assert world.state() == "Suspended"


def test_poke__kept_until_after_the_deadline__cooldown_no_longer_than_the_extension(world: World) -> None:
    trip(world)
    proposal = world.open(1)
    world.vote(proposal, 0, support=AGAINST)
    deadline = int(world.governor.proposalDeadline(proposal))
    warp_to(deadline + COOLDOWN)
    world.switch.poke(1, sender=world.stranger)
    assert world.switch.coolingUntil(1, 1, world.policy_digest(), 0) <= deadline + EXTENSION + COOLDOWN


@pytest.mark.parametrize("who", ["steward", "stranger", "deployer", "admin"])
def test_trip__through_the_access_manager__refused(world: World, who: str) -> None:
    data = world.switch.trip.encode_input(breach(world))
    sender = getattr(world, who)
    refused("AccessManagerUnauthorizedCall", world.access.execute, world.switch, data, sender=sender)
    refused("AccessManagerUnauthorizedCall", world.access.schedule, world.switch, data, 0, sender=sender)


def test_trip__target_closed_for_a_while__nothing_judged_and_the_report_still_good(world: World) -> None:
    warp_to(world.frame_end(2))
    world.anchor(2)
    report = world.report(2, hit(TRIP))
    world.access.setTargetClosed(world.switch, True, sender=world.admin)
    signed = world.sign(report, 0, 1)
    refused("AccessManagedUnauthorized", world.hub.submit, report.struct, signed, sender=world.stranger)
    world.access.setTargetClosed(world.switch, False, sender=world.admin)
    assert not world.hub.frameOf(1, 1, 2, report.policy).judged
    world.submit(report)
    assert world.state() == "Suspended"


def test_submit__every_amount_of_gas__judged_only_together_with_its_trip(world: World) -> None:
    warp_to(world.frame_end(2))
    world.anchor(2)
    report = world.report(2, hit(TRIP))
    world.submit(report, 0)
    data = "0x" + bytes(world.hub.submit.encode_input(report.struct, world.sign(report, 1))).hex()
    call = {"from": str(world.stranger), "to": world.hub.address, "data": data}
    enough = int(rpc("eth_estimateGas", call), 16)
    for gas in [*range(60_000, enough, 20_000), enough + 50_000]:
        mark = rpc("evm_snapshot")
        sent = rpc("eth_sendTransaction", {**call, "gas": hex(gas)})
        done = int(mined(sent)["status"], 16)
        judged = world.hub.frameOf(1, 1, 2, report.policy).judged
        assert (judged, world.state() == "Suspended") == (bool(done), bool(done))
        rpc("evm_revert", mark)
    assert done


def test_set_parameters__shorter_window_in_flight__the_case_keeps_its_own(world: World) -> None:
    trip(world)
    case = world.switch.caseOf(1)
    shorter = list(INITIAL.as_tuple())
    shorter[4] = 10
    world.switch.setParameters(tuple(shorter), sender=world.admin)
    warp_to(int(case.openUntil) - 5)
    proposal = world.open(1)
    assert world.switch.caseOf(1).voteEnds <= case.bound
    assert world.vote_state(proposal) == "Active"


def test_trip__budget_lowered_in_flight__the_running_suspension_stands_and_the_next_needs_the_budget(
    world: World,
) -> None:
    receipt = trip(world, suspension=HARD_CAP)
    until = world.switch.statusOf(1).until
    world.switch.setParameters((HARD_CAP, 0, *INITIAL.as_tuple()[2:]), sender=world.admin)
    assert world.switch.statusOf(1).until == until
    warp_to(int(until))
    exhausted = events(trip(world, rule=3), "BudgetExhausted")
    assert exhausted
    assert world.state() == "Active"
    assert receipt.timestamp + HARD_CAP == until
