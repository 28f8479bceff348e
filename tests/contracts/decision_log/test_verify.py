"""Proofs of decisions against an anchored frame: the log hashes the decision itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from eth_utils.crypto import keccak

from contracts.calls import warp_to
from contracts.world import GRACE, World
from tribune.decisions.leaf import decision_leaf
from tribune.decisions.merkle import MerkleTree
from tribune.ids import Digest, ModelId, VersionNumber

MANIFEST = keccak(text="manifest")
DECISIONS = [(f"decision-{n}", 1_700_000_000_000_000 + n, bytes([n]) * 32) for n in range(5)]
OTHER = keccak(text="other")


def leaf(decision: tuple[str, int, bytes], model: int = 1, version: int = 1) -> Digest:
    """The leaf as the gate computes it."""
    id, time, body = decision
    return decision_leaf(ModelId(model), VersionNumber(version), id, time, Digest(body))


@dataclass
class Anchored:
    """Five decisions, anchored as frame 2, and a right proof of the first."""

    world: World
    tree: MerkleTree
    arguments: dict[str, Any] = field(default_factory=dict)

    def verify(self, **changes: Any) -> bool:
        return bool(self.world.log.verify(*(self.arguments | changes).values()))


@pytest.fixture
def anchored(world: World) -> Anchored:
    tree = MerkleTree([leaf(decision) for decision in DECISIONS])
    warp_to(world.frame_end(2) + GRACE)
    world.log.anchor(1, 1, 2, MANIFEST, tree.root, 5, sender=world.steward)
    arguments = {
        "model": 1,
        "version": 1,
        "frame": 2,
        "decision": DECISIONS[0],
        "anchor": (MANIFEST, tree.root, 5),
        "proof": tree.proof(0),
    }
    return Anchored(world, tree, arguments)


def test_verify__each_decision_of_the_frame__true(anchored: Anchored) -> None:
    for place, decision in enumerate(DECISIONS):
        assert anchored.verify(decision=decision, proof=anchored.tree.proof(place))


@pytest.mark.parametrize(
    "changes",
    [
        {"model": 2},
        {"version": 2},
        {"frame": 3},
        {"decision": ("decision-x", *DECISIONS[0][1:])},
        {"decision": (DECISIONS[0][0], 1, DECISIONS[0][2])},
        {"decision": (*DECISIONS[0][:2], OTHER)},
        {"decision": DECISIONS[1]},
        {"proof": []},
        {"proof": [OTHER] * 3},
    ],
)
def test_verify__anything_else_than_logged__false(anchored: Anchored, changes: dict[str, Any]) -> None:
    assert anchored.verify()
    assert not anchored.verify(**changes)


def test_verify__anything_else_than_anchored__false(anchored: Anchored) -> None:
    root = anchored.tree.root
    for anchor in ((OTHER, root, 5), (MANIFEST, OTHER, 5), (MANIFEST, root, 4), (MANIFEST, root, 0)):
        assert not anchored.verify(anchor=anchor)


def test_verify__inner_node_given_as_a_body__false(anchored: Anchored) -> None:
    """An inner node is no decision: whatever is shown is hashed as one, twice, before the path is walked."""
    proof = anchored.tree.proof(0)
    first, second = sorted((leaf(DECISIONS[0]), Digest(proof[0])))
    inner = keccak(first + second)
    for body in (inner, first, keccak(first)):
        assert not anchored.verify(decision=("decision-0", DECISIONS[0][1], body), proof=proof[1:])
        assert not anchored.verify(decision=("", 0, body), proof=proof[1:])


def test_verify__root_shown_as_a_decision_without_path__false(anchored: Anchored) -> None:
    assert not anchored.verify(decision=("", 0, anchored.tree.root), proof=[])


def test_verify__same_decision_of_another_version__false(anchored: Anchored) -> None:
    world = anchored.world
    world.next_version()
    warp_to(world.frame_end(4) + GRACE)
    world.log.anchor(1, 2, 4, MANIFEST, anchored.tree.root, 5, sender=world.steward)
    assert anchored.verify()
    assert not anchored.verify(version=2, frame=4)


def test_verify__frame_without_decisions__nothing_is_in_it(world: World) -> None:
    warp_to(world.frame_end(2) + GRACE)
    world.log.anchor(1, 1, 2, MANIFEST, bytes(32), 0, sender=world.steward)
    assert not world.log.verify(1, 1, 2, DECISIONS[0], (MANIFEST, bytes(32), 0), [])


def test_verify__only_decision_of_a_frame__needs_no_path(world: World) -> None:
    warp_to(world.frame_end(2) + GRACE)
    world.log.anchor(1, 1, 2, MANIFEST, leaf(DECISIONS[0]), 1, sender=world.steward)
    assert world.log.verify(1, 1, 2, DECISIONS[0], (MANIFEST, leaf(DECISIONS[0]), 1), [])
    assert not world.log.verify(1, 1, 2, DECISIONS[0], (MANIFEST, leaf(DECISIONS[0]), 0), [])


def test_verify__frame_without_anchor__false(world: World) -> None:
    assert not world.log.verify(1, 1, 2, DECISIONS[0], (MANIFEST, leaf(DECISIONS[0]), 1), [])


def test_leaf_of__any_decision__as_the_gate_computes_it(world: World) -> None:
    for decision in (*DECISIONS, ("é漢😀" * 20, 0, bytes(32)), ("x" * 200, 2**64 - 1, OTHER)):
        assert bytes(world.log.leafOf(7, 3, decision)) == leaf(decision, 7, 3)
