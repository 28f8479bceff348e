"""Proofs: documents that show a stranger that one decision is in a sealed frame.

A proof opens a decision's leaf, leads from it to the frame's root and from there to the one word that the
chain anchors. Checking one asks nobody and believes nothing in it: proofs come from strangers, so they are
bounded and must be in canonical form. Whether the word is anchored, only the chain knows (`check_anchor`).
What a proof cannot show: that what was logged is what the model said. A lie at the source is a lie here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tribune.decisions.anchor import word_of
from tribune.decisions.leaf import SALT_BYTES, body_digest, check_id, decision_leaf
from tribune.decisions.merkle import EMPTY_ROOT, root_of
from tribune.decisions.typed import LogContract, checked_address
from tribune.exceptions import DataError, EvidenceError, UnreadableError
from tribune.ids import Digest, FrameIndex, ModelId, VersionNumber
from tribune.untrusted import SAFE_INTEGER, load_json

SCHEMA = "tribune/decision-proof/1"
MAX_BYTES = 2**20
"""Of a proof: of one with a larger body, the body stays out."""
_MAX_PATH = 64  # siblings: more leaves than anybody has
_KEYS = {
    "schema",
    "chain",
    "contract",
    "model",
    "version",
    "frame",
    "id",
    "time",
    "body",
    "opened",
    "path",
    "manifest",
    "root",
    "rows",
}


@dataclass(frozen=True)
class Opened:
    """A decision's body with its salt: `content` has features, prediction, score as the leaf binds them."""

    salt: bytes
    content: Any

    @property
    def digest(self) -> Digest:
        """The digest of the body, which the leaf holds."""
        import rfc8785

        return body_digest(self.salt, rfc8785.dumps(self.content))


