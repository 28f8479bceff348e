"""Records: accepted decisions with their salts and leaves, made many at once.

A serving process pays for these by the hundred: salts come from the system in one draw, hashes are made in
one go. What is made is what `leaf` says of a single decision, byte for byte.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from tribune.decisions.leaf import (
    SALT_BYTES,
    Decision,
    LogSchema,
    body_digest,
    check_id,
    decision_leaves,
    input_digest,
)
from tribune.exceptions import DataError
from tribune.ids import Digest, ModelId, VersionNumber

MAX_BODY = 65_536
"""Bytes that a decision's body may have where nobody says otherwise."""


class Row(NamedTuple):
    """A checked decision; `body` is the JSON that its leaf is going to commit to.

    It has a salt already where the body holds a salted digest of the input.
    """

    id: str
    time: int
    body: bytes
    salt: bytes | None = None


class Record(NamedTuple):
    """An accepted decision; `body` is the JSON that its leaf commits to."""

    id: str
    time: int
    salt: bytes
    leaf: Digest
    body: bytes


def row_of(schema: LogSchema, decision: Decision, *, max_body: int = MAX_BODY) -> Row:
    """Return a decision as a row of the log.

    Args:
        schema: the log's columns.
        decision: the decision.
        max_body: bytes that its body may have.

    Raises:
        DataError: for a decision that is not of the log's columns, too large, or without a usable id or time.
    """
    time = decision.time
    if type(time) is not int or not 0 <= time < 2**63:
        raise DataError("A decision's time is in UTC microseconds, as an integer.", id=decision.id)
    salt = None
    if decision.input is None:
        body = schema.body(decision)
    elif isinstance(decision.input, bytes | bytearray | memoryview):
        salt = os.urandom(SALT_BYTES)
        body = schema.body(decision, input_digest(salt, decision.input))
    else:
        raise DataError("A decision's input is bytes, as the model got them.", id=decision.id)
    if len(body) > max_body:
        raise DataError(
            f"The decision has {len(body):,} bytes, and the log takes {max_body:,}.",
            mend="Log the features that monitors need, and the rest as `input`, of which a digest is kept.",
            id=decision.id,
        )
    return Row(check_id(decision.id), time, body, salt)


def salted(
    model_id: ModelId, version: VersionNumber, rows: Sequence[Row]
) -> tuple[list[Record], list[Digest]]:
    """Return rows as records, each with a fresh salt and its leaf, and the digests of their bodies."""
    pool = os.urandom(SALT_BYTES * len(rows))
    fresh = (pool[i : i + SALT_BYTES] for i in range(0, len(pool), SALT_BYTES))
    salts = [row.salt or salt for row, salt in zip(rows, fresh, strict=True)]
    digests = [body_digest(salt, row.body) for salt, row in zip(salts, rows, strict=True)]
    opened = [(id, time, digest) for (id, time, _, _), digest in zip(rows, digests, strict=True)]
    leaves = decision_leaves(model_id, version, opened)
    records = [
        Record(id, time, salt, leaf, body)
        for (id, time, body, _), salt, leaf in zip(rows, salts, leaves, strict=True)
    ]
    return records, digests
