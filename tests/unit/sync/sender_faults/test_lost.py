"""Dropped, forgotten, not answered, reorganised away: a call counts once, or the error says so."""

from __future__ import annotations

import asyncio

import pytest

from support.anvil import Anvil
from support.rpc_proxy import Fault, RpcProxy
from tribune.chain.client import Chain
from tribune.exceptions import ChainUnreachableError, TransactionPendingError
from tribune.ids import Address
from unit.sync.sender_faults.sending import (
    CHAIN_ID,
    asked,
    emits,
    emitted,
    hold_blocks,
    make_blocks,
    pool,
    sender,
)


async def test_send__accepted_and_dropped__is_handed_in_again(
    node: Chain, chain: Chain, emitter: Address
) -> None:
    await hold_blocks(node)
    sending = asyncio.create_task(sender(chain).send(emits(emitter, 1)))
    [(_, tx_hash)] = await pool(node, 1)
    await node.request("anvil_dropTransaction", tx_hash)
    assert await pool(node, 1) == [(1, tx_hash)]
    await make_blocks(node)
    assert (await sending).tx_hash == tx_hash
    assert await emitted(node, emitter) == [1]


async def test_send__node_answers_but_never_passes_it_on__another_node_gets_it(
    anvil: Anvil, proxy: RpcProxy, node: Chain, emitter: Address
) -> None:
    proxy.be(Fault.FORGETS)
    async with Chain(proxy.http_url, chain_id=CHAIN_ID, fallback_urls=[anvil.http_url], poll_s=0.1) as chain:
        assert (await sender(chain).send(emits(emitter, 1))).succeeded
    assert await emitted(node, emitter) == [1]


async def test_send__the_only_node_never_passes_it_on__pending_error_and_nothing_happened(
    proxy: RpcProxy, node: Chain, chain: Chain, emitter: Address
) -> None:
    proxy.be(Fault.FORGETS)
    with pytest.raises(TransactionPendingError):
        await sender(chain, receipt_timeout_s=1.0).send(emits(emitter, 1))
    assert await emitted(node, emitter) == []


@pytest.mark.parametrize("mined_at_once", [True, False])
async def test_send__answer_lost_after_it_was_passed_on__counts_as_sent_once(
    mined_at_once: bool, proxy: RpcProxy, node: Chain, chain: Chain, emitter: Address
) -> None:
    if not mined_at_once:
        await hold_blocks(node)
    proxy.be(Fault.LOSES_ANSWER)
    sending = asyncio.create_task(sender(chain).send(emits(emitter, 1)))
    if not mined_at_once:
        await pool(node, 1)
        await make_blocks(node)
    assert (await sending).succeeded
    assert await emitted(node, emitter) == [1]


@pytest.mark.parametrize(
    "fault", [Fault.DOWN, Fault.SILENT, Fault.SLOW, Fault.LAGGING, Fault.HTML, Fault.RATE_LIMITS]
)
async def test_send__node_fails_while_we_wait_and_comes_back__receipt(
    fault: Fault, proxy: RpcProxy, node: Chain, chain: Chain, emitter: Address
) -> None:
    await hold_blocks(node)
    sending = asyncio.create_task(sender(chain).send(emits(emitter, 1)))
    await pool(node, 1)
    await asyncio.sleep(0.3)  # the answer of the node gets through
    proxy.be(fault, 3.0 if fault is Fault.SLOW else 0.0)
    await make_blocks(node)
    await asyncio.sleep(1.2)
    proxy.well()
    assert (await sending).succeeded


async def test_send__node_stays_away_while_we_wait__unreachable_since_we_do_not_know(
    proxy: RpcProxy, node: Chain, chain: Chain, emitter: Address
) -> None:
    await hold_blocks(node)
    sending = asyncio.create_task(sender(chain, receipt_timeout_s=1.5).send(emits(emitter, 1)))
    await pool(node, 1)
    await asyncio.sleep(0.3)  # the answer of the node gets through
    proxy.be(Fault.DOWN)
    with pytest.raises(ChainUnreachableError):
        await sending


async def test_send__reorg_between_receipt_and_look_at_its_block__sent_again(
    proxy: RpcProxy, node: Chain, chain: Chain, emitter: Address
) -> None:
    one = sender(chain)
    await chain.head()
    sending = asyncio.create_task(one.send(emits(emitter, 1)))
    await asked(proxy, "eth_sendRawTransaction")
    proxy.be(Fault.SLOW, 0.4, methods={"eth_getBlockByNumber"})
    await asyncio.sleep(0.2)
    await node.request("anvil_reorg", 1, [])
    assert await emitted(node, emitter) == []
    proxy.well()
    receipt = await sending
    assert await node.has(receipt)
    assert await emitted(node, emitter) == [1]


@pytest.mark.parametrize("depth", [1, 5, 30])
async def test_send__reorg_after_it_returned__is_final_says_no_and_sending_again_counts_once(
    depth: int, node: Chain, chain: Chain, emitter: Address
) -> None:
    await node.request("anvil_mine", hex(30))
    one = sender(chain)
    receipt = await one.send(emits(emitter, 1))
    await node.request("anvil_mine", hex(depth - 1))
    await node.request("anvil_reorg", depth, [])
    assert not await chain.is_final(receipt)
    assert not await chain.has(receipt)
    again = await one.send(emits(emitter, 1))
    assert await chain.has(again)
    assert await emitted(node, emitter) == [1]