@dataclass(frozen=True)
class DecisionProof:
    """That a decision is in a frame.

    `time` is in UTC microseconds, `body` the salted digest of the body, `path` the siblings from leaf to
    `root`; `manifest` is the sha-256 of the frame's manifest and `rows` counts its decisions. `opened` is
    None where the body stays hidden, or was erased.
    """

    contract: LogContract
    model_id: ModelId
    version: VersionNumber
    frame: FrameIndex
    id: str
    time: int
    body: Digest
    path: tuple[bytes, ...]
    manifest: Digest
    root: Digest
    rows: int
    opened: Opened | None = None

    @property
    def leaf(self) -> Digest:
        """The decision's leaf."""
        return decision_leaf(self.model_id, self.version, self.id, self.time, self.body)

    @property
    def word(self) -> Digest:
        """What the chain must anchor for the frame."""
        return word_of(self.manifest, self.root, self.rows)

    def hidden(self) -> DecisionProof:
        """Return the same proof without the body."""
        return replace(self, opened=None)

    def document(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        opened = self.opened
        return {
            "schema": SCHEMA,
            "chain": self.contract.chain_id,
            "contract": self.contract.address,
            "model": self.model_id,
            "version": self.version,
            "frame": self.frame,
            "id": self.id,
            "time": self.time,
            "body": f"0x{self.body.hex()}",
            "opened": None if opened is None else {"salt": f"0x{opened.salt.hex()}", "body": opened.content},
            "path": [f"0x{sibling.hex()}" for sibling in self.path],
            "manifest": f"0x{self.manifest.hex()}",
            "root": f"0x{self.root.hex()}",
            "rows": self.rows,
        }

    def canonical(self) -> bytes:
        """Return it as RFC 8785 JSON, the exact content of its file.

        Raises:
            DataError: its body makes it larger than anybody reads.
        """
        import rfc8785

        data = rfc8785.dumps(self.document())
        if len(data) > MAX_BYTES:
            raise DataError(
                f"The proof would have {len(data):,} bytes; at most {MAX_BYTES:,} are read.",
                mend="Leave the body out: --hide-body.",
                id=self.id,
            )
        return data


def parse_proof(data: bytes) -> DecisionProof:
    """Return the proof in these bytes; nothing that it claims is checked yet (see `check_proof`).

    Raises:
        EvidenceError: unless they are exactly the canonical form of a proof.
    """
    import rfc8785

    try:
        if len(data) > MAX_BYTES:
            raise ValueError("it is too large")
        document = load_json(data)
        if document["schema"] != SCHEMA or set(document) != _KEYS:
            raise ValueError("another schema")
        if rfc8785.dumps(document) != data:
            raise ValueError("it is not in canonical form (RFC 8785)")
        path = document["path"]
        if not isinstance(path, list) or len(path) > _MAX_PATH:
            raise ValueError(f"a path has at most {_MAX_PATH} siblings")
        return DecisionProof(
            contract=LogContract(_count(document["chain"]), checked_address(document["contract"])),
            model_id=ModelId(_count(document["model"])),
            version=VersionNumber(_count(document["version"], 2**32)),
            frame=FrameIndex(_count(document["frame"])),
            id=check_id(document["id"]),
            time=_count(document["time"]),
            body=_digest(document["body"]),
            path=tuple(map(_digest, path)),
            manifest=_digest(document["manifest"]),
            root=_digest(document["root"]),
            rows=_count(document["rows"]),
            opened=_opened(document["opened"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, DataError) as fault:
        raise EvidenceError(f"This is no proof of a decision: {fault}.") from fault


def read_proof(path: Path) -> DecisionProof:
    """Return the proof in a file.

    Raises:
        UnreadableError: the file cannot be read.
        EvidenceError: it holds no proof.
    """
    return parse_proof(read_document(path, MAX_BYTES))


def read_document(path: Path, limit: int) -> bytes:
    """Return what a stranger's file holds, at most `limit` bytes and one more.

    Raises:
        UnreadableError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(limit + 1)
    except OSError as fault:
        raise UnreadableError(f"{path} cannot be read: {fault.strerror}.", mend="Check the path.") from fault


def check_proof(proof: DecisionProof) -> None:
    """Check all of a proof that needs no chain: body, leaf, path and the shape of the tree.

    Raises:
        EvidenceError: something in it does not follow from the rest.
    """
    if proof.opened is not None and proof.opened.digest != proof.body:
        raise EvidenceError("The body in the proof is not the one that the leaf binds.", id=proof.id)
    if proof.rows < 1 or proof.frame < 1 or proof.root == EMPTY_ROOT:
        raise EvidenceError("The proof is about a frame that holds no decisions.", id=proof.id)
    # Leaves lie on the two lowest levels of a complete binary tree: no other path belongs to so many rows.
    deepest = (proof.rows - 1).bit_length()
    if len(proof.path) not in (deepest, proof.rows.bit_length() - 1):
        raise EvidenceError(
            f"The proof's path has {len(proof.path)} siblings: no leaf of a tree over {proof.rows:,} has.",
            id=proof.id,
        )
    if root_of(proof.leaf, proof.path) != proof.root:
        raise EvidenceError("The decision's leaf does not lead to the frame's root.", id=proof.id)


def check_anchor(proof: DecisionProof, anchored: Digest | None, start: int, end: int) -> None:
    """Compare a proof with what the chain says of its frame.

    Args:
        proof: already checked by itself.
        anchored: the word that the proof's contract has for its model, version and frame.
        start: of the frame, UTC microseconds.
        end: of the frame, excluded.

    Raises:
        EvidenceError: the frame is not anchored, or otherwise, or does not hold the decision's time.
    """
    name = f"Frame {proof.frame} of model {proof.model_id} v{proof.version}"
    if anchored is None:
        raise EvidenceError(f"{name} is not anchored on the chain.", frame=proof.frame)
    if anchored != proof.word:
        raise EvidenceError(f"{name} is anchored with another word than the proof's.", frame=proof.frame)
    if not start <= proof.time < end:
        raise EvidenceError(f"{name} does not hold the time of this decision.", frame=proof.frame)


def _opened(value: Any) -> Opened | None:
    if value is None:
        return None
    if set(value) != {"salt", "body"}:
        raise ValueError("an opened body has salt and body")
    salt = _bytes(value["salt"])
    if len(salt) != SALT_BYTES:  # else a salt could begin where another body ends
        raise ValueError(f"a salt has {SALT_BYTES} bytes")
    return Opened(salt, value["body"])


def _digest(value: Any) -> Digest:
    digest = _bytes(value)
    if len(digest) != 32:
        raise ValueError("a digest has 32 bytes")
    return Digest(digest)


def _bytes(value: Any) -> bytes:
    found = bytes.fromhex(value.removeprefix("0x"))
    if f"0x{found.hex()}" != value:
        raise ValueError("bytes are written as 0x and hex digits in lower case")
    return found


def _count(value: Any, limit: int = SAFE_INTEGER + 1) -> int:
    if type(value) is not int or not 0 <= value < limit:
        raise ValueError("a number is none")
    return value
