"""Canonical bytes, their digest and their name: what makes two honest reports equal to the last bit.

A document becomes RFC 8785 JSON, its digest is the sha-256 of those bytes, and its name is the CIDv1
(raw, sha2-256) of the same. Refuses floats (their bits differ between machines), anything that JSON has
no word for, and bytes that are not the canonical form of what they say.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from tribune.exceptions import EvidenceError
from tribune.ids import Cid, Digest
from tribune.untrusted import MAX_DEPTH, SAFE_INTEGER, load_json

_CID_PREFIX = b"\x01\x55\x12\x20"  # CIDv1, raw codec, sha2-256, 32 bytes


def canonical_bytes(document: object) -> bytes:
    """Return the RFC 8785 bytes of a document of mappings, sequences, strings, integers, booleans and None.

    Integers beyond ±(2^53 − 1) are written as decimal strings.

    Raises:
        EvidenceError: for a float, a key that is no string, text that is not Unicode, or another type;
            the message names the place.
    """
    import rfc8785

    try:
        return rfc8785.dumps(_plain(document, "$", 0))
    except ValueError as fault:  # lone surrogates: CanonicalizationError and UnicodeEncodeError are both
        raise EvidenceError(f"The document holds text that is not valid Unicode: {fault}.") from fault


def digest(data: bytes) -> Digest:
    """Return the sha-256 of bytes (of a document: `digest(canonical_bytes(document))`)."""
    return Digest(hashlib.sha256(data).digest())


def cid(value: Digest) -> Cid:
    """Return the name of content with this sha-256: CIDv1, raw codec, base32 in lower case.

    Equal to what IPFS computes for a file of one chunk.

    Raises:
        EvidenceError: unless the digest has 32 bytes.
    """
    if len(value) != 32:
        raise EvidenceError(f"A sha-256 has 32 bytes, not {len(value)}.")
    return Cid("b" + base64.b32encode(_CID_PREFIX + value).decode("ascii").lower().rstrip("="))


def cid_digest(name: str) -> Digest:
    """Return the sha-256 inside a CID that `cid` made.

    Raises:
        EvidenceError: for any other name, also for another spelling of the same digest.
    """
    text = name[1:].upper() if name.startswith("b") else ""
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        raw = b""
    value = Digest(raw[len(_CID_PREFIX) :])
    if len(value) != 32 or cid(value) != name:
        raise EvidenceError(
            f"{name[:80]!r} is not the name of a piece of evidence.",
            mend="A name is a CIDv1 (raw, sha2-256, base32) and starts with 'bafkrei'.",
        )
    return value


def parse_canonical(data: bytes) -> dict[str, Any]:
    """Read a document back from its canonical bytes (large integers stay the strings they were written as).

    Raises:
        EvidenceError: unless the bytes are exactly the canonical form of a JSON object.
    """
    try:
        document = load_json(data, number=_no_float)
    except ValueError as fault:
        raise EvidenceError(f"These bytes are not a JSON document: {fault}.") from fault
    if not isinstance(document, dict):
        raise EvidenceError("The document is not a JSON object.")
    if canonical_bytes(document) != data:
        raise EvidenceError("The document is JSON, but not in its canonical form (RFC 8785).")
    return document


def _plain(value: object, where: str, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise EvidenceError(f"The document is nested deeper than {MAX_DEPTH} levels.")
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return int(value) if -SAFE_INTEGER <= value <= SAFE_INTEGER else str(int(value))
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise EvidenceError(f"{where} has a key that is not a string: {key!r}.")
        return {key: _plain(item, f"{where}.{key}", depth + 1) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [_plain(item, f"{where}[{i}]", depth + 1) for i, item in enumerate(value)]
    if isinstance(value, float):
        raise EvidenceError(
            f"{where} is the float {value!r}; canonical documents hold integers only.",
            mend="Give it in millionths, as an integer.",
        )
    raise EvidenceError(f"{where} is a {type(value).__name__}, which JSON has no word for.")


def _no_float(text: str) -> Any:
    raise ValueError(f"{text} is not an integer")
