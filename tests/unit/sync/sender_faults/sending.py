"""What a test of the sender does: send as one life of a process, look into the pool, hold back blocks."""

from __future__ import annotations

import asyncio

import pytest

from support.anvil import KEYS
from support.rpc_proxy import RpcProxy
from tribune.chain.client import Chain
from tribune.chain.types import ContractCall
from tribune.exceptions import TransactionPendingError
from tribune.ids import Address
from tribune.sync.sender import Sender

CHAIN_ID = 31337
LIMIT_S = 20.0


def sender(
    chain: Chain,
    *,
    receipt_timeout_s: float = LIMIT_S,
    bump_after_s: float = 60.0,
    max_fee_gwei: float = 500.0,
) -> Sender:
    """Return the sender of a new life of the process that holds the first test key."""
    from eth_account import Account

    return Sender(
        chain,
        Account.from_key(KEYS[0]),
        receipt_timeout_s=receipt_timeout_s,
        bump_after_s=bump_after_s,
        max_fee_gwei=max_fee_gwei,
    )


def emits(emitter: Address, topic: int) -> ContractCall:
    return ContractCall(to=emitter, data=topic.to_bytes(32, "big"))


async def emitted(node: Chain, emitter: Address) -> list[int]:
    head = await node.head()
    return [log.topics[0][-1] for log in await node.logs([emitter], 0, head.number)]


async def pool(node: Chain, count: int) -> list[tuple[int, str]]:
    """Wait until so many transactions of the sender wait in the pool; return their nonces and hashes."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            content = await node.request("txpool_content")
            waiting = {**content["pending"], **content["queued"]}
            for part in ("pending", "queued"):
                for mine in content[part].values():
                    waiting.update({int(nonce): sent["hash"] for nonce, sent in mine.items()})
            found = [(nonce, tx_hash) for nonce, tx_hash in waiting.items() if isinstance(nonce, int)]
            if len(found) == count:
                return sorted(found)
            await asyncio.sleep(0.02)


async def replaced(node: Chain, tx_hash: str) -> tuple[int, str]:
    """Wait until another transaction is in the place of the one that waits in the pool; return it."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            [waiting] = await pool(node, 1)
            if waiting[1] != tx_hash:
                return waiting
            await asyncio.sleep(0.02)


async def asked(proxy: RpcProxy, method: str) -> None:
    async with asyncio.timeout(LIMIT_S):
        while True:
            if proxy.asked[method]:
                return
            await asyncio.sleep(0)


async def hold_blocks(node: Chain) -> None:
    await node.request("evm_setAutomine", False)


async def make_blocks(node: Chain) -> None:
    await node.request("evm_setAutomine", True)
    await node.request("evm_mine")


async def leave_behind(chain: Chain, *calls: ContractCall, max_fee_gwei: float = 500.0) -> None:
    """Send as a life of the process that ends before a block comes."""
    one = sender(chain, receipt_timeout_s=0.2, max_fee_gwei=max_fee_gwei)
    with pytest.raises(TransactionPendingError):
        await one.send_all(calls)
