"""Receipts: what an asker holds against the operator for one decision.

A receipt opens a decision's leaf as far as its id, its time and the salted digest of its body. Signed, it
also has the path from the leaf to the root of the batch in which the decision was kept, the receipt key's
signature over that root and the key's certificate; one signature serves a whole batch. An unsigned receipt
proves nothing against the operator, and says that it is unsigned wherever it is shown.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from tribune.decisions.leaf import check_id, decision_leaf
from tribune.decisions.merkle import root_of
from tribune.decisions.proofs.receipt_key import Certificate, batch_digest
from tribune.decisions.typed import signer_of
from tribune.exceptions import DataError, SignatureError
from tribune.ids import Address, Digest, FrameIndex, ModelId, VersionNumber

SCHEMA = "tribune/receipt/1"
_KEYS = {"schema", "model", "version", "id", "time", "frame", "leaf", "body", "signed"}
_MAX_PATH = 64  # siblings: more leaves than anybody has
_FIELD = re.compile(
    r'"(?P<id>[^"\\]*)";time=(?P<time>\d{1,19})(?:;frame=(?P<frame>\d{1,19}))?'
    r';leaf="0x(?P<leaf>[0-9a-f]{64})";body="0x(?P<body>[0-9a-f]{64})"'
    r";(?:signed=\?0|signature=:(?P<signature>[A-Za-z0-9+/=]*):;path=:(?P<path>[A-Za-z0-9+/=]*):)"
)


@dataclass(frozen=True, eq=False)
class SignedBatch:
    """The receipt key's signature over the leaves that were kept together.

    `path` gives the siblings from the leaf at an index up to the root that was signed.
    """

    certificate: Certificate
    signature: bytes
    path: Callable[[int], Sequence[bytes]]


class Receipt(NamedTuple):
    """One decision's receipt.

    `frame` is None for a decision that came too late for its frame, or lies outside the grid; `body` is
    the salted digest of its body; `place` is the leaf's index in its batch. Without a batch it is unsigned.
    """

    model_id: ModelId
    version: VersionNumber
    id: str
    time: int
    frame: FrameIndex | None
    leaf: Digest
    body: Digest
    batch: SignedBatch | None = None
    place: int = 0

    def header(self) -> str:
        """Return the receipt as a structured field (RFC 9651); the id is percent-encoded.

        Model, version and certificate are not in it: the server tells them once, not with every answer.
        """
        frame = "" if self.frame is None else f";frame={self.frame}"
        digests = f'leaf="0x{self.leaf.hex()}";body="0x{self.body.hex()}"'
        id = self.id if self.id.isascii() and self.id.isalnum() else quote(self.id)
        claim = f'"{id}";time={self.time}{frame};{digests}'
        if self.batch is None:
            return f"{claim};signed=?0"
        path = b"".join(self.batch.path(self.place))
        return f"{claim};signature={_bytes(self.batch.signature)};path={_bytes(path)}"

    def document(self) -> dict[str, Any]:
        """Return the receipt as plain JSON; `signed` is null where it is not signed."""
        batch = self.batch
        return {
            "schema": SCHEMA,
            "model": self.model_id,
            "version": self.version,
            "id": self.id,
            "time": self.time,
            "frame": self.frame,
            "leaf": f"0x{self.leaf.hex()}",
            "body": f"0x{self.body.hex()}",
            "signed": None
            if batch is None
            else {
                "path": [f"0x{sibling.hex()}" for sibling in batch.path(self.place)],
                "signature": f"0x{batch.signature.hex()}",
                "certificate": batch.certificate.document(),
            },
        }

    @classmethod
    def of(cls, document: Any) -> Receipt:
        """Return the receipt that a document describes; nothing in it is checked yet (see `check_receipt`).

        Raises:
            DataError: it is no receipt.
            SignatureError: what it has as certificate is none.
        """
        try:
            if document["schema"] != SCHEMA or set(document) != _KEYS:
                raise ValueError("another schema")
            signed, batch = document["signed"], None
            if signed is not None:
                path = [_digest(sibling) for sibling in signed["path"]]
                signature = bytes.fromhex(signed["signature"].removeprefix("0x"))
                batch = _received(Certificate.of(signed["certificate"]), signature, path)
            frame = document["frame"]
            return cls(
                ModelId(_count(document["model"])),
                VersionNumber(_count(document["version"], 2**32)),
                check_id(document["id"]),
                _count(document["time"], 2**63),
                None if frame is None else FrameIndex(_count(frame)),
                _digest(document["leaf"]),
                _digest(document["body"]),
                batch,
            )
        except (ValueError, TypeError, KeyError, AttributeError) as fault:
            raise DataError(f"This is no receipt: {fault}.") from fault


def receipt_in(
    field: str, *, model_id: ModelId, version: VersionNumber, certificate: Certificate | None
) -> Receipt:
    """Return the receipt that a response header's field holds (one of them, as `Receipt.header` wrote it).

    Args:
        field: the field.
        model_id: whose receipt it is, as its server says.
        version: of the model, likewise.
        certificate: of the receipt key, likewise; None where the server signs no receipts.

    Raises:
        DataError: it is no receipt, or a signed one and there is no certificate.
    """
    found = _FIELD.fullmatch(field.strip())
    if found is None:
        raise DataError("This is no receipt: not the field that a gated server sends.")
    batch = None
    if found["signature"] is not None:
        if certificate is None:
            raise DataError(
                "The receipt is signed: its key's certificate is needed.", mend="Ask the operator."
            )
        try:
            path = b64decode(found["path"], validate=True)
            signature = b64decode(found["signature"], validate=True)
        except binascii.Error as fault:
            raise DataError(f"This is no receipt: {fault}.") from fault
        batch = _received(certificate, signature, [path[i : i + 32] for i in range(0, len(path), 32)])
    return Receipt(
        model_id,
        version,
        check_id(unquote(found["id"])),
        int(found["time"]),
        FrameIndex(int(found["frame"])) if found["frame"] else None,
        Digest(bytes.fromhex(found["leaf"])),
        Digest(bytes.fromhex(found["body"])),
        batch,
    )


def check_receipt(receipt: Receipt) -> Address | None:
    """Return who certified the key that signed a receipt; None for an unsigned one, which proves nothing.

    Asks nobody: whether that account is the model's logger or steward, and whether the contract is the right
    one, the chain knows.

    Raises:
        SignatureError: the leaf is not this decision's, its batch was not signed by the certified key, or
            the certificate is of another model or had run out when the decision was made.
    """
    leaf = decision_leaf(receipt.model_id, receipt.version, receipt.id, receipt.time, receipt.body)
    if leaf != receipt.leaf:
        raise SignatureError("The receipt's leaf is not that of this decision.", id=receipt.id)
    batch = receipt.batch
    if batch is None:
        return None
    certificate = batch.certificate
    if certificate.model_id != receipt.model_id:
        raise SignatureError(
            f"The receipt's key is certified for model {certificate.model_id}, not {receipt.model_id}."
        )
    root = root_of(leaf, batch.path(receipt.place))
    digest = batch_digest(certificate.contract, receipt.model_id, receipt.version, root)
    if signer_of(digest, batch.signature) != certificate.key:
        raise SignatureError(
            "The receipt is not signed by the key that its certificate names.", id=receipt.id
        )
    if receipt.time > certificate.not_after * 1_000_000:
        raise SignatureError("The receipt's key was certified until before the decision.", id=receipt.id)
    return certificate.certifier()


def _received(certificate: Certificate, signature: bytes, path: Sequence[bytes]) -> SignedBatch:
    if len(path) > _MAX_PATH or any(len(sibling) != 32 for sibling in path):
        raise DataError("This is no receipt: its path is not made of digests.")
    return SignedBatch(certificate, signature, lambda _: path)


def _bytes(value: bytes) -> str:
    return f":{b64encode(value).decode()}:"


def _digest(value: Any) -> Digest:
    digest = bytes.fromhex(value.removeprefix("0x"))
    if len(digest) != 32:
        raise ValueError("a digest has 32 bytes")
    return Digest(digest)


def _count(value: Any, limit: int = 2**256) -> int:
    if type(value) is not int or not 0 <= value < limit:
        raise ValueError("a number is none")
    return value
