"""Nodes that lag, die or went back: no older head, no answer for a block not there, no early finality."""

from __future__ import annotations

import asyncio

import pytest

from support.anvil import Anvil
from support.bytecode import EMITTER, deploy, emit
from support.rpc_proxy import Fault, RpcProxy
from tribune.chain.client import Chain
from tribune.chain.endpoints import Endpoints
from tribune.chain.heads import LAG_BLOCKS
from tribune.chain.types import Block, ContractCall
from tribune.exceptions import ChainUnreachableError
from unit.chain.endpoints.nodes import CHAIN_ID, EMPTY, TIMEOUT_S, emit_past, mine

LATEST = ("eth_getBlockByNumber", ("latest", False))


async def test_head__first_node_lags_behind_two__newest_is_told_once_compared(
    trio: Chain, first: RpcProxy
) -> None:
    await mine(trio, 10)
    first.be(Fault.LAGGING, 6)
    await trio.views()
    assert (await trio.head()).number == 10
    assert await trio.call_many([ContractCall(to=EMPTY, data=b"")]) == [b""]
    assert first.asked["eth_call"] == 0


async def test_head__only_the_last_of_three_tells_one_far_ahead__the_others_are_not_passed_over(
    trio: Chain, first: RpcProxy, second: RpcProxy, third: RpcProxy
) -> None:
    await mine(trio, 30)
    first.be(Fault.LAGGING, 20)
    second.be(Fault.LAGGING, 20)
    await trio.views()
    assert (await trio.head()).number == 10
    await trio.call_many([ContractCall(to=EMPTY, data=b"")])
    assert third.asked["eth_call"] == 0


async def test_head__only_the_first_of_three_tells_one_far_ahead__not_taken(
    trio: Chain, second: RpcProxy, third: RpcProxy
) -> None:
    await mine(trio, 30)
    second.be(Fault.LAGGING, 20)
    third.be(Fault.LAGGING, 20)
    assert (await trio.head()).number == 10


async def test_head__only_the_first_of_three_goes_on__followed_a_few_blocks_and_no_further(
    trio: Chain, second: RpcProxy, third: RpcProxy
) -> None:
    await mine(trio, 10)
    await trio.head()
    second.be(Fault.LAGGING)
    third.be(Fault.LAGGING)
    for _ in range(10):
        await mine(trio, 2)
        await trio.views()
        assert (await trio.head()).number <= 10 + 2 * LAG_BLOCKS


async def test_head__far_one_was_told_while_nobody_else_answered__not_held_against_them(
    chain: Chain, first: RpcProxy, second: RpcProxy
) -> None:
    await mine(chain, 30)
    first.be(Fault.DOWN)
    assert (await chain.head()).number == 30
    first.be(Fault.LAGGING, 20)
    await asyncio.sleep(1.2)
    assert (await chain.head()).number == 10


async def test_head__other_of_two_is_far_ahead__taken_once_the_first_stood_still_for_long(
    first: RpcProxy, second: RpcProxy
) -> None:
    urls = [first.http_url, second.http_url]
    endpoints = Endpoints(urls, chain_id=CHAIN_ID, timeout_s=TIMEOUT_S, patience_s=1.0)
    heads = []
    first.be(Fault.LAGGING)
    for _ in range(6):
        await endpoints.request("evm_mine")
    await endpoints.views()
    heads.append((await endpoints.request(*LATEST, read=Block.from_rpc)).number)
    await endpoints.request("evm_mine")
    await asyncio.sleep(1.1)
    await endpoints.views()
    heads.append((await endpoints.request(*LATEST, read=Block.from_rpc)).number)
    assert heads == [0, 7]
    await endpoints.close()


async def test_head__first_node_falls_behind__never_goes_back(chain: Chain, first: RpcProxy) -> None:
    await mine(chain, 10)
    assert (await chain.head()).number == 10
    first.be(Fault.LAGGING, 2)
    assert (await chain.head()).number == 10
    await chain.request("evm_mine")
    assert (await chain.head()).number == 11


