"""Not-available budgets: what counts as a consecutive frame that nobody could look at, and what does not.

The plain budgets are in `test_judging.py`.
"""

from __future__ import annotations

from typing import Any

from contracts.calls import events, now, warp_to
from contracts.signing import NOT_AVAILABLE
from contracts.world import BELOW, HEALTHY, STEP, TRIP, World, policy, rule

BUDGET = 2
"""Frames that the rule BELOW bears."""


def missing(*rules: int) -> tuple[int, ...]:
    return tuple(NOT_AVAILABLE if place in rules else good for place, good in enumerate(HEALTHY))


def hits(receipt: Any) -> int:
    return int(events(receipt, "ReportJudged")[0]["hits"])


def test_submit__frames_skipped_before_it__count_too(world: World) -> None:
    world.judge(2)
    assert hits(world.judge(2 + BUDGET + 1, missing(BELOW))) == 1 << BELOW
    assert world.state() == "Suspended"


def test_submit__as_many_skipped_as_the_budget_bears_with_it__no_hit_and_the_next_is_one(
    world: World,
) -> None:
    world.judge(2)
    assert hits(world.judge(2 + BUDGET, missing(BELOW))) == 0
    assert hits(world.judge(3 + BUDGET, missing(BELOW))) == 1 << BELOW


def test_submit__frames_skipped_and_then_a_value__no_hit(world: World) -> None:
    world.judge(2)
    assert hits(world.judge(9)) == 0
    assert hits(world.judge(10, missing(BELOW))) == 0


def test_submit__nothing_was_ever_judged__frames_since_the_first_activation_count(world: World) -> None:
    """Frame 1 ended before the model was in service."""
    assert hits(world.judge(1 + BUDGET, missing(BELOW))) == 0
    assert hits(world.judge(2 + BUDGET, missing(BELOW))) == 1 << BELOW


def test_submit__first_report_long_after_the_activation__skipped_frames_count(world: World) -> None:
    assert hits(world.judge(2 + BUDGET, missing(BELOW))) == 1 << BELOW


def test_submit__policy_in_force_again_after_another__frames_of_the_other_do_not_count(world: World) -> None:
    world.judge(2, missing(BELOW))
    world.policies.setPolicy(1, policy(world.monitors, suspension=1), sender=world.admin)
    warp_to(world.frame_end(9) + 100)
    world.policies.setPolicy(1, policy(world.monitors), sender=world.admin)
    warp_to(world.frame_end(10))
    assert hits(world.judge(10 + BUDGET, missing(BELOW))) == 0
    assert hits(world.judge(11 + BUDGET, missing(BELOW))) == 1 << BELOW


def test_submit__skipped_while_paused__do_not_count(world: World) -> None:
    world.pause()
    warp_to(world.frame_end(8))
    world.resume()
    frame = (now() - world.base) // STEP + 2
    found = [hits(world.judge(frame + later, missing(BELOW))) for later in range(BUDGET + 1)]
    assert found == [0] * BUDGET + [1 << BELOW]


def test_submit__skipped_in_a_global_halt__do_not_count(world: World) -> None:
    world.judge(2)
    world.switch.halt(world.frame_end(8), sender=world.admin)
    warp_to(world.frame_end(8))
    assert hits(world.judge(9, missing(BELOW))) == 0


def test_submit__skipped_partly_in_service__the_part_in_service_counts(world: World) -> None:
    """Of frames 3 to 8 the model served 7 and 8: with the report's own that is one more than the budget."""
    world.judge(2)
    world.switch.halt(world.frame_end(6), sender=world.admin)
    warp_to(world.frame_end(6))
    assert hits(world.judge(9, missing(BELOW))) == 1 << BELOW


def test_submit__another_version_takes_force__begins_nothing_anew(world: World) -> None:
    number = world.next_version(activate=False)
    world.judge(2)
    world.judge(3, missing(BELOW))
    world.registry.activate(1, number, sender=world.steward)
    assert hits(world.judge(4, missing(BELOW))) == 0
    assert hits(world.judge(5, missing(BELOW), version=number)) == 1 << BELOW


def test_submit__endless_absence__counted_without_running_over(world: World) -> None:
    """A byte a rule: 256 frames must not look like none."""
    patient = rule("patient", severity=0, na=254)
    world.policies.setPolicy(1, policy(world.monitors, rules=[patient]), sender=world.admin)
    world.judge(3, (0,))
    found = [hits(world.judge(frame, (NOT_AVAILABLE,))) for frame in (3 + 254, 4 + 254, 5 + 254, 3 + 513)]
    assert found == [0, 1, 1, 1]


def test_submit__not_available_while_paused__does_not_trip_the_model_once_it_is_resumed(
    world: World,
) -> None:
    """A halted model decides nothing, so its frames have nothing to measure."""
    world.pause()
    for frame in (3, 4, 5, 6):
        world.judge(frame, missing(BELOW))
    world.resume()
    frame = (now() - world.base) // STEP + 2
    assert hits(world.judge(frame, missing(BELOW))) == 0
    assert world.state() == "Active"


def test_submit__budget_of_zero_and_a_newer_frame_judged_first__still_a_hit(world: World) -> None:
    """Who anchors frames out of order must not thereby take the edge off a rule that bears nothing."""
    world.policies.setPolicy(1, policy(world.monitors, deadline=5 * STEP), sender=world.admin)
    warp_to(world.frame_end(4))
    world.anchor(4)
    world.submit(world.report(4))
    world.anchor(3)
    assert hits(world.submit(world.report(3, missing(TRIP)))) == 1 << TRIP


def test_submit__frames_between_may_still_be_reported__not_taken_for_skipped(world: World) -> None:
    """Before its deadline a frame is late and not skipped: who passes reports on chooses their order."""
    world.policies.setPolicy(1, policy(world.monitors, deadline=5 * STEP), sender=world.admin)
    world.judge(3)
    for frame in (4, 5, 6):
        warp_to(world.frame_end(frame))
        world.anchor(frame)
    assert hits(world.submit(world.report(6, missing(BELOW)))) == 0
