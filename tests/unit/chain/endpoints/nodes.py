"""What tests of several nodes have in common."""

from __future__ import annotations

from support.bytecode import emit
from support.rpc_proxy import RpcProxy
from tribune.chain.client import Chain
from tribune.ids import Address

CHAIN_ID = 31337
TIMEOUT_S = 1.5
EMPTY = Address("0x" + "12" * 20)


async def mine(chain: Chain, blocks: int = 1) -> None:
    for _ in range(blocks):
        await chain.request("evm_mine")


async def emit_past(chain: Chain, emitter: Address, lagging: RpcProxy) -> None:
    async with Chain(lagging.target, chain_id=CHAIN_ID) as direct:
        await emit(direct, emitter, 7)
