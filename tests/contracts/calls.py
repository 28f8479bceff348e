"""Small tools over ape: calls that must be refused, named accounts, chain time.

A refusal is looked at with `eth_call` and read from the contracts' own ABIs: every error has its name.
"""

from __future__ import annotations

from functools import cache
from time import sleep
from typing import Any

import ape
from eth_abi.abi import decode
from eth_utils.crypto import keccak

PANIC_AND_ERROR = {"4e487b71": ("Panic", ["code"], ["uint256"]), "08c379a0": ("Error", ["why"], ["string"])}


@cache
def errors() -> dict[str, tuple[str, list[str], list[str]]]:
    """Selector → name, argument names and types of every custom error of the project."""
    found = dict(PANIC_AND_ERROR)
    for kind in ape.project.contracts.values():
        for error in kind.errors:
            names = [str(argument.name) for argument in error.inputs]
            types = [str(argument.canonical_type) for argument in error.inputs]
            selector = keccak(text=f"{error.name}({','.join(types)})")[:4].hex()
            found[selector] = (error.name, names, types)
    return found


def refusal(to: str | None, data: bytes, sender: Any) -> tuple[str, dict[str, Any]] | None:
    """Return name and arguments of the error with which a call reverts, None if it does not."""
    request = {"from": str(sender), "data": "0x" + data.hex(), **({"to": to} if to else {})}
    answer = ape.chain.provider.web3.provider.make_request("eth_call", [request, "latest"])
    if "error" not in answer:
        return None
    revert = str(answer["error"].get("data") or "").removeprefix("0x")
    if len(revert) < 8:
        return "", {}
    name, names, types = errors().get(revert[:8], (f"0x{revert[:8]}", [], []))
    return name, dict(zip(names, decode(types, bytes.fromhex(revert[8:])), strict=True))


def refused(error: str, method: Any, *arguments: Any, sender: Any, **expected: Any) -> None:
    """Assert that a call reverts with the error of that name, with at least the arguments named."""
    found = refusal(str(method.contract.address), bytes(method.encode_input(*arguments)), sender)
    assert found is not None, f"not refused: {method}"
    assert found[0] == error, found
    assert expected.items() <= found[1].items(), found


def refused_deployment(error: str, name: str, *arguments: Any, sender: Any, **expected: Any) -> None:
    """Assert that a contract cannot be deployed with these arguments."""
    kind = getattr(ape.project, name).contract_type
    ethereum = ape.chain.provider.network.ecosystem
    code = bytes.fromhex(str(kind.deployment_bytecode.bytecode).removeprefix("0x"))
    encoded = ethereum.encode_deployment(code, kind.constructor, *arguments)
    found = refusal(None, bytes(encoded.data), sender)
    assert found is not None, f"not refused: {name}"
    assert found[0] == error, found
    assert expected.items() <= found[1].items(), found


def rpc(method: str, *parameters: Any) -> Any:
    """Call a JSON-RPC method of the chain."""
    return ape.chain.provider.make_request(method, list(parameters))


def mined(transaction: str) -> dict[str, Any]:
    """Wait for a transaction's receipt, for at most some seconds."""
    for _ in range(500):
        if receipt := rpc("eth_getTransactionReceipt", transaction):
            return dict(receipt)
        sleep(0.01)
    raise TimeoutError(transaction)


def in_one_block(*calls: tuple[Any, Any, tuple[Any, ...]], at: int) -> list[bool]:
    """Mine calls (sender, method, arguments), in this order, in one block at `at`; return which succeeded."""
    rpc("evm_setAutomine", False)
    sent = []
    for sender, method, arguments in calls:
        data = "0x" + bytes(method.encode_input(*arguments)).hex()
        call = {"from": str(sender), "to": method.contract.address, "data": data, "gas": hex(3_000_000)}
        sent.append(rpc("eth_sendTransaction", call))
    rpc("evm_setNextBlockTimestamp", at)
    rpc("evm_mine")
    rpc("evm_setAutomine", True)
    receipts = [mined(hash_) for hash_ in sent]
    assert len({receipt["blockNumber"] for receipt in receipts}) == 1
    return [int(receipt["status"], 16) == 1 for receipt in receipts]


def now() -> int:
    """Time of the latest block."""
    return int(ape.chain.blocks.head.timestamp)


def warp_to(time: int) -> None:
    """Mine a block at `time`; calls see that time, the next transaction that or a second or two later."""
    if time > now():
        rpc("evm_setNextBlockTimestamp", time)
        rpc("evm_mine")


def next_at(time: int) -> None:
    """Give the next transaction's block exactly this time."""
    rpc("evm_setNextBlockTimestamp", time)


def impersonated(address: str) -> Any:
    """Return a contract's address as an account that can send."""
    account = ape.accounts.test_accounts.impersonate_account(address)
    account.balance = 10**20
    return account


def events(receipt: Any, name: str) -> list[dict[str, Any]]:
    """Return the arguments of a receipt's events of one name."""
    return [dict(log.event_arguments) for log in receipt.events if log.event_name == name]
