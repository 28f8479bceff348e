"""One block of which much depends: told by the majority of the nodes, or by none."""

from __future__ import annotations

import asyncio

import pytest

from support.rpc_proxy import Fault, RpcProxy
from tribune.chain.client import Chain
from tribune.chain.types import Block
from tribune.exceptions import ChainUnreachableError
from unit.chain.endpoints.nodes import mine

BLOCK = "eth_getBlockByNumber"


async def test_agreed_block__one_of_three_lies__the_others_block(trio: Chain, first: RpcProxy) -> None:
    await mine(trio, 3)
    true = await trio.block(2)
    first.be(Fault.CONTRADICTS, methods=[BLOCK])
    assert [(await trio.agreed_block(2)).hash for _ in range(4)] == [true.hash] * 4


async def test_agreed_block__one_of_two_lies__neither_is_believed(chain: Chain, first: RpcProxy) -> None:
    await mine(chain, 3)
    true = await chain.block(2)
    first.be(Fault.CONTRADICTS, methods=[BLOCK])
    asked = [chain.agreed_block(2) for _ in range(4)]  # it lies every second time
    found = await asyncio.gather(*asked, return_exceptions=True)
    faults = [one for one in found if isinstance(one, ChainUnreachableError)]
    assert faults
    assert all("different blocks 2" in str(fault) for fault in faults)
    assert {one.hash for one in found if isinstance(one, Block)} <= {true.hash}


async def test_agreed_block__one_of_three_is_down__the_others_suffice(trio: Chain, first: RpcProxy) -> None:
    await mine(trio, 3)
    first.be(Fault.DOWN)
    assert (await trio.agreed_block(2)).number == 2


async def test_agreed_block__nobody_has_it__unreachable(chain: Chain) -> None:
    with pytest.raises(ChainUnreachableError, match="does not have block 99"):
        await chain.agreed_block(99)
