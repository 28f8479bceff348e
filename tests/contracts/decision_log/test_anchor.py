"""Anchors: the steward or its logger, once a frame and version, after the frame; proofs against them."""

from __future__ import annotations

from typing import Any

import ape
import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from contracts.calls import events, next_at, now, refused, warp_to
from contracts.world import GRACE, ROOT, ROWS, STEP, World, policy

MANIFEST = keccak(text="manifest")
ZERO = "0x" + "00" * 20


def sealing(world: World, frame: int) -> int:
    """Unix time at which a frame's grace is over."""
    return world.frame_end(frame) + GRACE


def anchor(world: World, frame: int = 2, sender: Any = None, version: int = 1, rows: int = ROWS) -> Any:
    sender = sender or world.steward
    return world.log.anchor(1, version, frame, MANIFEST, ROOT, rows, sender=sender)


def refuse(world: World, error: str, frame: int, version: int = 1, sender: Any = None) -> None:
    sender = sender or world.steward
    refused(error, world.log.anchor, 1, version, frame, MANIFEST, ROOT, ROWS, sender=sender)


def test_anchor__steward_after_frame__word_over_all_three(world: World) -> None:
    warp_to(sealing(world, 2))
    receipt = anchor(world)
    said = events(receipt, "FrameAnchored")[0]
    assert (bytes(said["manifest"]), bytes(said["root"]), said["rows"]) == (MANIFEST, ROOT, ROWS)
    word = keccak(encode(["bytes32", "bytes32", "uint64"], [MANIFEST, ROOT, ROWS]))
    assert bytes(world.log.anchorOf(1, 1, 2)) == word


def test_anchor__empty_frame__anchored(world: World) -> None:
    warp_to(sealing(world, 2))
    world.log.anchor(1, 1, 2, MANIFEST, bytes(32), 0, sender=world.steward)
    assert bytes(world.log.anchorOf(1, 1, 2)) != bytes(32)


def test_anchor__twice__refused(world: World) -> None:
    warp_to(sealing(world, 2))
    anchor(world)
    refuse(world, "LogAlreadyAnchored", 2)


def test_anchor__before_the_frames_grace_is_over__refused(world: World) -> None:
    for moment in (world.frame_end(2) - 1, world.frame_end(2), sealing(world, 2) - 1):
        warp_to(moment)
        refuse(world, "LogFrameNotOver", 2)


def test_anchor__as_the_grace_is_over__accepted(world: World) -> None:
    next_at(sealing(world, 2))
    anchor(world)
    assert now() == sealing(world, 2)


def test_anchor__frame_zero__refused(world: World) -> None:
    refuse(world, "PolicyMissing", 0)


@pytest.mark.parametrize("number", [2**48 + 2, 2**63 + 2, 2**64 - 1])
def test_anchor__frame_number_that_wraps__refused(world: World, number: int) -> None:
    warp_to(sealing(world, 2))
    refuse(world, "LogFrameNotOver", number)


def test_anchor__model_without_policy__refused(world: World) -> None:
    world.registry.registerModel("second", sender=world.steward)
    refused("PolicyMissing", world.log.anchor, 2, 1, 1, MANIFEST, ROOT, ROWS, sender=world.steward)


def test_anchor__steward_of_another_model__refused(world: World) -> None:
    world.registry.registerModel("second", sender=world.outsider)
    warp_to(sealing(world, 2))
    refuse(world, "LogNotAuthorized", 2, sender=world.outsider)


def test_anchor__two_versions__each_frame_is_of_one(world: World) -> None:
    """No overlap: of two versions in turn, a frame takes the anchor of its own, once."""
    world.next_version()
    warp_to(sealing(world, 3))
    for frame, own, other in ((2, 1, 2), (3, 2, 1)):
        refuse(world, "LogWrongVersion", frame, version=other)
        anchor(world, frame, version=own)
        refuse(world, "LogAlreadyAnchored", frame, version=own)
        refuse(world, "LogWrongVersion", frame, version=other)


def test_anchor__version_back_in_force__its_own_frames_only(world: World) -> None:
    world.next_version()
    world.registry.activate(1, 1, sender=world.steward)
    warp_to(sealing(world, 4))
    for frame, version in ((2, 1), (3, 2), (4, 1)):
        refuse(world, "LogWrongVersion", frame, version=3 - version)
        anchor(world, frame, version=version)


def test_anchor__any_frame__costs_at_most_60_000_gas(world: World) -> None:
    world.log.setLogger(1, world.outsider, sender=world.steward)
    for frame, sender in ((2, world.steward), (3, world.outsider)):
        warp_to(sealing(world, frame))
        assert anchor(world, frame, sender=sender, rows=2**32).gas_used <= 60_000


