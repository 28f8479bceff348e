"""Frames that nobody reported in time: said by every view, made a case by anyone."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.calls import events, next_at, now, refused, warp_to
from contracts.kill_switch.breaches import open_breach_case, trip
from contracts.kill_switch.guardians import appoint
from contracts.report_hub.panels import FRAME, record, sealed, seat
from contracts.signing import AGAINST
from contracts.world import DEADLINE, STEP, SUSPENSION, VOTE, World, policy

STALE = 2


def over(world: World, frame: int = 2) -> int:
    """Let a frame's deadline pass without a report; return the frame."""
    warp_to(world.frame_end(frame) + DEADLINE + 1)
    return frame


def poke(world: World, frame: int = 2) -> Any:
    return world.hub.pokeStale(1, frame, sender=world.stranger)


def refuse(world: World, frame: int = 2) -> None:
    refused("ReportFrameNotStale", world.hub.pokeStale, 1, frame, sender=world.stranger, frame=frame)


def oversight(world: World) -> int:
    return int(world.switch.statusOf(1).oversight)


def test_oversight_of__deadline_over_and_nothing_reported__stale_by_itself(world: World) -> None:
    warp_to(world.frame_end(2) + DEADLINE)
    assert oversight(world) == 0
    over(world)
    assert (oversight(world), world.hub.oversightOf(1), world.state()) == (STALE, STALE, "Active")


def test_poke_stale__nothing_reported__a_case_for_a_vote(world: World) -> None:
    over(world)
    receipt = poke(world)
    case = world.switch.caseOf(1)
    assert (case.kind, case.severity, case.frame, case.version, case.bound) == (STALE, 1, 2, 1, 0)
    assert (world.state(), world.switch.statusOf(1).caseId) == ("Active", 1)
    assert events(receipt, "FrameStale")[0] == {"modelId": 1, "frame": 2, "version": 1, "caseId": 1}
    assert world.hub.frameOf(1, 1, 2, world.policy_digest()).stale


def test_poke_stale__policy_says_so__suspended(world: World) -> None:
    seat(world, world.monitors, 2, stale_suspends=True)
    over(world, FRAME)
    receipt = poke(world, FRAME)
    assert world.state() == "Suspended"
    assert world.switch.statusOf(1).until == receipt.timestamp + SUSPENSION


def test_poke_stale__anchored_and_too_few_signed__a_case(world: World) -> None:
    report = sealed(world, 2)
    world.submit(report, 0)
    over(world)
    poke(world)
    assert (world.switch.caseOf(1).kind, record(world, report).reported) == (STALE, 1)


def test_poke_stale__last_second_of_the_deadline__refused(world: World) -> None:
    warp_to(world.frame_end(2) + DEADLINE)
    refuse(world)


def test_poke_stale__frame_not_over__refused(world: World) -> None:
    refuse(world, 7)


def test_poke_stale__reported__refused(world: World) -> None:
    world.judge(2)
    over(world)
    refuse(world)


def test_poke_stale__again__refused(world: World) -> None:
    over(world)
    poke(world)
    refuse(world)


def test_poke_stale__frame_before_the_first_version__refused(world: World) -> None:
    over(world)
    refuse(world, 1)


def test_poke_stale__evaluation__refused(world: World) -> None:
    refused("PolicyMissing", world.hub.pokeStale, 1, 0, sender=world.stranger)


def test_poke_stale__model_without_policy__refused(world: World) -> None:
    refused("PolicyMissing", world.hub.pokeStale, 9, 2, sender=world.stranger)


def test_poke_stale__while_suspended__refused(world: World) -> None:
    trip(world)
    over(world)
    assert world.state() == "Suspended"
    refuse(world)


def test_poke_stale__suspended_for_part_of_the_frame__refused(world: World) -> None:
    trip(world)
    warp_to(int(world.switch.statusOf(1).until))
    assert world.state() == "Active"
    during = (now() - world.base) // STEP + 1
    assert world.frame_end(during) - STEP < now()
    over(world, during)
    refuse(world, during)


def test_poke_stale__first_whole_frame_after_a_suspension__a_case(world: World) -> None:
    trip(world)
    warp_to(int(world.switch.statusOf(1).until))
    after = (now() - world.base) // STEP + 2
    over(world, after)
    poke(world, after)
    assert world.switch.caseOf(world.switch.caseCount()).kind == STALE


def test_poke_stale__while_paused__refused(world: World) -> None:
    world.pause(VOTE)
    over(world, 3)
    refuse(world, 3)


