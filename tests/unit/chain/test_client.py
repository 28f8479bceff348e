"""The client against a real chain: answers, timeouts, the pinned chain id, subscriptions that survive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from support.anvil import Anvil
from support.bytecode import EMITTER, REVERTER, deploy, emit
from tribune.chain.client import Chain
from tribune.chain.types import Block, ContractCall, Log
from tribune.exceptions import ChainError, ChainUnreachableError, RevertedError, WrongChainError
from tribune.settings import ChainSettings

LIMIT_S = 15.0


@pytest.fixture
async def chain(anvil: Anvil) -> AsyncIterator[Chain]:
    async with Chain(anvil.http_url, chain_id=31337, ws_url=anvil.ws_url, timeout_s=3, poll_s=0.05) as opened:
        yield opened


async def test_connect__right_chain__head_answers(anvil: Anvil) -> None:
    chain = await Chain.connect(ChainSettings(http_url=anvil.http_url))
    async with chain:
        assert (await chain.head()).number == 0


async def test_connect__wrong_chain__wrong_chain_error(anvil: Anvil) -> None:
    with pytest.raises(WrongChainError, match="31337"):
        await Chain.connect(ChainSettings(http_url=anvil.http_url, chain_id=1))


async def test_connect__nothing_listens__unreachable_error() -> None:
    with pytest.raises(ChainUnreachableError):
        await Chain.connect(ChainSettings(http_url="http://127.0.0.1:9", timeout_s=2))


@pytest.mark.alone
async def test_head__node_does_not_answer__unreachable_within_the_timeout(anvil: Anvil) -> None:
    async with Chain(anvil.http_url, chain_id=31337, timeout_s=0.3) as chain:
        anvil.pause()
        loop = asyncio.get_running_loop()
        start = loop.time()
        with pytest.raises(ChainUnreachableError):
            await chain.head()
        assert loop.time() - start < 2
        anvil.unpause()


async def test_unreachable__credentials_in_url__not_in_the_error() -> None:
    async with Chain("http://user:hunter2@127.0.0.1:9/v3/apikey", chain_id=1, timeout_s=2) as chain:
        with pytest.raises(ChainUnreachableError) as caught:
            await chain.head()
    assert "hunter2" not in str(caught.value)
    assert "apikey" not in str(caught.value)


async def test_find_block__not_there__none(chain: Chain) -> None:
    assert await chain.find_block(99) is None
    with pytest.raises(ChainUnreachableError):
        await chain.block(99)


async def test_call__contract_refuses__reverted_error_with_data(chain: Chain) -> None:
    reverter = await deploy(chain, REVERTER)
    with pytest.raises(RevertedError) as caught:
        await chain.call(ContractCall(to=reverter, data=bytes.fromhex("deadbeef")))
    assert caught.value.ids["data"] == bytes.fromhex("deadbeef")


async def test_request__unknown_method__chain_error_not_unreachable(chain: Chain) -> None:
    with pytest.raises(ChainError) as caught:
        await chain.request("no_such_method")
    assert not isinstance(caught.value, ChainUnreachableError)


async def test_logs__range_and_topic__only_those_in_order(chain: Chain) -> None:
    emitter = await deploy(chain, EMITTER)
    for topic in (1, 2, 1):
        await emit(chain, emitter, topic)
    head = await chain.head()
    assert [log.topics[0][-1] for log in await chain.logs([emitter], 0, head.number)] == [1, 2, 1]
    wanted = (1).to_bytes(32, "big")
    assert len(await chain.logs([emitter], 0, head.number, [wanted])) == 2
    assert await chain.logs([emitter], 0, 1) == []


async def take(stream: AsyncIterator[Log] | AsyncIterator[Block], count: int) -> list[Log | Block]:
    found: list[Log | Block] = []
    async with asyncio.timeout(LIMIT_S):
        async for item in stream:
            found.append(item)
            if len(found) == count:
                break
    return found


@pytest.mark.parametrize("socket", [True, False])
async def test_subscribe_heads__blocks_mined__present_head_first_then_each(
    anvil: Anvil, socket: bool
) -> None:
    ws_url = anvil.ws_url if socket else None
    async with Chain(anvil.http_url, chain_id=31337, ws_url=ws_url, poll_s=0.01) as chain:
        task = asyncio.create_task(take(chain.subscribe_heads(), 3))
        for _ in range(2):
            await asyncio.sleep(0.3)
            await chain.request("evm_mine")
        assert [head.number for head in await task if isinstance(head, Block)] == [0, 1, 2]


@pytest.mark.parametrize("socket", [True, False])
async def test_subscribe_logs__some_before_some_after__each_once(anvil: Anvil, socket: bool) -> None:
    ws_url = anvil.ws_url if socket else None
    async with Chain(anvil.http_url, chain_id=31337, ws_url=ws_url, poll_s=0.01) as chain:
        emitter = await deploy(chain, EMITTER)
        await emit(chain, emitter, 1)
        task = asyncio.create_task(take(chain.subscribe_logs([emitter], from_block=0), 3))
        for topic in (2, 3):
            await asyncio.sleep(0.2)
            await emit(chain, emitter, topic)
        assert [log.topics[0][-1] for log in await task if isinstance(log, Log)] == [1, 2, 3]


async def test_subscribe_heads__no_websocket_there__polls_instead(anvil: Anvil) -> None:
    ws_url = "ws://127.0.0.1:9"
    async with Chain(anvil.http_url, chain_id=31337, ws_url=ws_url, poll_s=0.05, timeout_s=2) as chain:
        assert len(await take(chain.subscribe_heads(), 1)) == 1


async def test_subscribe_heads__chain_goes_away__raises_unreachable(anvil: Anvil) -> None:
    async with Chain(anvil.http_url, chain_id=31337, ws_url=anvil.ws_url, timeout_s=2) as chain:

        async def follow() -> None:
            async for _ in chain.subscribe_heads():
                pass

        task = asyncio.create_task(follow())
        await asyncio.sleep(0.3)
        anvil.stop()
        with pytest.raises(ChainUnreachableError):
            await asyncio.wait_for(task, LIMIT_S)


async def test_subscribe_heads__websocket_of_another_chain__wrong_chain_error(anvil: Anvil) -> None:
    with Anvil.start(chain_id=5) as other:
        async with Chain(anvil.http_url, chain_id=31337, ws_url=other.ws_url) as chain:
            with pytest.raises(WrongChainError):
                await take(chain.subscribe_heads(), 1)


async def test_request__another_chain_after_an_outage__wrong_chain_error(anvil: Anvil, chain: Chain) -> None:
    await chain.head()
    anvil.stop()
    with pytest.raises(ChainUnreachableError):
        await chain.head()
    with Anvil.start(port=anvil.port, chain_id=5), pytest.raises(WrongChainError):
        await chain.head()
