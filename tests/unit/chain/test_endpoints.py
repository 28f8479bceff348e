"""Several nodes in front of one chain, each fault of theirs in turn: what is read stays true, and is read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from support.anvil import Anvil
from support.bytecode import EMITTER, deploy, emit
from support.rpc_proxy import Fault, RpcProxy
from tribune.chain.client import Chain
from tribune.chain.endpoints import Endpoints, split
from tribune.chain.types import Block, ContractCall
from tribune.exceptions import ChainUnreachableError, WrongChainError
from tribune.ids import Address

CHAIN_ID = 31337
TIMEOUT_S = 0.6
EMPTY = Address("0x" + "12" * 20)


@pytest.fixture
def first(anvil: Anvil) -> Iterator[RpcProxy]:
    with RpcProxy(anvil.http_url) as proxy:
        yield proxy


@pytest.fixture
def second(anvil: Anvil) -> Iterator[RpcProxy]:
    with RpcProxy(anvil.http_url) as proxy:
        yield proxy


@pytest.fixture
async def chain(first: RpcProxy, second: RpcProxy) -> AsyncIterator[Chain]:
    async with Chain(
        first.http_url, chain_id=CHAIN_ID, fallback_urls=[second.http_url], timeout_s=TIMEOUT_S
    ) as opened:
        yield opened


@pytest.fixture
async def alone(first: RpcProxy) -> AsyncIterator[Chain]:
    async with Chain(first.http_url, chain_id=CHAIN_ID, timeout_s=TIMEOUT_S) as opened:
        yield opened


async def mine(chain: Chain, blocks: int = 1) -> None:
    for _ in range(blocks):
        await chain.request("evm_mine")


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


# The chain id


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


# Heads


async def test_head__first_node_lags_from_the_start__newest_is_told_once_compared(
    chain: Chain, anvil: Anvil, first: RpcProxy
) -> None:
    await mine(chain, 10)
    first.be(Fault.LAGGING, 6)
    await chain.views()
    assert (await chain.head()).number == 10
    assert await chain.call_many([ContractCall(to=EMPTY, data=b"")]) == [b""]
    assert first.asked["eth_call"] == 0


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
    latest = ("eth_getBlockByNumber", ("latest", False))
    for _ in range(10):
        await endpoints.request("evm_mine")
    await endpoints.request(*latest)
    first.be(Fault.DOWN)
    second.be(Fault.LAGGING, 5)
    with pytest.raises(ChainUnreachableError):
        await endpoints.request(*latest)
    await asyncio.sleep(1.0)
    head: Block = await endpoints.request(*latest, read=Block.from_rpc)
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


async def emit_past(chain: Chain, emitter: Address, lagging: RpcProxy) -> None:
    async with Chain(lagging.target, chain_id=CHAIN_ID) as direct:
        await emit(direct, emitter, 7)


async def test_logs__the_only_node_lacks_the_last_block__unreachable_not_empty(
    alone: Chain, first: RpcProxy
) -> None:
    emitter = await deploy(alone, EMITTER)
    first.be(Fault.LAGGING)
    await emit_past(alone, emitter, first)
    with pytest.raises(ChainUnreachableError, match="does not have block 2"):
        await alone.logs([emitter], 0, 2)


# Views


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


async def test_split__one_node_behind__is_none(chain: Chain, first: RpcProxy) -> None:
    await mine(chain, 9)
    first.be(Fault.LAGGING, 4)
    views = await chain.views()
    assert [view.head.number for view in views if view.head] == [5, 9]
    assert not split(views)


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


# Finality


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
