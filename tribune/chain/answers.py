"""Read a node's answers. What cannot be read raises, so that another node is asked instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tribune.chain.rpc import UnusableAnswer
from tribune.chain.types import Block, Log, Receipt


@dataclass(frozen=True, slots=True)
class Standing:
    """How a nonce and the transactions signed for it stand, as one node sees it."""

    mined: int
    """The account's transactions that are in blocks: the lowest nonce that is free."""
    known: bool
    """Whether the node has the last of the transactions, mined or waiting."""
    receipt: Receipt | None
    """Of whichever is mined, in a block that is still there."""


def as_int(raw: Any) -> int:
    """Return a hex number as an int."""
    return int(raw, 16)


def as_bytes(raw: Any) -> bytes:
    """Return 0x-hex as bytes."""
    return bytes.fromhex(raw[2:])


def as_block(raw: Any) -> Block | None:
    """Return a block, None for null."""
    return None if raw is None else Block.from_rpc(raw)


def as_receipt(raw: Any) -> Receipt | None:
    """Return a receipt, None for null and for one that is in no block."""
    return Receipt.from_rpc(raw) if raw is not None and raw.get("blockNumber") else None


def as_standing(results: list[Any]) -> Standing:
    """Return the answers of `Chain.standing` together."""
    mined, known, *receipts = results
    found = [receipt for receipt in map(as_receipt, receipts) if receipt is not None]
    return Standing(as_int(mined), known is not None, found[-1] if found else None)


def as_logs(results: list[Any], last: int) -> list[Log]:
    """Return logs, if the last block of their range came with them."""
    raws, block = results
    if block is None:
        raise UnusableAnswer(f"it does not have block {last}")
    return [Log.from_rpc(raw) for raw in raws]
