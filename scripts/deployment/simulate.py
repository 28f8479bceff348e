"""Try transactions on the node, one after the other, without sending anything (`eth_simulateV1`).

Each sees what those before it did. "Refused" and "could not look" are different results: a node without the
method is said to be one, never taken for a success.
"""

from __future__ import annotations

from collections.abc import Sequence

from scripts.deployment.encoding import Transaction
from scripts.deployment.node import Node
from tribune.chain.revert import decode_revert
from tribune.chain.types import ContractCall
from tribune.exceptions import ChainError, RevertedError


def simulate(node: Node, transactions: Sequence[Transaction], sender: str) -> int | None:
    """Return the gas that a plan's transactions use together, None where the node cannot simulate.

    Raises:
        RevertedError: one would fail; its message names which.
    """
    return _simulated(node, [(one.to, one.data, one.says) for one in transactions], sender)


def simulate_calls(node: Node, calls: Sequence[ContractCall], sender: str) -> int | None:
    """As `simulate`, for calls of contracts that stand."""
    return _simulated(node, [(call.to, call.data, call.description) for call in calls], sender)


def _simulated(node: Node, made: Sequence[tuple[str | None, bytes, str]], sender: str) -> int | None:
    if not made:
        return 0
    requests = [
        {"from": sender, "input": "0x" + data.hex(), **({"to": to} if to else {})} for to, data, _ in made
    ]
    blocks = [{"calls": [request]} for request in requests]
    try:
        results = node.request("eth_simulateV1", [{"blockStateCalls": blocks}, "latest"])
    except RevertedError:
        raise
    except ChainError:
        return None
    used = 0
    for (_, _, says), result in zip(made, results, strict=True):
        (call,) = result["calls"]
        if int(call["status"], 16) != 1:
            fault = call.get("error", {})
            data = str(fault.get("data") or call.get("returnData") or "0x").removeprefix("0x")
            raise decode_revert(bytes.fromhex(data), doing=says, detail=str(fault.get("message", "")))
        used += int(call["gasUsed"], 16)
    return used
