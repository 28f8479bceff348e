"""What a judged report leads to: severities, strict limits, not-available values and their budgets."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.calls import events
from contracts.signing import AGAINST, NOT_AVAILABLE
from contracts.world import BELOW, HEALTHY, TRIP, VOTE, WARN, World, hit


def with_value(rule: int, value: int) -> tuple[int, ...]:
    return tuple(value if place == rule else good for place, good in enumerate(HEALTHY))


def missing(*rules: int) -> tuple[int, ...]:
    return tuple(NOT_AVAILABLE if place in rules else good for place, good in enumerate(HEALTHY))


def hits(receipt: Any) -> int:
    return int(events(receipt, "ReportJudged")[0]["hits"])


def test_submit__healthy__no_hit_no_case(world: World) -> None:
    receipt = world.judge(2)
    assert (hits(receipt), world.switch.caseCount()) == (0, 0)


def test_submit__warn_hit__said_and_no_case(world: World) -> None:
    receipt = world.judge(2, hit(WARN))
    assert (hits(receipt), world.switch.caseCount()) == (1 << WARN, 0)
    assert not world.hub.frameOf(1, 1, 2, world.policy_digest()).breached


def test_submit__vote_hit__case_of_that_rule(world: World) -> None:
    receipt = world.judge(2, hit(VOTE))
    case = world.switch.caseOf(1)
    assert events(receipt, "ReportJudged")[0]["caseId"] == 1
    assert (case.rule, case.severity, case.value, case.limit) == (VOTE, 1, 200_000, 100_000)
    assert (world.state(), world.hub.frameOf(1, 1, 2, world.policy_digest()).breached) == ("Active", True)


def test_submit__trip_hit__suspended(world: World) -> None:
    world.judge(2, hit(TRIP))
    assert (world.state(), world.switch.caseOf(1).rule) == ("Suspended", TRIP)


def test_submit__all_hit__case_of_the_first_most_severe(world: World) -> None:
    receipt = world.judge(2, hit(TRIP, VOTE, WARN, BELOW))
    assert (hits(receipt), world.switch.caseOf(1).rule) == (0b1111, TRIP)


def test_submit__vote_before_trip_in_order__trip_wins(world: World) -> None:
    world.judge(2, hit(VOTE, BELOW))
    assert (world.switch.caseOf(1).rule, world.state()) == (BELOW, "Suspended")


@pytest.mark.parametrize(
    ("rule", "value", "expected"),
    [(TRIP, 20_000, 0), (TRIP, 20_001, 1), (BELOW, 500_000, 0), (BELOW, 499_999, 1 << BELOW)],
)
def test_submit__value_at_its_limit__strict(world: World, rule: int, value: int, expected: int) -> None:
    assert hits(world.judge(2, with_value(rule, value))) == expected


def test_submit__negative_value_above_rule__no_hit(world: World) -> None:
    assert hits(world.judge(2, with_value(TRIP, -1_000_000))) == 0


def test_submit__not_available_within_budget__no_hit(world: World) -> None:
    assert hits(world.judge(2, missing(VOTE, BELOW))) == 0


def test_submit__not_available_without_budget__hit_at_once(world: World) -> None:
    receipt = world.judge(2, missing(TRIP))
    assert (hits(receipt), world.state()) == (1 << TRIP, "Suspended")
    assert world.switch.caseOf(1).value == NOT_AVAILABLE


def test_submit__not_available_below_rule__not_taken_for_a_low_value(world: World) -> None:
    assert hits(world.judge(2, missing(BELOW))) == 0


def test_submit__not_available_beyond_budget__hit(world: World) -> None:
    found = [hits(world.judge(frame, missing(BELOW))) for frame in (2, 3, 4)]
    assert found == [0, 0, 1 << BELOW]
    assert world.state() == "Suspended"


def test_submit__available_again__budget_starts_anew(world: World) -> None:
    world.judge(2, missing(BELOW))
    world.judge(3, missing(BELOW))
    world.judge(4)
    assert hits(world.judge(5, missing(BELOW))) == 0


def test_submit__budgets_of_two_rules__apart(world: World) -> None:
    world.judge(2, missing(VOTE))
    found = hits(world.judge(3, missing(VOTE, BELOW)))
    assert found == 1 << VOTE


def test_submit__older_frame_later__moves_no_streak(world: World) -> None:
    from contracts.world import policy

    world.policies.setPolicy(1, policy(world.monitors, deadline=5000), sender=world.admin)
    world.judge(5, missing(BELOW))
    world.anchor(3)
    world.anchor(4)
    for frame in (4, 3):
        assert hits(world.submit(world.report(frame, missing(BELOW)))) == 0
    assert hits(world.judge(6, missing(BELOW))) == 0


def test_submit__rejected_rule_hits_again__cools_down(world: World) -> None:
    case = world.breach()
    proposal = world.open(case)
    world.vote(proposal, 0, support=AGAINST)
    world.end_vote(proposal)
    world.switch.poke(case, sender=world.stranger)
    receipt = world.judge(4, hit(TRIP))
    assert (hits(receipt), world.switch.caseCount(), world.state()) == (1, 1, "Active")
    assert world.hub.frameOf(1, 1, 4, world.policy_digest()).breached


def test_submit__rejected_rule_and_milder_one__case_of_the_milder(world: World) -> None:
    case = world.breach()
    proposal = world.open(case)
    world.vote(proposal, 0, support=AGAINST)
    world.end_vote(proposal)
    world.switch.poke(case, sender=world.stranger)
    world.judge(4, hit(TRIP, VOTE))
    assert (world.switch.caseOf(2).rule, world.state()) == (VOTE, "Active")


def test_submit__hit_while_paused__judged_without_case(world: World) -> None:
    world.pause()
    receipt = world.judge(3, hit(TRIP))
    assert (events(receipt, "ReportJudged")[0]["caseId"], hits(receipt)) == (0, 1)


def test_submit__late_frame_after_resume__does_not_halt_again(world: World) -> None:
    world.pause()
    world.resume()
    world.anchor(3)
    world.submit(world.report(3, hit(TRIP)))
    assert world.state() == "Active"


def test_submit__later_healthy_frame__undoes_no_case(world: World) -> None:
    case = world.breach(VOTE)
    world.judge(3)
    assert world.outcome(case) == "Open"
