"""One block of which much depends: told by the majority of the nodes, or by none."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from support.rpc_proxy import Fault, RpcProxy
from tribune.chain.answers import as_block
from tribune.chain.client import Chain
from tribune.chain.rpc import UnusableAnswer
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


async def test_batch_of_all__one_lacks_the_block__has_no_voice_and_is_not_sent_to_rest(
    trio: Chain, second: RpcProxy
) -> None:
    second.be(Fault.LAGGING)
    await mine(trio)
    newest = await trio.head()

    def number(answers: list[Any]) -> int:
        block = as_block(answers[0])
        if block is None:
            raise UnusableAnswer("it does not have the block")
        return block.number

    async def told(voices: int) -> None:
        async with asyncio.timeout(20):  # one that is slow for once has no voice either
            while await trio.rpc.batch_of_all(asked, read=number) != [newest.number] * voices:  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    asked = [(BLOCK, [hex(newest.number), False])]
    await told(2)
    second.well()
    await told(3)


async def test_agreed_block__nobody_has_it__unreachable(chain: Chain) -> None:
    with pytest.raises(ChainUnreachableError, match="does not have block 99"):
        await chain.agreed_block(99)


async def test_batch_of_all__one_tells_otherwise_than_most__rests_from_then_on(
    trio: Chain, first: RpcProxy
) -> None:
    asked = [("eth_getTransactionCount", ["0x" + "11" * 20, "latest"])]
    first.be(Fault.COUNTS_AHEAD)

    async def told() -> list[int]:
        return await trio.rpc.batch_of_all(asked, read=lambda found: int(found[0], 16))

    async with asyncio.timeout(20):  # one that is slow for once has no voice
        while len(await told()) < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert {number for _ in range(3) for number in await told()} == {0}
