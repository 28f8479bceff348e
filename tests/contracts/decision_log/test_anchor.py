"""Anchors: the steward or its logger, once a frame and version, after the frame; proofs against them."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from contracts.calls import events, refused, warp_to
from contracts.world import ROOT, ROWS, World

MANIFEST = keccak(text="manifest")
ZERO = "0x" + "00" * 20


def anchor(world: World, frame: int = 2, sender: Any = None, version: int = 1, rows: int = ROWS) -> Any:
    sender = sender or world.steward
    return world.log.anchor(1, version, frame, MANIFEST, ROOT, rows, sender=sender)


def refuse(world: World, error: str, frame: int, version: int = 1, sender: Any = None) -> None:
    sender = sender or world.steward
    refused(error, world.log.anchor, 1, version, frame, MANIFEST, ROOT, ROWS, sender=sender)


def test_anchor__steward_after_frame__word_over_all_three(world: World) -> None:
    warp_to(world.frame_end(2))
    receipt = anchor(world)
    said = events(receipt, "FrameAnchored")[0]
    assert (bytes(said["manifest"]), bytes(said["root"]), said["rows"]) == (MANIFEST, ROOT, ROWS)
    word = keccak(encode(["bytes32", "bytes32", "uint64"], [MANIFEST, ROOT, ROWS]))
    assert bytes(world.log.anchorOf(1, 1, 2)) == word


def test_anchor__empty_frame__anchored(world: World) -> None:
    warp_to(world.frame_end(2))
    world.log.anchor(1, 1, 2, MANIFEST, bytes(32), 0, sender=world.steward)
    assert bytes(world.log.anchorOf(1, 1, 2)) != bytes(32)


def test_anchor__twice__refused(world: World) -> None:
    warp_to(world.frame_end(2))
    anchor(world)
    refuse(world, "LogAlreadyAnchored", 2)


def test_anchor__before_the_frame_is_over__refused(world: World) -> None:
    warp_to(world.frame_end(2) - 1)
    refuse(world, "LogFrameNotOver", 2)


def test_anchor__frame_zero__refused(world: World) -> None:
    refuse(world, "LogFrameNotOver", 0)


def test_anchor__frame_number_that_wraps__refused(world: World) -> None:
    warp_to(world.frame_end(2))
    refuse(world, "PolicyFrameTooFar", 2**48 + 2)


def test_anchor__version_not_in_force_then__refused(world: World) -> None:
    warp_to(world.frame_end(2))
    for version in (0, 2):
        refuse(world, "LogWrongVersion", 2, version)


def test_anchor__frame_before_any_activation__refused(world: World) -> None:
    for version in (0, 1):
        refuse(world, "LogWrongVersion", 1, version)


def test_anchor__frame_of_the_version_before__accepted(world: World) -> None:
    world.next_version()
    anchor(world, 2, version=1)
    refuse(world, "LogWrongVersion", 2, version=2)


def test_anchor__not_the_steward__refused(world: World) -> None:
    warp_to(world.frame_end(2))
    for sender in (world.stranger, world.admin, world.monitors[0], world.deployer):
        refuse(world, "LogNotAuthorized", 2, sender=sender)


def test_anchor__named_logger__accepted(world: World) -> None:
    receipt = world.log.setLogger(1, world.outsider, sender=world.steward)
    assert events(receipt, "LoggerChanged")[0]["current"] == world.outsider
    warp_to(world.frame_end(2))
    anchor(world, sender=world.outsider)
    assert world.log.loggerOf(1) == world.outsider


def test_anchor__logger_taken_back__refused(world: World) -> None:
    world.log.setLogger(1, world.outsider, sender=world.steward)
    world.log.setLogger(1, ZERO, sender=world.steward)
    warp_to(world.frame_end(2))
    refuse(world, "LogNotAuthorized", 2, sender=world.outsider)


def test_anchor__logger_of_the_former_steward__refused(world: World) -> None:
    world.log.setLogger(1, world.outsider, sender=world.steward)
    world.registry.transferFrom(world.steward, world.holders[0], 1, sender=world.steward)
    warp_to(world.frame_end(2))
    refuse(world, "LogNotAuthorized", 2, sender=world.outsider)
    refuse(world, "LogNotAuthorized", 2, sender=world.steward)
    anchor(world, sender=world.holders[0])


def test_set_logger__not_the_steward__refused(world: World) -> None:
    for sender in (world.stranger, world.admin):
        refused("LogNotAuthorized", world.log.setLogger, 1, world.stranger, sender=sender, modelId=1)


def pair(left: bytes, right: bytes) -> bytes:
    return keccak(min(left, right) + max(left, right))


def leaf(text: str) -> bytes:
    return keccak(keccak(text=text))


@pytest.fixture
def tree(world: World) -> tuple[bytes, list[bytes]]:
    """A tree over three leaves, anchored as frame 2; its root and the proof of the first leaf."""
    inner = pair(leaf("b"), leaf("c"))
    root = pair(leaf("a"), inner)
    warp_to(world.frame_end(2))
    world.log.anchor(1, 1, 2, MANIFEST, root, 3, sender=world.steward)
    return root, [inner]


def verify(world: World, *changes: tuple[int, Any], root: bytes, proof: list[bytes]) -> bool:
    arguments: list[Any] = [1, 1, 2, MANIFEST, root, 3, leaf("a"), proof]
    for place, value in changes:
        arguments[place] = value
    return bool(world.log.verify(*arguments))


def test_verify__decision_of_the_frame__true(world: World, tree: tuple[bytes, list[bytes]]) -> None:
    assert verify(world, root=tree[0], proof=tree[1])


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, 2),
        (1, 2),
        (2, 3),
        (3, keccak(text="other")),
        (4, keccak(text="other")),
        (5, 4),
        (6, leaf("x")),
        (7, []),
    ],
)
def test_verify__anything_else_than_anchored__false(
    world: World, tree: tuple[bytes, list[bytes]], place: int, value: Any
) -> None:
    assert not verify(world, (place, value), root=tree[0], proof=tree[1])


def test_verify__frame_without_anchor__false(world: World) -> None:
    assert not verify(world, root=leaf("a"), proof=[])
