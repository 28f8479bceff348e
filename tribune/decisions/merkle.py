"""Merkle trees that OpenZeppelin's `MerkleProof` verifies: sorted pairs, keccak-256.

The layout is that of OpenZeppelin's own tree library (a complete binary tree in an array, leaves last and in
reverse), so its tools give the same root for leaves in the same order. Expects leaves that are hashed twice
(`leaf.decision_leaf`), so that no inner node can pass for a leaf; refuses anything that has not 32 bytes.
"""

from __future__ import annotations

from collections.abc import Sequence

from tribune.decisions.keccak import keccak256
from tribune.exceptions import EvidenceError
from tribune.ids import Digest

EMPTY_ROOT = Digest(bytes(32))
"""Root of a tree without leaves; no proof verifies against it."""


class MerkleTree:
    """A tree over leaves, kept whole so that proofs cost a walk.

    Args:
        leaves: double-hashed leaves in log order, 32 bytes each; some 5·10⁵ a second.

    Raises:
        EvidenceError: for a leaf that has not 32 bytes.
    """

    def __init__(self, leaves: Sequence[bytes]) -> None:
        for length in set(map(len, leaves)) - {32}:
            raise EvidenceError(f"A leaf has 32 bytes, not {length}.")
        keccak = keccak256()
        count = len(leaves)
        nodes: list[bytes] = [b""] * max(0, count - 1) + list(reversed(leaves))
        for i in range(count - 2, -1, -1):
            left, right = nodes[2 * i + 1], nodes[2 * i + 2]
            nodes[i] = keccak(left + right if left < right else right + left)
        self._nodes = nodes
        self._count = count

    @property
    def root(self) -> Digest:
        """The root; `EMPTY_ROOT` without leaves, the leaf itself where there is one."""
        return Digest(self._nodes[0]) if self._nodes else EMPTY_ROOT

    def proof(self, index: int) -> tuple[bytes, ...]:
        """Return the siblings from the leaf at `index` up to the root.

        Raises:
            EvidenceError: when there is no such leaf.
        """
        if not 0 <= index < self._count:
            raise EvidenceError(f"The tree has {self._count} leaves, none at {index}.")
        node = len(self._nodes) - 1 - index
        siblings = []
        while node > 0:
            siblings.append(self._nodes[node + 1 if node % 2 else node - 1])
            node = (node - 1) // 2
        return tuple(siblings)


def root_of(leaf: bytes, proof: Sequence[bytes]) -> Digest:
    """Return the root to which a proof leads from a leaf; all have 32 bytes."""
    keccak = keccak256()
    node = leaf
    for sibling in proof:
        node = keccak(node + sibling if node < sibling else sibling + node)
    return Digest(node)


def verify_proof(root: bytes, leaf: bytes, proof: Sequence[bytes]) -> bool:
    """Return whether a proof leads from leaf to root, as `MerkleProof.verify` decides it."""
    if root == EMPTY_ROOT or len(leaf) != 32 or any(len(sibling) != 32 for sibling in proof):
        return False
    return root_of(leaf, proof) == root
