"""Proofs as strangers get them: made of a sealed log, changed by whoever wants to be believed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from tribune.decisions.anchor import anchor_word, read_manifest
from tribune.decisions.keccak import keccak256
from tribune.decisions.leaf import decision_leaf
from tribune.decisions.merkle import MerkleTree
from tribune.decisions.proofs.finding import find_decision
from tribune.decisions.proofs.proof import (
    MAX_BYTES,
    DecisionProof,
    Opened,
    check_anchor,
    check_proof,
    parse_proof,
)
from tribune.decisions.typed import LogContract
from tribune.exceptions import DataError, EvidenceError
from tribune.ids import Address, Digest, FrameIndex, ModelId, VersionNumber
from unit.decisions.rows import LATE, MODEL, VERSION, decision, sealer, write

CONTRACT = LogContract(31337, Address("0x5FbDB2315678afecb367f032d93F642f64180aa3"))
ONE = FrameIndex(1)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("log")
    write(folder, *(decision(f"d{i}", 100 + i) for i in range(11)))
    sealer(folder).seal(ONE, now=LATE)
    return folder


@pytest.fixture(scope="module")
def proof(root: Path) -> DecisionProof:
    return find_decision(root, "d7").proof(CONTRACT)


def independent_root(proof: DecisionProof) -> bytes:
    """Follow a proof as the contract does, from its words in the specification."""
    keccak = keccak256()
    fields = (
        proof.model_id.to_bytes(32, "big")
        + proof.version.to_bytes(32, "big")
        + keccak(proof.id.encode())
        + proof.time.to_bytes(32, "big")
        + proof.body
    )
    node = keccak(keccak(fields))
    for sibling in proof.path:
        node = keccak(min(node, sibling) + max(node, sibling))
    return node


def test_check_proof__of_a_sealed_decision__leads_to_the_anchored_word(
    root: Path, proof: DecisionProof
) -> None:
    given_away = parse_proof(proof.canonical())
    check_proof(given_away)
    manifest = read_manifest(sealer(root).folder, ONE)
    assert independent_root(given_away) == manifest.merkle_root
    assert given_away.word == anchor_word(manifest)
    assert given_away.opened is not None
    assert given_away.opened.content == {
        "features": {"AGEP": (30.0).hex(), "SEX": "1"},
        "prediction": "1",
        "score": (0.5).hex(),
    }
    check_anchor(given_away, anchor_word(manifest), 0, 1000)


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 8, 9, 33])
def test_check_proof__every_leaf_of_any_tree__holds(proof: DecisionProof, rows: int) -> None:
    leaves = [decision_leaf(MODEL, VERSION, f"x{i}", i, proof.body) for i in range(rows)]
    tree = MerkleTree(leaves)
    for i in range(rows):
        check_proof(
            replace(proof, id=f"x{i}", time=i, path=tree.proof(i), root=tree.root, rows=rows, opened=None)
        )


def test_hidden__without_its_body__proves_the_same(proof: DecisionProof) -> None:
    hidden = parse_proof(proof.hidden().canonical())
    check_proof(hidden)
    assert (hidden.opened, hidden.leaf, hidden.word) == (None, proof.leaf, proof.word)
    assert b"AGEP" not in hidden.canonical()


def _opened(proof: DecisionProof) -> Opened:
    assert proof.opened is not None
    return proof.opened


LIES: dict[str, Callable[[DecisionProof], DecisionProof]] = {
    "another id": lambda p: replace(p, id="d8"),
    "another time": lambda p: replace(p, time=p.time + 1),
    "another model": lambda p: replace(p, model_id=ModelId(9)),
    "another version": lambda p: replace(p, version=VersionNumber(9)),
    "another root": lambda p: replace(p, root=Digest(bytes([7]) * 32)),
    "another answer": lambda p: replace(
        p, opened=replace(_opened(p), content={**_opened(p).content, "prediction": "2"})
    ),
    "another salt": lambda p: replace(p, opened=replace(_opened(p), salt=bytes(16))),
    "a sibling left out": lambda p: replace(p, path=p.path[1:]),
    "a sibling more": lambda p: replace(p, path=(*p.path, bytes(32))),
    "an order changed": lambda p: replace(p, path=p.path[::-1]),
    "no path": lambda p: replace(p, path=(), root=p.leaf),
    "frame 0": lambda p: replace(p, frame=FrameIndex(0)),
    "no rows": lambda p: replace(p, rows=0, path=(), root=p.leaf),
    "an empty root": lambda p: replace(p, root=Digest(bytes(32))),
    "more rows": lambda p: replace(p, rows=2**20),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_check_proof__changed_by_whoever_wants_belief__refused(
    proof: DecisionProof, lie: Callable[[DecisionProof], DecisionProof]
) -> None:
    forged = parse_proof(lie(proof).canonical())
    with pytest.raises(EvidenceError):
        check_proof(forged)


def test_check_proof__inner_node_offered_as_a_body__refused(root: Path, proof: DecisionProof) -> None:
    """The parent of two leaves is a node of the tree; no decision can be made up whose leaf it is."""
    keccak = keccak256()
    inner = keccak(min(proof.leaf, proof.path[0]) + max(proof.leaf, proof.path[0]))
    forged = replace(proof, body=Digest(inner), path=proof.path[1:], opened=None)
    with pytest.raises(EvidenceError):
        check_proof(forged)


@pytest.mark.parametrize(
    ("anchored", "span"),
    [(None, (0, 1000)), (b"\x01" * 32, (0, 1000)), ("own", (1000, 2000)), ("own", (0, 107))],
    ids=["not anchored", "another word", "a frame elsewhere", "a frame that ends then"],
)
def test_check_anchor__chain_says_otherwise__refused(
    proof: DecisionProof, anchored: Any, span: tuple[int, int]
) -> None:
    with pytest.raises(EvidenceError):
        check_anchor(proof, proof.word if anchored == "own" else anchored, *span)


HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"\xff\xfe",
    "nested": b"[" * 100_000,
    "a list": b"[]",
    "too large": b" " * (MAX_BYTES + 1),
    "a number": b"7",
    "null": b"null",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_parse_proof__bytes_of_a_stranger__refused_plainly(data: bytes) -> None:
    with pytest.raises(EvidenceError, match="no proof of a decision"):
        parse_proof(data)


FIELDS: dict[str, Any] = {
    "path": ["0x" + "00" * 32] * 65,
    "root": "0x" + "00" * 31,
    "manifest": "0x" + "AA" * 32,
    "body": 7,
    "id": "",
    "time": -1,
    "frame": "1",
    "rows": True,
    "model": 1.5,
    "version": 2**32,
    "chain": "31337",
    "contract": "0x00",
    "opened": {"salt": "0x00", "body": {}},
    "schema": "tribune/receipt/1",
}


@pytest.mark.parametrize("name", FIELDS)
def test_parse_proof__one_field_that_cannot_be__refused(proof: DecisionProof, name: str) -> None:
    with pytest.raises(EvidenceError, match="no proof of a decision"):
        parse_proof(rfc8785.dumps({**proof.document(), name: FIELDS[name]}))


def test_parse_proof__not_canonical__refused(proof: DecisionProof) -> None:
    with pytest.raises(EvidenceError, match="canonical"):
        parse_proof(json.dumps(proof.document(), indent=1).encode())


@given(st.binary(max_size=200))
def test_parse_proof__any_bytes__never_breaks(data: bytes) -> None:
    with pytest.raises(EvidenceError):
        parse_proof(data)


@given(place=st.integers(0, 10_000), flipped=st.integers(1, 255))
def test_parse_proof__any_byte_changed__never_proves_the_same_frame(place: int, flipped: int) -> None:
    data = bytearray(_KEPT[0].canonical())
    data[place % len(data)] ^= flipped
    try:
        found = parse_proof(bytes(data))
        check_proof(found)
        check_anchor(found, _KEPT[0].word, 0, 1000)
    except EvidenceError:
        return
    # Fields that no digest binds are compared with the deployment and the chain's own key of the anchor.
    assert (found.contract, found.frame) != (CONTRACT, ONE)


_KEPT: list[DecisionProof] = []


@pytest.fixture(autouse=True, scope="module")
def _keep(proof: DecisionProof) -> None:
    _KEPT.append(proof)


def test_canonical__body_too_large_to_be_read__refused_with_a_mend(proof: DecisionProof) -> None:
    huge = replace(proof, opened=Opened(bytes(16), {"features": "x" * MAX_BYTES}))
    with pytest.raises(DataError, match="--hide-body"):
        huge.canonical()
    parse_proof(huge.hidden().canonical())
