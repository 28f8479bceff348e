"""Try the calls of a proposal on the chain in the timelock's name, without sending anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tribune.ballots.told import sentence
from tribune.chain.revert import decode_revert
from tribune.exceptions import ChainError, ChainUnreachableError, RevertedError
from tribune.ids import Address

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts
    from tribune.chain.types import ContractCall


async def try_calls(contracts: VoteContracts, calls: Sequence[ContractCall], block: int) -> tuple[str, ...]:
    """Try calls in the timelock's name, in order; return why each would fail, empty where it works.

    Where the node cannot try them in order (`eth_simulateV1`), each is tried by itself.

    Raises:
        ChainUnreachableError: the chain cannot be asked.
    """
    executive = contracts.deployment.address("TribuneTimelock")
    asked = [
        {"from": executive, "to": one.to, "input": "0x" + one.data.hex(), "value": hex(one.value)}
        for one in calls
    ]
    try:
        answer: Any = await contracts.chain.request(
            "eth_simulateV1", {"blockStateCalls": [{"calls": asked}]}, hex(block), doing="try a proposal"
        )
        return tuple(_failure(one) for one in answer[0]["calls"])
    except ChainUnreachableError:
        raise
    except (ChainError, LookupError, TypeError, ValueError):  # a node that does not know how
        return tuple([await _alone(contracts, one, executive, block) for one in calls])


def _failure(answer: Mapping[str, Any]) -> str:
    if int(answer["status"], 16) == 1:
        return ""
    return sentence(decode_revert(bytes.fromhex(answer.get("returnData", "0x")[2:])))


async def _alone(contracts: VoteContracts, call: ContractCall, executive: Address, block: int) -> str:
    try:
        await contracts.chain.call(call, sender=executive, block=block)
    except RevertedError as fault:
        return sentence(fault)
    return ""
