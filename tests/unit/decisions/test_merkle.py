"""Trees against a plain recursive computation, proofs against OpenZeppelin's algorithm written out."""

from __future__ import annotations

import time

import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from tribune.decisions.keccak import keccak256
from tribune.decisions.merkle import EMPTY_ROOT, MerkleTree, verify_proof
from tribune.exceptions import EvidenceError

_LEAVES = st.lists(st.binary(min_size=32, max_size=32).filter(any), min_size=1, max_size=20)


def _root(nodes: int, leaves: list[bytes], i: int = 0) -> bytes:
    """Root of the heap-shaped tree, top down."""
    if i >= nodes - len(leaves):
        return leaves[nodes - 1 - i]
    pair = sorted([_root(nodes, leaves, 2 * i + 1), _root(nodes, leaves, 2 * i + 2)])
    return keccak(pair[0] + pair[1])


@given(st.binary(max_size=200))
def test_keccak256__any_bytes__equals_eth_utils(data: bytes) -> None:
    assert keccak256()(data) == keccak(data)


@given(_LEAVES)
def test_root__any_leaves__equals_the_recursive_computation(leaves: list[bytes]) -> None:
    assert MerkleTree(leaves).root == _root(2 * len(leaves) - 1, leaves)


@given(_LEAVES)
def test_proof__of_every_leaf__verifies(leaves: list[bytes]) -> None:
    tree = MerkleTree(leaves)
    assert all(verify_proof(tree.root, leaf, tree.proof(i)) for i, leaf in enumerate(leaves))


def test_verify_proof__for_another_leaf__fails() -> None:
    leaves = [keccak(bytes([i])) for i in range(7)]
    tree = MerkleTree(leaves)
    assert not verify_proof(tree.root, leaves[1], tree.proof(0))
    assert not verify_proof(tree.root, keccak(b"x"), tree.proof(0))


def test_verify_proof__against_the_root_of_nothing__fails() -> None:
    assert not verify_proof(EMPTY_ROOT, bytes(32), ())


@pytest.mark.parametrize("proof", [(b"short",), (bytes(64),)])
def test_verify_proof__sibling_of_another_length__fails(proof: tuple[bytes, ...]) -> None:
    assert not verify_proof(keccak(b""), keccak(b"x"), proof)


def test_root__no_leaves__is_zero() -> None:
    assert MerkleTree([]).root == EMPTY_ROOT == bytes(32)


@pytest.mark.parametrize("index", [-1, 2])
def test_proof__of_no_leaf__is_refused(index: int) -> None:
    with pytest.raises(EvidenceError):
        MerkleTree([bytes(32), bytes(32)]).proof(index)


def test_tree__leaf_of_another_length__is_refused() -> None:
    with pytest.raises(EvidenceError):
        MerkleTree([b"short"])


@pytest.mark.alone
def test_tree__a_hundred_thousand_leaves__takes_about_a_second() -> None:
    leaves = [i.to_bytes(32, "big") for i in range(100_000)]
    start = time.perf_counter()
    tree = MerkleTree(leaves)
    assert time.perf_counter() - start < 3  # 0.15 s alone, on a machine that does nothing else
    assert verify_proof(tree.root, leaves[77_777], tree.proof(77_777))