async def test_head__newest_node_dies_and_the_other_is_behind__unreachable_not_an_older_head(
    chain: Chain, first: RpcProxy, second: RpcProxy
) -> None:
    await mine(chain, 10)
    second.be(Fault.LAGGING, 2)
    assert (await chain.head()).number == 10
    first.be(Fault.DOWN)
    with pytest.raises(ChainUnreachableError, match="2 blocks behind"):
        await chain.head()
    second.well()
    assert (await chain.head()).number == 10


async def test_head__newest_node_stays_dead__the_other_is_taken_when_patience_ends(
    first: RpcProxy, second: RpcProxy, anvil: Anvil
) -> None:
    urls = [first.http_url, second.http_url]
    endpoints = Endpoints(urls, chain_id=CHAIN_ID, timeout_s=TIMEOUT_S, patience_s=1.0)
    for _ in range(10):
        await endpoints.request("evm_mine")
    await endpoints.request(*LATEST)
    first.be(Fault.DOWN)
    second.be(Fault.LAGGING, 5)
    with pytest.raises(ChainUnreachableError):
        await endpoints.request(*LATEST)
    await asyncio.sleep(1.0)
    head: Block = await endpoints.request(*LATEST, read=Block.from_rpc)
    assert head.number == 5
    await endpoints.close()


async def test_head__chain_itself_went_back__is_told(chain: Chain) -> None:
    snapshot = await chain.request("evm_snapshot")
    await mine(chain, 10)
    await chain.views()
    assert (await chain.head()).number == 10
    await chain.request("evm_revert", snapshot)
    assert (await chain.head()).number == 0


async def test_takes__pushed_head_older_than_what_another_node_has__refused(
    chain: Chain, first: RpcProxy
) -> None:
    await mine(chain, 10)
    older, newest = await chain.block(8), await chain.head()
    first.be(Fault.LAGGING, 2)
    assert not await chain.rpc.takes(older)
    assert await chain.rpc.takes(newest)


async def test_block__a_node_that_does_not_have_it_yet__another_is_asked_for_its_logs(
    chain: Chain, first: RpcProxy
) -> None:
    emitter = await deploy(chain, EMITTER)
    head = await chain.head()
    first.be(Fault.LAGGING)
    await emit_past(chain, emitter, first)
    logs = await chain.logs([emitter], head.number, head.number + 1)
    assert [log.topics[0][-1] for log in logs] == [7]


async def test_logs__the_only_node_lacks_the_last_block__unreachable_not_empty(
    alone: Chain, first: RpcProxy
) -> None:
    emitter = await deploy(alone, EMITTER)
    first.be(Fault.LAGGING)
    await emit_past(alone, emitter, first)
    with pytest.raises(ChainUnreachableError, match="does not have block 2"):
        await alone.logs([emitter], 0, 2)


async def test_is_final__deeper_block_by_block__from_its_depth_on(first: RpcProxy) -> None:
    async with Chain(first.http_url, chain_id=CHAIN_ID, finality_blocks=3) as chain:
        emitter = await deploy(chain, EMITTER)
        await emit(chain, emitter, 1)
        [log] = await chain.logs([emitter], 0, 2)
        receipt = await chain.receipt(log.tx_hash)
        assert receipt is not None
        found = []
        for _ in range(4):
            found.append(await chain.is_final(receipt))
            await mine(chain)
        assert found == [False, False, False, True]
        assert (await chain.final_block()).number == 3


async def test_is_final__its_block_was_replaced__never(first: RpcProxy) -> None:
    async with Chain(first.http_url, chain_id=CHAIN_ID, finality_blocks=2) as chain:
        emitter = await deploy(chain, EMITTER)
        await emit(chain, emitter, 1)
        [log] = await chain.logs([emitter], 0, 2)
        receipt = await chain.receipt(log.tx_hash)
        assert receipt is not None
        await chain.request("anvil_reorg", 1, [])
        await mine(chain, 5)
        assert not await chain.has(receipt)
        assert not await chain.is_final(receipt)


async def test_final_block__young_chain__its_first(alone: Chain) -> None:
    await mine(alone, 5)
    assert (await alone.final_block()).number == 0
