"""Monitors that contradict each other until no digest can reach k."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.crypto import keccak

from contracts.calls import events, refused, warp_to
from contracts.pause_governor.holder_calls import call_pause, opened
from contracts.report_hub.panels import FRAME, attestation, pass_on, record, sealed, seat
from contracts.signing import Report
from contracts.world import DEADLINE, HEALTHY, TRIP, World, hit, version

DISPUTED = 3


def own(report: Report, index: int) -> Report:
    """The report of a monitor that agrees with nobody."""
    return report.but(evidence=keccak(text=f"what monitor {index} saw"))


def contradict(world: World, report: Report, *monitors: int) -> list[Any]:
    """Let each of these monitors sign a report of its own; return the receipts."""
    return [world.submit(own(report, index), index) for index in monitors]


def oversight(world: World) -> int:
    return int(world.switch.statusOf(1).oversight)


def test_submit__three_contradict_each_other__disputed_with_the_last(world: World) -> None:
    report = sealed(world, 2)
    first, second, third = contradict(world, report, 0, 1, 2)
    assert not events(first, "FrameDisputed")
    assert not events(second, "FrameDisputed")
    assert events(third, "FrameDisputed")[0] == {"modelId": 1, "frame": 2, "version": 1}
    found = record(world, report)
    assert (found.disputed, found.judged, found.agreement, found.reported) == (True, False, 1, 0b111)
    assert (oversight(world), world.hub.oversightOf(1)) == (DISPUTED, DISPUTED)


def test_submit__two_contradict_and_one_is_missing__not_yet(world: World) -> None:
    report = sealed(world, 2)
    contradict(world, report, 0, 1)
    assert not record(world, report).disputed
    world.submit(own(report, 0), 2)
    assert record(world, report).judged


def test_submit__all_must_agree_and_two_do_not__disputed_at_once(world: World) -> None:
    seat(world, world.monitors, 3)
    report = sealed(world)
    contradict(world, report, 0, 1)
    assert record(world, report).disputed


@pytest.mark.parametrize(("signed", "lost"), [("0 1 2 2", False), ("0 1 2 3", True), ("0 0 1 2", False)])
def test_submit__three_of_five_must_agree__lost_only_if_the_missing_cannot_help(
    world: World, signed: str, lost: bool
) -> None:
    """Four have signed, each for the digest named; the fifth may still join the largest group."""
    panel = [*world.monitors, *world.holders[:2]]
    seat(world, panel, 3)
    report = sealed(world)
    for index, digest in enumerate(signed.split()):
        said = own(report, int(digest))
        pass_on(world, said, attestation(world, said, index, panel[index].private_key))
    assert record(world, report).disputed is lost


def test_submit__disputed__halts_nothing_and_opens_nothing(world: World) -> None:
    contradict(world, sealed(world, 2, hit(TRIP)), 0, 1, 2)
    assert (world.state(), world.switch.caseCount()) == ("Active", 0)
    assert world.switch.isOperational(1)


def test_submit__newer_frame_judged__watched_again(world: World) -> None:
    contradict(world, sealed(world, 2), 0, 1, 2)
    world.judge(3)
    assert oversight(world) == 0


def test_submit__older_frame_disputed_after_a_newer_was_judged__still_watched(world: World) -> None:
    before = world.policy_digest()
    seat(world, world.monitors, 2, deadline=5000)
    world.submit(sealed(world, FRAME - 1).but(policy=before))
    older = sealed(world)
    world.judge(FRAME + 1)
    contradict(world, older, 0, 1, 2)
    assert record(world, older).disputed
    assert oversight(world) == 0


def test_submit__disputed_and_the_deadline_over__stale_and_a_case(world: World) -> None:
    contradict(world, sealed(world, 2), 0, 1, 2)
    warp_to(world.frame_end(2) + DEADLINE + 1)
    world.hub.pokeStale(1, 2, sender=world.stranger)
    assert world.switch.caseOf(1).kind == 2


def test_submit__breach_is_live__breached_says_more(world: World) -> None:
    world.breach(TRIP)
    contradict(world, sealed(world, 3), 0, 1, 2)
    assert (world.hub.oversightOf(1), oversight(world)) == (DISPUTED, 1)


def test_submit__evaluation_disputed__cannot_be_activated_and_says_nothing_of_service(world: World) -> None:
    world.registry.registerVersion(1, version(), sender=world.steward)
    contradict(world, world.report(0, HEALTHY, 2), 0, 1, 2)
    assert oversight(world) == 0
    refused("ModelNotEvaluated", world.registry.activate, 1, 2, sender=world.steward)


def test_submit__disputed_and_a_monitor_signs_anew__counts_nothing(world: World) -> None:
    report = sealed(world, 2)
    contradict(world, report, 0, 1, 2)
    world.submit(own(report, 0), 0, 1, 2)
    assert (record(world, report).judged, record(world, report).agreement) == (False, 1)


def test_execute_case__disputed__a_vote_pauses_all_the_same(world: World) -> None:
    contradict(world, sealed(world, 2), 0, 1, 2)
    call_pause(world, 0)
    case, proposal = opened(world)
    world.vote(proposal, 0, 1)
    world.governor.executeCase(case, sender=world.stranger)
    assert world.state() == "Paused"
