"""Ask a contract wallet whether a signature is its own (ERC-1271), under the governor's gas cap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tribune.exceptions import ChainUnreachableError, RevertedError

if TYPE_CHECKING:
    from tribune.chain.client import Chain
    from tribune.ids import Address

MAGIC = bytes.fromhex("1626ba7e")
GAS = 250_000 + 100_000
"""The contract's cap, and what the call itself and its data cost."""


async def accepts_signature(chain: Chain, wallet: Address, digest: bytes, signature: bytes) -> bool:
    """Return whether the contract at `wallet` says that it signed; False where there is no contract.

    Raises:
        ChainUnreachableError: the node does not answer.
    """
    from eth_abi.abi import encode

    if not await chain.code(wallet):
        return False
    data = MAGIC + encode(["bytes32", "bytes"], [digest, signature])
    call = {"to": wallet, "data": "0x" + data.hex(), "gas": hex(GAS)}
    try:
        answer = await chain.request("eth_call", call, "latest", doing="check a wallet's signature")
    except ChainUnreachableError:
        raise
    except RevertedError:
        return False
    return bytes.fromhex(answer[2:])[:32] == MAGIC.ljust(32, b"\0")
