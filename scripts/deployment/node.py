"""The chain as deployment scripts read it: through a web3 connection, with the committed ABIs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eth_utils.address import to_checksum_address

from tribune.chain.codec import load_abi
from tribune.chain.revert import decode_revert
from tribune.chain.types import Event, Log
from tribune.exceptions import ChainError

LOG_RANGE = 5_000
"""Blocks asked for at once: what public nodes commonly allow."""


class Node:
    """Reads of one chain.

    Args:
        web3: a connection whose requests time out, such as `ape.chain.provider.web3`.
    """

    def __init__(self, web3: Any) -> None:
        self.web3 = web3

    @property
    def chain_id(self) -> int:
        """Id of the chain."""
        return int(self.web3.eth.chain_id)

    @property
    def head(self) -> int:
        """Number of the newest block."""
        return int(self.web3.eth.block_number)

    @property
    def time(self) -> int:
        """Unix time of the newest block."""
        return int(self.web3.eth.get_block("latest")["timestamp"])

    def code(self, address: str) -> bytes:
        """Return an account's code, empty where it has none."""
        return bytes(self.web3.eth.get_code(to_checksum_address(address)))

    def created(self, address: str) -> int:
        """Return the block that created a contract which stands now, by bisection.

        Raises:
            ChainError: the node has forgotten earlier states.
        """
        low, high = 0, self.head
        while low < high:
            middle = (low + high) // 2
            code = self.request("eth_getCode", [address, hex(middle)], doing="look for its creation")
            low, high = (low, middle) if len(code) > 2 else (middle + 1, high)
        return low

    def nonce(self, address: str, tag: str = "latest") -> int:
        """Return an account's next nonce."""
        return int(self.web3.eth.get_transaction_count(to_checksum_address(address), tag))

    def read(self, contract: str, address: str, function: str, *arguments: Any) -> Any:
        """Return what a function of a contract with a committed ABI answers, names in snake_case.

        Raises:
            ChainError: it refuses, or answers something else: most often another contract stands there.
        """
        abi = load_abi(contract)
        request = {"to": address, "data": "0x" + abi.encode(function, arguments).hex()}
        answer = self.request("eth_call", [request, "latest"], doing=f"read {contract}.{function}")
        return abi.decode(function, bytes.fromhex(answer[2:]))

    def events(self, contract: str, address: str, start: int) -> list[Event]:
        """Return a contract's events from block `start` on, in order."""
        abi, found = load_abi(contract), []
        head = self.head
        for first in range(start, head + 1, LOG_RANGE):
            criteria = {
                "address": to_checksum_address(address),
                "fromBlock": hex(first),
                "toBlock": hex(min(first + LOG_RANGE - 1, head)),
            }
            for raw in self.request("eth_getLogs", [criteria], doing=f"read the events of {contract}"):
                if (event := abi.decode_event(Log.from_rpc(raw))) is not None:
                    found.append(event)
        return found

    def transaction(self, tx: str) -> Mapping[str, Any] | None:
        """Return a transaction that the node knows, mined or waiting."""
        found: Mapping[str, Any] | None = self.request("eth_getTransactionByHash", [tx])
        return found

    def receipt(self, tx: str) -> Mapping[str, Any] | None:
        """Return a mined transaction's receipt, None while it is in no block."""
        found = self.request("eth_getTransactionReceipt", [tx])
        return found if found and found.get("blockNumber") else None

    def request(self, method: str, parameters: Sequence[Any], *, doing: str = "") -> Any:
        """Return a JSON-RPC result, as the node wrote it.

        Raises:
            RevertedError: a contract refused.
            ChainError: the node does not answer this.
        """
        answer = self.web3.provider.make_request(method, list(parameters))
        if "error" not in answer:
            return answer["result"]
        fault = answer["error"]
        said, data = str(fault.get("message", fault)), fault.get("data")
        if isinstance(data, str) and data.startswith("0x"):
            raise decode_revert(bytes.fromhex(data[2:]), doing=doing, detail=said)
        if "revert" in said:
            raise decode_revert(b"", doing=doing, detail=said)
        raise ChainError(f"The node does not answer {method}: {said}.", mend="Try another node.")
