"""False logs: what anchoring stops, and what it does not."""

from __future__ import annotations

from eth_utils.crypto import keccak

from contracts.calls import refused, warp_to
from contracts.pause_governor.holder_calls import call_pause, opened
from contracts.report_hub.panels import record, sealed
from contracts.world import DEADLINE, HEALTHY, ROOT, ROWS, TRIP, World, hit


def test_false_log__changed_after_it_was_anchored__the_first_word_stands(world: World) -> None:
    report = sealed(world, 2)
    other = ("0x" + keccak(text="cleaned").hex(), ROOT, ROWS)
    refused("LogAlreadyAnchored", world.log.anchor, 1, 1, 2, *other, sender=world.steward)
    world.submit(report)
    assert record(world, report).judged


def test_false_log__monitors_were_shown_another_than_the_anchored__no_report_and_so_stale(
    world: World,
) -> None:
    shown = sealed(world, 2).but(manifest=keccak(text="what monitors were shown"))
    refused(
        "ReportWrongManifest", world.hub.submit, shown.struct, world.sign(shown, 0, 1), sender=world.stranger
    )
    warp_to(world.frame_end(2) + DEADLINE + 1)
    world.hub.pokeStale(1, 2, sender=world.stranger)
    assert world.switch.caseOf(1).kind == 2


def test_false_log__anchored_by_a_stranger__refused(world: World) -> None:
    warp_to(world.frame_end(2) + 100)
    word = ("0x" + keccak(text="somebody's").hex(), ROOT, ROWS)
    for sender in (world.stranger, world.monitors[0], world.admin, world.deployer):
        refused("LogNotAuthorized", world.log.anchor, 1, 1, 2, *word, sender=sender)


def test_false_log__anchored_before_it_can_be_whole__refused(world: World) -> None:
    """What is logged within the grace belongs to the frame: nobody can shut it out by anchoring early."""
    warp_to(world.frame_end(2) + 10)
    word = ("0x" + keccak(text="early").hex(), ROOT, ROWS)
    refused("LogFrameNotOver", world.log.anchor, 1, 1, 2, *word, sender=world.steward)


def test_false_log__false_from_the_start__only_people_can_halt_it(world: World) -> None:
    """What no contract can see: all agree on what was logged. A call of holders needs no log."""
    world.judge(2, HEALTHY)
    assert world.switch.isOperational(1)
    call_pause(world, 0)
    case, proposal = opened(world)
    world.vote(proposal, 0, 1)
    world.governor.executeCase(case, sender=world.stranger)
    assert world.state() == "Paused"


def test_false_log__steward_swears_to_no_decisions__a_report_is_judged_like_any(world: World) -> None:
    warp_to(world.frame_end(2) + 100)
    world.log.anchor(1, 1, 2, keccak(text="nothing"), bytes(32), 0, sender=world.steward)
    world.submit(world.report(2, hit(TRIP)))
    assert world.state() == "Suspended"
