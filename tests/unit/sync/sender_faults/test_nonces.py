"""Nonces that an earlier life or another process used: each call counts once, or the error says so."""

from __future__ import annotations

import asyncio

import pytest

from support.anvil import KEYS, Anvil
from support.bytecode import REVERTER
from support.rpc_proxy import Fault, RpcProxy
from tribune.chain.client import Chain
from tribune.exceptions import ChainError, FeeCeilingError, RevertedError
from tribune.ids import Address
from tribune.sync.fees import GWEI
from unit.sync.sender_faults.sending import (
    CHAIN_ID,
    emits,
    emitted,
    hold_blocks,
    leave_behind,
    make_blocks,
    pool,
    replaced,
    sender,
)


async def test_send__an_earlier_life_left_one_waiting__takes_its_place(
    node: Chain, chain: Chain, emitter: Address
) -> None:
    await hold_blocks(node)
    await leave_behind(chain, emits(emitter, 1))
    [(nonce, left)] = await pool(node, 1)
    sending = asyncio.create_task(sender(chain).send(emits(emitter, 2)))
    assert (await replaced(node, left))[0] == nonce
    await make_blocks(node)
    assert (await sending).succeeded
    assert await emitted(node, emitter) == [2]


async def test_send__an_earlier_life_left_the_same__is_known_and_counts_once(
    node: Chain, chain: Chain, emitter: Address
) -> None:
    await hold_blocks(node)
    await leave_behind(chain, emits(emitter, 1))
    sending = asyncio.create_task(sender(chain).send(emits(emitter, 1)))
    await asyncio.sleep(0.5)
    await make_blocks(node)
    assert (await sending).succeeded
    assert await emitted(node, emitter) == [1]


async def test_send__an_earlier_life_left_a_gap__is_filled_and_both_count(
    node: Chain, chain: Chain, emitter: Address
) -> None:
    from eth_account import Account

    late = {"nonce": 2, "to": emitter, "data": emits(emitter, 2).data, "gas": 100_000, "value": 0}
    fees = {"type": 2, "chainId": CHAIN_ID, "maxFeePerGas": 9 * GWEI, "maxPriorityFeePerGas": GWEI}
    await node.send_raw(bytes(Account.from_key(KEYS[0]).sign_transaction({**late, **fees}).raw_transaction))
    await asyncio.sleep(0.2)
    assert await emitted(node, emitter) == []
    assert (await sender(chain).send(emits(emitter, 1))).succeeded
    assert (await sender(chain).send(emits(emitter, 3))).succeeded
    assert await emitted(node, emitter) == [1, 2, 3]


async def test_send_all__the_first_is_dropped__the_gap_is_healed(
    node: Chain, chain: Chain, emitter: Address
) -> None:
    await hold_blocks(node)
    sending = asyncio.create_task(sender(chain).send_all([emits(emitter, topic) for topic in (1, 2, 3)]))
    [(_, first), *_] = await pool(node, 3)
    await node.request("anvil_dropTransaction", first)  # anvil drops those that follow with it
    await pool(node, 3)
    await make_blocks(node)
    assert len(await sending) == 3
    assert sorted(await emitted(node, emitter)) == [1, 2, 3]


async def test_send__a_fee_that_cannot_be_topped_was_left__error_and_the_earlier_one_stays(
    node: Chain, chain: Chain, emitter: Address
) -> None:
    await hold_blocks(node)
    await node.request("anvil_setNextBlockBaseFeePerGas", hex(20 * GWEI))
    await node.request("evm_mine")
    await leave_behind(chain, emits(emitter, 1))
    [left] = await pool(node, 1)
    await node.request("anvil_setNextBlockBaseFeePerGas", hex(GWEI))
    with pytest.raises(FeeCeilingError, match="waits at nonce 1"):
        await sender(chain, max_fee_gwei=30).send(emits(emitter, 2))
    assert await pool(node, 1) == [left]


async def test_send__another_process_takes_the_nonce__both_calls_count_once(
    node: Chain, chain: Chain, emitter: Address
) -> None:
    await hold_blocks(node)
    one = asyncio.create_task(sender(chain).send(emits(emitter, 1)))
    [(_, first)] = await pool(node, 1)
    other = asyncio.create_task(sender(node).send(emits(emitter, 2)))
    await replaced(node, first)
    await make_blocks(node)
    assert (await other).succeeded
    assert (await one).succeeded
    assert sorted(await emitted(node, emitter)) == [1, 2]


async def test_send__nonce_taken_and_then_the_contract_refuses__error_says_that_one_was_sent(
    node: Chain, chain: Chain, emitter: Address
) -> None:
    await hold_blocks(node)
    sending = asyncio.create_task(sender(chain).send(emits(emitter, 1)))
    [(_, first)] = await pool(node, 1)
    other = asyncio.create_task(sender(node).send(emits(emitter, 2)))
    await replaced(node, first)
    await node.request("anvil_setCode", emitter, "0x" + REVERTER[12:].hex())
    await make_blocks(node)
    with pytest.raises(RevertedError):
        await other
    with pytest.raises(RevertedError) as caught:
        await sending
    assert caught.value.ids["tx_hash"] == first


async def test_send__first_node_tells_ever_more_mined__one_transaction_in_all(
    anvil: Anvil, proxy: RpcProxy, node: Chain, emitter: Address
) -> None:
    urls = [anvil.http_url]
    await hold_blocks(node)
    proxy.be(Fault.COUNTS_AHEAD)
    async with Chain(proxy.http_url, chain_id=CHAIN_ID, fallback_urls=urls, timeout_s=1, poll_s=0.1) as chain:
        sending = asyncio.create_task(sender(chain).send(emits(emitter, 1)))
        await asyncio.sleep(3.0)
        assert len(await pool(node, 1)) == 1
        proxy.be(Fault.DOWN)
        await make_blocks(node)
        assert (await sending).succeeded
    assert await emitted(node, emitter) == [1]


async def test_send__the_only_node_tells_ever_more_mined__two_transactions_and_an_error(
    proxy: RpcProxy, node: Chain, chain: Chain, emitter: Address
) -> None:
    await hold_blocks(node)
    proxy.be(Fault.COUNTS_AHEAD)
    with pytest.raises(ChainError, match="keep taking its nonces"):
        await sender(chain).send(emits(emitter, 1))
    assert len(await pool(node, 2)) == 2


async def test_send__second_node_tells_too_few__the_next_call_counts_too(
    anvil: Anvil, proxy: RpcProxy, node: Chain, emitter: Address
) -> None:
    proxy.be(Fault.LAGGING, methods={"eth_getTransactionCount"})
    async with Chain(anvil.http_url, chain_id=CHAIN_ID, fallback_urls=[proxy.http_url], poll_s=0.1) as chain:
        for topic in (1, 2):
            assert (await sender(chain).send(emits(emitter, topic))).succeeded
    assert await emitted(node, emitter) == [1, 2]