# Grids: the log keeps the newest, and asks the book for frames before it


def change_grid(world: World) -> int:
    """Let a policy with frames of half the step take force after frame 2; return its base."""
    changed = policy(world.monitors, step=STEP // 2, length=STEP // 2, grace=GRACE * 2)
    world.policies.setPolicy(1, changed, sender=world.admin)
    return int(world.policies.policyAt(1, 1)[3])


def test_anchor__policy_changed__sealed_by_each_frames_own_grid(world: World) -> None:
    base = change_grid(world)
    assert base == world.frame_end(2)
    for frame, moment in ((2, base + GRACE), (3, base + STEP // 2 + 2 * GRACE)):
        warp_to(moment - 1)
        refuse(world, "LogFrameNotOver", frame)
        next_at(moment)
        anchor(world, frame)


def test_anchor__policy_set_and_replaced_before_its_force__the_last_ones_grid(world: World) -> None:
    change_grid(world)
    world.policies.setPolicy(1, policy(world.monitors, grace=GRACE * 3), sender=world.admin)
    moment = world.frame_end(3) + 3 * GRACE
    warp_to(moment - 1)
    refuse(world, "LogFrameNotOver", 3)
    next_at(moment)
    anchor(world, 3)


def test_anchor__log_that_was_told_nothing__asks_the_book(world: World) -> None:
    fresh = world.stranger.deploy(ape.project.DecisionLog, world.registry, world.policies)
    arguments = (1, 1, 2, MANIFEST, ROOT, ROWS)
    warp_to(sealing(world, 2) - 1)
    refused("LogFrameNotOver", fresh.anchor, *arguments, sender=world.steward)
    next_at(sealing(world, 2))
    fresh.anchor(*arguments, sender=world.steward)
    assert bytes(fresh.anchorOf(1, 1, 2)) != bytes(32)


def test_on_policy__anyone_but_the_book__refused(world: World) -> None:
    for sender in (world.stranger, world.steward, world.admin, world.deployer):
        refused("LogNotAuthorized", world.log.onPolicy, 1, (1, 1, 1, 0), sender=sender)


def test_anchor__version_not_in_force_then__refused(world: World) -> None:
    warp_to(sealing(world, 2))
    for version in (0, 2):
        refuse(world, "LogWrongVersion", 2, version)


def test_anchor__frame_before_any_activation__refused(world: World) -> None:
    warp_to(sealing(world, 1))
    for version in (0, 1):
        refuse(world, "LogWrongVersion", 1, version)


def test_anchor__frame_of_the_version_before__accepted(world: World) -> None:
    world.next_version()
    warp_to(sealing(world, 2))
    anchor(world, 2, version=1)
    refuse(world, "LogWrongVersion", 2, version=2)


def test_anchor__not_the_steward__refused(world: World) -> None:
    warp_to(sealing(world, 2))
    for sender in (world.stranger, world.admin, world.monitors[0], world.deployer):
        refuse(world, "LogNotAuthorized", 2, sender=sender)


def test_anchor__named_logger__accepted(world: World) -> None:
    receipt = world.log.setLogger(1, world.outsider, sender=world.steward)
    assert events(receipt, "LoggerChanged")[0]["current"] == world.outsider
    warp_to(sealing(world, 2))
    anchor(world, sender=world.outsider)
    assert world.log.loggerOf(1) == world.outsider


def test_anchor__logger_taken_back__refused(world: World) -> None:
    world.log.setLogger(1, world.outsider, sender=world.steward)
    world.log.setLogger(1, ZERO, sender=world.steward)
    warp_to(sealing(world, 2))
    refuse(world, "LogNotAuthorized", 2, sender=world.outsider)


def test_anchor__logger_of_the_former_steward__refused(world: World) -> None:
    world.log.setLogger(1, world.outsider, sender=world.steward)
    world.registry.transferFrom(world.steward, world.holders[0], 1, sender=world.steward)
    warp_to(sealing(world, 2))
    refuse(world, "LogNotAuthorized", 2, sender=world.outsider)
    refuse(world, "LogNotAuthorized", 2, sender=world.steward)
    anchor(world, sender=world.holders[0])


def test_set_logger__not_the_steward__refused(world: World) -> None:
    for sender in (world.stranger, world.admin):
        refused("LogNotAuthorized", world.log.setLogger, 1, world.stranger, sender=sender, modelId=1)
