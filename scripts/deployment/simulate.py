"""Try a whole deployment on the node without sending anything (`eth_simulateV1`).

Each transaction sees what those before it did. "Refused" and "could not look" are different results: a node
without the method is said to be one, never taken for a success.
"""

from __future__ import annotations

from collections.abc import Sequence

from scripts.deployment.encoding import Transaction
from scripts.deployment.node import Node
from tribune.chain.revert import decode_revert
from tribune.exceptions import ChainError, RevertedError


def simulate(node: Node, transactions: Sequence[Transaction], sender: str) -> int | None:
    """Return the gas that all transactions use together, None where the node cannot simulate.

    Raises:
        RevertedError: one would fail; its message names which.
    """
    if not transactions:
        return 0
    blocks = [
        {
            "calls": [
                {
                    "from": sender,
                    "input": "0x" + one.data.hex(),
                    **({"to": one.to} if one.to else {}),
                }
            ]
        }
        for one in transactions
    ]
    try:
        results = node.request("eth_simulateV1", [{"blockStateCalls": blocks}, "latest"])
    except RevertedError:
        raise
    except ChainError:
        return None
    used = 0
    for one, result in zip(transactions, results, strict=True):
        (call,) = result["calls"]
        if int(call["status"], 16) != 1:
            fault = call.get("error", {})
            data = str(fault.get("data") or call.get("returnData") or "0x").removeprefix("0x")
            raise decode_revert(bytes.fromhex(data), doing=one.says, detail=str(fault.get("message", "")))
        used += int(call["gasUsed"], 16)
    return used
