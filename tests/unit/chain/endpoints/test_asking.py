"""A node fails or serves another chain: the next one answers, or the error says why."""

from __future__ import annotations

import asyncio

import pytest

from support.anvil import Anvil
from support.bytecode import EMITTER, deploy
from support.rpc_proxy import Fault, RpcProxy
from tribune.chain.client import Chain
from tribune.chain.types import ContractCall
from tribune.exceptions import ChainUnreachableError, WrongChainError
from unit.chain.endpoints.nodes import CHAIN_ID, EMPTY, TIMEOUT_S, mine


def now() -> float:
    return asyncio.get_running_loop().time()


@pytest.mark.parametrize(
    "fault", [Fault.DOWN, Fault.SILENT, Fault.GARBAGE, Fault.HTML, Fault.OVERSIZE, Fault.RATE_LIMITS]
)
async def test_request__first_node_fails__second_answers(fault: Fault, chain: Chain, first: RpcProxy) -> None:
    first.be(fault)
    assert (await chain.head()).number == 0
    assert await chain.code(EMPTY) == b""


@pytest.mark.parametrize(
    "fault", [Fault.DOWN, Fault.SILENT, Fault.GARBAGE, Fault.HTML, Fault.OVERSIZE, Fault.RATE_LIMITS]
)
async def test_request__the_only_node_fails__unreachable_in_bounded_time(
    fault: Fault, alone: Chain, first: RpcProxy
) -> None:
    first.be(fault)
    started = now()
    with pytest.raises(ChainUnreachableError):
        await alone.head()
    assert now() - started < 3 * TIMEOUT_S


async def test_request__first_node_slower_than_the_timeout__second_answers_and_first_rests(
    chain: Chain, first: RpcProxy
) -> None:
    await chain.head()
    first.be(Fault.SLOW, 3 * TIMEOUT_S)
    started = now()
    await chain.head()
    assert TIMEOUT_S <= now() - started < 2 * TIMEOUT_S
    started = now()
    await chain.head()
    assert now() - started < TIMEOUT_S / 2


async def test_request__first_node_well_again__is_asked_again_after_its_rest(
    chain: Chain, first: RpcProxy
) -> None:
    first.be(Fault.DOWN)
    await chain.head()
    first.well()
    await asyncio.sleep(1.2)
    before = first.asked["eth_getCode"]
    await chain.code(EMPTY)
    assert first.asked["eth_getCode"] == before + 1


async def test_request__no_node_answers__error_says_what_each_did(
    chain: Chain, first: RpcProxy, second: RpcProxy
) -> None:
    first.be(Fault.DOWN)
    second.be(Fault.RATE_LIMITS)
    with pytest.raises(ChainUnreachableError) as caught:
        await chain.head()
    said = str(caught.value)
    assert first.http_url in said
    assert f"{second.http_url}: " in said
    assert "429" in said
    assert "TRIBUNE_CHAIN__FALLBACK_URLS" in said


@pytest.mark.alone
async def test_request__caller_gives_up_on_a_silent_node__the_next_caller_gets_another(
    first: RpcProxy, second: RpcProxy
) -> None:
    urls = [second.http_url]
    async with Chain(first.http_url, chain_id=CHAIN_ID, fallback_urls=urls, timeout_s=30) as chain:
        await chain.head()
        first.be(Fault.SILENT)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.2):
                await chain.code(EMPTY)
        async with asyncio.timeout(1.0):
            await chain.code(EMPTY)


async def test_request__effect_that_is_not_repeatable__asked_of_one_node_once(
    chain: Chain, anvil: Anvil, first: RpcProxy, second: RpcProxy
) -> None:
    await chain.head()
    first.be(Fault.SLOW, 2 * TIMEOUT_S, methods={"evm_mine"})
    with pytest.raises(ChainUnreachableError):
        await mine(chain)
    assert (first.asked["evm_mine"], second.asked["evm_mine"]) == (1, 0)


async def test_request__only_node_limits_the_rate__is_asked_once(alone: Chain, first: RpcProxy) -> None:
    first.be(Fault.RATE_LIMITS)
    with pytest.raises(ChainUnreachableError, match="429"):
        await alone.head()
    assert sum(first.asked.values()) == 1


async def test_call_many__node_refuses_batches__answered_one_by_one(alone: Chain, first: RpcProxy) -> None:
    first.be(Fault.REFUSES_BATCHES)
    emitter = await deploy(alone, EMITTER)
    calls = [ContractCall(to=emitter, data=bytes(32))] * 3
    assert await alone.call_many(calls) == [b""] * 3
    before = first.batches
    assert await alone.call_many(calls) == [b""] * 3
    assert first.batches == before


async def test_failures__one_node_down__counted_for_it_alone(
    chain: Chain, first: RpcProxy, second: RpcProxy
) -> None:
    first.be(Fault.DOWN)
    await chain.code(EMPTY)
    assert chain.rpc.failures == {first.http_url: 1, second.http_url: 0}


async def test_wrong_chain__first_of_two__set_aside_and_nothing_else_asked_of_it(
    chain: Chain, first: RpcProxy
) -> None:
    first.be(Fault.WRONG_CHAIN)
    assert (await chain.head()).number == 0
    await chain.code(EMPTY)
    assert set(first.asked) == {"eth_chainId"}


async def test_wrong_chain__all_of_them__wrong_chain_error(
    chain: Chain, first: RpcProxy, second: RpcProxy
) -> None:
    first.be(Fault.WRONG_CHAIN)
    second.be(Fault.WRONG_CHAIN)
    with pytest.raises(WrongChainError, match="666"):
        await chain.check()


async def test_wrong_chain__one_and_the_other_down__unreachable_since_it_may_come_back(
    chain: Chain, first: RpcProxy, second: RpcProxy
) -> None:
    first.be(Fault.WRONG_CHAIN)
    second.be(Fault.DOWN)
    with pytest.raises(ChainUnreachableError, match="serves chain 666"):
        await chain.head()


async def test_wrong_chain__after_an_outage__not_believed(chain: Chain, first: RpcProxy) -> None:
    await chain.code(EMPTY)
    first.be(Fault.DOWN)
    await chain.code(EMPTY)
    first.be(Fault.WRONG_CHAIN)
    await asyncio.sleep(1.2)
    before = first.asked["eth_getCode"]
    await chain.code(EMPTY)
    assert first.asked["eth_getCode"] == before


async def test_wrong_chain__without_an_outage__not_believed_once_the_nodes_were_compared(
    chain: Chain, first: RpcProxy
) -> None:
    await chain.code(EMPTY)
    first.be(Fault.WRONG_CHAIN)
    views = await chain.views()
    before = first.asked["eth_getCode"]
    await chain.code(EMPTY)
    assert first.asked["eth_getCode"] == before
    assert "666" in views[0].error
    assert views[1].error == ""