def test_poke_stale__halted_within_the_frame__refused(world: World) -> None:
    next_at(world.frame_end(2) + 500)
    world.switch.halt(world.frame_end(2) + 510, sender=world.admin)
    over(world, 3)
    assert world.switch.isOperational(1)
    refuse(world, 3)


def test_poke_stale__during_a_guardians_halt__refused(world: World) -> None:
    guardian = appoint(world)
    over(world)
    world.switch.guardianHalt(sender=guardian)
    refuse(world)
    assert oversight(world) == 0


def test_poke_stale__halt_ended_as_the_frame_began__a_case(world: World) -> None:
    world.switch.halt(world.frame_end(2), sender=world.admin)
    over(world, 3)
    poke(world, 3)
    assert world.switch.caseOf(1).frame == 3


def test_poke_stale__breach_is_live__joins_it(world: World) -> None:
    over(world)
    open_breach_case(world, rule=VOTE)
    receipt = poke(world)
    assert events(receipt, "CaseJoined")[0]["caseId"] == 1
    assert (world.switch.caseCount(), oversight(world)) == (1, 1)


def test_poke_stale__rejected_before__said_and_without_a_case(world: World) -> None:
    over(world)
    poke(world)
    proposal = world.open(1)
    world.vote(proposal, 0, support=AGAINST)
    world.end_vote(proposal)
    world.switch.poke(1, sender=world.stranger)
    over(world, 3)
    receipt = poke(world, 3)
    assert events(receipt, "FrameStale")[0]["caseId"] == 0
    assert world.switch.caseCount() == 1


def test_oversight_of__newer_frame_reported__watched_again(world: World) -> None:
    over(world)
    assert oversight(world) == STALE
    world.judge(3)
    assert oversight(world) == 0


def test_oversight_of__case_lapsed_and_still_nothing_reported__stale(world: World) -> None:
    over(world)
    poke(world)
    warp_to(int(world.switch.caseOf(1).openUntil) + 1)
    assert (world.switch.statusOf(1).caseId, oversight(world)) == (0, STALE)


def test_oversight_of__model_without_policy__healthy(world: World) -> None:
    assert world.hub.oversightOf(9) == 0


@pytest.mark.parametrize("frames", [3, 4, 5])
def test_poke_stale__several_frames_missing__each_joins_the_first_case(world: World, frames: int) -> None:
    over(world, frames)
    for frame in range(2, frames + 1):
        poke(world, frame)
    assert world.switch.caseCount() == 1


def test_poke_stale__next_frame_judged_before_the_deadline__still_a_case(world: World) -> None:
    """With a deadline beyond the step, a steward could else withhold each frame in which harm was done."""
    world.policies.setPolicy(1, policy(world.monitors, deadline=2 * STEP), sender=world.admin)
    world.judge(4)
    warp_to(world.frame_end(3) + 2 * STEP + 1)
    world.hub.pokeStale(1, 3, sender=world.stranger)
    assert world.switch.caseOf(1).kind == STALE


def test_poke_stale__next_frame_judged_before_the_poke__still_a_case(world: World) -> None:
    world.judge(3)
    poke(world, 2)
    assert world.switch.caseOf(1).kind == STALE


def test_poke_stale__withheld_frame_poked_late_and_its_reports_kept_back__cannot_be_judged_any_more(
    world: World,
) -> None:
    """A stale frame stays one: its reports came too late, whoever had them."""
    report = sealed(world, 2)
    over(world)
    refused(
        "ReportOutOfTime", world.hub.submit, report.struct, world.sign(report, 0, 1), sender=world.stranger
    )
    poke(world)


@pytest.mark.parametrize(("late", "taken"), [(0, True), (1, False)])
def test_poke_stale__at_the_end_of_its_window__then_no_more(world: World, late: int, taken: bool) -> None:
    world.judge(3)
    last = world.frame_end(2) + DEADLINE + int(world.hub.STALE_WINDOW())
    if taken:
        next_at(last)
        assert events(poke(world), "FrameStale")
    else:
        warp_to(last + late)
        refuse(world)


def test_poke_stale__older_frames_after_one_suspended__open_no_chain(world: World) -> None:
    """A suspension moves the time in service past every frame before it."""
    seat(world, world.monitors, 2, stale_suspends=True)
    over(world, FRAME + 3)
    poke(world, FRAME)
    warp_to(int(world.switch.statusOf(1).until))
    for frame in (FRAME + 1, FRAME + 2, FRAME + 3):
        refuse(world, frame)
    assert world.switch.caseCount() == 1
