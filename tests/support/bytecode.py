"""Two contracts of a few bytes, for tests of client and sync that should not need the compiler."""

from __future__ import annotations

import asyncio

from support.anvil import KEYS
from tribune.chain.client import Chain
from tribune.chain.types import ContractCall
from tribune.ids import Address
from tribune.sync.sender import Sender

# Each is init code (copy the rest to memory, return it), then runtime code.
EMITTER = bytes.fromhex("6008600c60003960086000f360003560006000a1")
"""LOG1 with the first calldata word as its topic."""
REVERTER = bytes.fromhex("600a600c600039600a6000f3366000600037366000fd")
"""Reverts with the calldata."""
RECEIPT_LIMIT_S = 15.0


def sender(chain: Chain, key: int = 0) -> Sender:
    """Return a sender with one of the test keys."""
    from eth_account import Account

    return Sender(chain, Account.from_key(KEYS[key]), receipt_timeout_s=RECEIPT_LIMIT_S)


async def deploy(chain: Chain, code: bytes) -> Address:
    """Deploy one of the contracts."""
    receipt = await sender(chain).send(ContractCall(to=None, data=code))
    assert receipt.contract_address is not None
    return receipt.contract_address


async def emit(chain: Chain, emitter: Address, topic: int) -> None:
    """Let the emitter emit, from a key that no sender of a test uses."""
    call = {"from": "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720", "to": emitter, "data": f"0x{topic:064x}"}
    sent = await chain.request("eth_sendTransaction", call)
    for _ in range(100):  # a busy anvil answers a moment before the block is there
        if await chain.receipt(sent) is not None:
            return
        await asyncio.sleep(0.02)
