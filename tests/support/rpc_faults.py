"""The ways in which a node misbehaves, and what a node that is behind would answer. See `rpc_proxy`."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Any

WRONG_CHAIN_ID = 666


class Fault(StrEnum):
    """How it misbehaves; the number given with it is its amount."""

    NONE = auto()
    DOWN = auto()
    """Refuses connections, and breaks those that are open."""
    SILENT = auto()
    """Accepts, never answers."""
    SLOW = auto()
    """Answers after so many seconds."""
    WRONG_CHAIN = auto()
    """Says that it serves another chain."""
    LAGGING = auto()
    """Answers as of so many blocks ago."""
    OLD_STATE = auto()
    """Tells blocks as they are, and of contracts what they said so many blocks ago."""
    FORGETS = auto()
    """Takes a signed transaction, answers its hash, never passes it on."""
    LOSES_ANSWER = auto()
    """Passes a signed transaction on, then breaks the connection."""
    CUTS_SOCKET = auto()
    """Breaks websockets and takes none; HTTP is well."""
    GARBAGE = auto()
    """Answers with a result that has no sense."""
    HTML = auto()
    """Answers with a page."""
    OVERSIZE = auto()
    """Answers without an end."""
    CONTRADICTS = auto()
    """Names another hash for every second block that it is asked for."""
    COUNTS_AHEAD = auto()
    """Tells one transaction more of an account at each look, and knows none that waits or is in a block."""
    REFUSES_BATCHES = auto()
    """Answers a batch with one error."""
    RATE_LIMITS = auto()
    """Answers HTTP 429."""


@dataclass(frozen=True)
class State:
    fault: Fault = Fault.NONE
    amount: float = 0.0
    methods: frozenset[str] | None = None
    frozen_head: int = 0
    """LAGGING, OLD_STATE: the newest block that it has, or calls contracts at."""

    def holds_for(self, methods: Collection[str]) -> bool:
        """Return whether a request of these methods meets the fault."""
        return self.methods is None or not self.methods.isdisjoint(methods)


def hash_of(raw: str) -> str:
    from eth_utils.crypto import keccak

    return "0x" + keccak(hexstr=raw).hex()


def as_of(method: str, params: list[Any], head: int) -> dict[str, Any] | None:
    """Bring a request back to a block (in place); return the answer where the node needs not be asked."""
    if method == "eth_blockNumber":
        return {"result": hex(head)}
    if method == "eth_getLogs":
        params[0] = {**params[0], "toBlock": hex(min(_number(params[0].get("toBlock"), head), head))}
        return {"result": []} if _number(params[0].get("fromBlock"), head) > head else None
    place = {"eth_getBlockByNumber": 0, "eth_getStorageAt": 2}.get(method, 1)
    if method not in _AT_A_BLOCK or len(params) <= place:
        return None
    number = _number(params[place], head)
    if number > head:
        lacks = {"code": -32000, "message": "header not found"}
        return {"result": None} if method == "eth_getBlockByNumber" else {"error": lacks}
    params[place] = hex(number)
    return None


_AT_A_BLOCK = (
    "eth_getBlockByNumber",
    "eth_getStorageAt",
    "eth_call",
    "eth_getBalance",
    "eth_getCode",
    "eth_getTransactionCount",
)


def _number(tag: Any, head: int) -> int:
    return int(tag, 16) if isinstance(tag, str) and tag.startswith("0x") else 0 if tag == "earliest" else head


def without_newer(answer: dict[str, Any], head: int) -> dict[str, Any]:
    """Return an answer without the block, receipt or transaction that a lagging node has not seen."""
    result = answer.get("result")
    number = (result.get("number") or result.get("blockNumber")) if isinstance(result, dict) else None
    return {"result": None} if number is not None and int(number, 16) > head else answer


def contradicted(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the answer with another hash for the block that it holds."""
    block = answer["result"]
    return {**answer, "result": {**block, "hash": "0x" + hashlib.sha256(block["hash"].encode()).hexdigest()}}
