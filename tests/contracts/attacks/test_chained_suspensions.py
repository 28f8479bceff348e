"""All who may halt without a vote, together: hub, stale frames, guardian, halt. Service time is measured."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contracts.calls import now, warp_to
from contracts.kill_switch.breaches import breach, trip
from contracts.kill_switch.guardians import WHY, appoint, more_models
from contracts.report_hub.panels import seat
from contracts.signing import AGAINST
from contracts.world import BUDGET, DEADLINE, HALT_BUDGET, HARD_CAP, REFILL, STEP, World

STALE = {"kind": 2, "rule": 2**16 - 1, "value": 0, "limit": 0, "evidence": bytes(32)}
TIME = 70_000
BIT = 200


def lost(world: World, attempts: list[Callable[[], object]], *, seconds: int) -> int:
    """Let attackers act in turn whenever the model runs; return the seconds in which it did not."""
    began, out, turn = now(), 0, 0
    while now() < began + seconds:
        if world.switch.isOperational(1):
            attempts[turn % len(attempts)]()
            turn += 1
        since = now()
        status = world.switch.statusOf(1)
        if world.switch.isOperational(1):
            warp_to(now() + BIT)
            continue
        ends = [int(status.until)] if world.state() == "Suspended" else []
        ends += [int(world.switch.haltedUntil())] if status.halted else []
        warp_to(max(ends))
        out += now() - since + 1
    return out


def allowed(seconds: int, halts: int = 1) -> int:
    """Most seconds out of service that the budgets allow in this time, and a second's rounding an episode."""
    return BUDGET + seconds * REFILL // 1_000_000 + halts * HALT_BUDGET + 30


def test_all_together__as_long_and_often_as_they_can__within_the_budgets(world: World) -> None:
    guardian = appoint(world)
    acts: list[str] = []

    def guard() -> None:
        if not world.switch.guardianUsed(1):
            world.switch.guardianSuspend(1, WHY, sender=guardian)
            acts.append("guardian")
        elif not world.switch.haltUsed():
            world.switch.guardianHalt(sender=guardian)
            acts.append("halt")

    def hub() -> None:
        trip(world, rule=len(acts), suspension=HARD_CAP)
        acts.append("hub")

    def stale() -> None:
        world.switch.trip(breach(world, **STALE, suspension=HARD_CAP), sender=world.as_hub)
        acts.append("stale")

    out = lost(world, [guard, stale, hub], seconds=TIME)
    assert {"guardian", "halt", "hub", "stale"} == set(acts)
    assert BUDGET < out <= allowed(TIME)


@pytest.mark.parametrize("seconds", [20_000, 50_000])
def test_stale_frames_alone__every_whole_frame_poked__within_the_budget(world: World, seconds: int) -> None:
    """The real thing: nobody reports, the policy suspends for it, somebody pokes whatever can be poked."""
    seat(world, world.monitors, 2, stale_suspends=True, suspension=HARD_CAP)
    began, out = now(), 0
    while now() < began + seconds:
        frame = (now() - world.base) // STEP + 2
        warp_to(world.frame_end(frame) + DEADLINE + 1)
        since = int(world.hub.pokeStale(1, frame, sender=world.stranger).timestamp)
        if world.state() == "Suspended":
            warp_to(int(world.switch.statusOf(1).until))
            out += now() - since
    assert HARD_CAP <= out <= allowed(seconds, halts=0)


def test_rejections_between__what_is_given_back_can_be_drawn_and_no_more(world: World) -> None:
    """Each rejection frees the model early: the attackers get more episodes and not more time."""
    began, out = now(), 0
    for round_ in range(10):
        receipt = trip(world, rule=round_, suspension=HARD_CAP)
        if world.state() != "Suspended":
            break
        case = int(world.switch.caseCount())
        proposal = world.open(case)
        world.vote(proposal, 0, support=AGAINST)
        world.end_vote(proposal)
        world.switch.poke(case, sender=world.stranger)
        out += now() - int(receipt.timestamp)
    assert out <= allowed(now() - began, halts=0)
    assert world.switch.budgetUsed(1) <= out


def test_budget_used_up__the_next_attempt__opens_a_vote_and_the_model_runs(world: World) -> None:
    for round_ in range(2):
        trip(world, rule=round_, suspension=HARD_CAP)
        warp_to(int(world.switch.statusOf(1).until))
    guardian = appoint(world)
    trip(world, rule=5)
    world.switch.guardianSuspend(1, WHY, sender=guardian)
    assert (world.state(), world.switch.caseCount()) == ("Active", 4)
    assert [int(world.switch.caseOf(case).bound) for case in (3, 4)] == [0, 0]


def test_other_model__one_is_suspended_to_its_budget__the_others_budget_is_whole(world: World) -> None:
    (second,) = more_models(world, 1)
    trip(world, suspension=HARD_CAP)
    assert (world.switch.budgetUsed(second), world.state(second)) == (0, "Active")
