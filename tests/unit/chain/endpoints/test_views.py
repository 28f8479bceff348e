"""What each node shows: a fault is named, nodes of two chains are told from one that is behind."""

from __future__ import annotations

from support.anvil import Anvil
from support.bytecode import EMITTER, deploy, emit
from support.rpc_proxy import Fault, RpcProxy
from tribune.chain.client import Chain
from tribune.chain.endpoints import split
from unit.chain.endpoints.nodes import CHAIN_ID, mine


async def test_views__one_down_one_well__named_with_head_and_error(
    chain: Chain, first: RpcProxy, second: RpcProxy
) -> None:
    await mine(chain, 5)
    first.be(Fault.DOWN)
    down, well = await chain.views()
    assert (down.name, down.head) == (first.http_url, None)
    assert "does not answer" in down.error
    assert well.head is not None
    assert (well.head.number, well.error) == (5, "")


async def test_split__one_of_three_behind__is_none(trio: Chain, first: RpcProxy) -> None:
    await mine(trio, 9)
    first.be(Fault.LAGGING, 4)
    views = await trio.views()
    assert [view.head.number for view in views if view.head] == [5, 9, 9]
    assert not split(views)


async def test_split__only_two_and_far_apart__is_one_and_both_are_kept(
    chain: Chain, first: RpcProxy, second: RpcProxy
) -> None:
    await mine(chain, 9)
    await chain.head()
    first.be(Fault.LAGGING, 4)
    assert split(await chain.views())
    assert (chain.rpc.failures[first.http_url], chain.rpc.failures[second.http_url]) == (0, 0)


async def test_split__two_chains_of_one_id__is_one(anvil: Anvil) -> None:
    with Anvil.start(timestamp=1_700_000_000) as other:
        urls = [other.http_url]
        async with Chain(anvil.http_url, chain_id=CHAIN_ID, fallback_urls=urls) as chain:
            assert split(await chain.views())


async def test_split__node_that_contradicts_itself__seen(chain: Chain, first: RpcProxy) -> None:
    await mine(chain, 5)
    first.be(Fault.CONTRADICTS)
    assert split(await chain.views())


async def test_has__node_contradicts_itself_on_the_receipts_block__not_there(
    alone: Chain, first: RpcProxy
) -> None:
    emitter = await deploy(alone, EMITTER)
    async with Chain(first.target, chain_id=CHAIN_ID) as direct:
        await emit(direct, emitter, 1)
    block = await alone.block(2)
    [tx_hash] = (await alone.request("eth_getBlockByNumber", "0x2", False))["transactions"]
    receipt = await alone.receipt(tx_hash)
    assert receipt is not None
    assert receipt.block_hash == block.hash
    first.be(Fault.CONTRADICTS)
    assert {await alone.has(receipt), await alone.has(receipt)} == {True, False}
