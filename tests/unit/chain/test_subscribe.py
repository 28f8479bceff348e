"""Heads and logs through a node that misbehaves: each told once, none missed, never an older head."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from support.anvil import Anvil
from support.bytecode import EMITTER, deploy, emit
from support.rpc_proxy import Fault, RpcProxy
from tribune.chain import subscribe
from tribune.chain.client import Chain
from tribune.chain.types import Block, Log
from tribune.exceptions import WrongChainError

CHAIN_ID = 31337
LIMIT_S = 20.0
SLOW_S = 0.8
"""More than the client waits for an answer."""


@pytest.fixture
def proxy(anvil: Anvil) -> Iterator[RpcProxy]:
    with RpcProxy(anvil.http_url) as made:
        yield made


@pytest.fixture
async def chain(anvil: Anvil, proxy: RpcProxy) -> AsyncIterator[Chain]:
    """Its first node and websocket are the proxy; its others, two so that they outvote it, are the node."""
    async with Chain(
        proxy.http_url,
        chain_id=CHAIN_ID,
        fallback_urls=[anvil.http_url, anvil.http_url],
        ws_url=proxy.ws_url,
        timeout_s=0.6,
        poll_s=0.05,
    ) as opened:
        yield opened


class Followed:
    """What a subscription has told so far."""

    def __init__(self, stream: AsyncIterator[Block] | AsyncIterator[Log]) -> None:
        self.heads: list[int] = []
        self.topics: list[int] = []
        self.task = asyncio.create_task(self._take(stream))

    async def _take(self, stream: AsyncIterator[Block] | AsyncIterator[Log]) -> None:
        async for item in stream:
            if isinstance(item, Block):
                self.heads.append(item.number)
            else:
                self.topics.append(item.topics[0][-1])

    async def until_head(self, number: int) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not self.heads or self.heads[-1] < number:
                await self._alive()

    async def until_logs(self, count: int) -> None:
        async with asyncio.timeout(LIMIT_S):
            while len(self.topics) < count:
                await self._alive()

    async def _alive(self) -> None:
        if self.task.done():
            self.task.result()
        await asyncio.sleep(0.02)

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


FAULTS = [
    Fault.CUTS_SOCKET,
    Fault.DOWN,
    Fault.SILENT,
    Fault.SLOW,
    Fault.LAGGING,
    Fault.WRONG_CHAIN,
    Fault.GARBAGE,
]


@pytest.mark.parametrize("fault", FAULTS)
async def test_subscribe_heads__first_node_fails_while_followed__newest_head_comes_and_none_is_older(
    fault: Fault, anvil: Anvil, chain: Chain, proxy: RpcProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscribe, "WS_SILENCE_S", 0.3)
    async with Chain(anvil.http_url, chain_id=CHAIN_ID) as direct:
        followed = Followed(chain.subscribe_heads())
        await followed.until_head(0)
        await direct.request("evm_mine")
        await followed.until_head(1)
        proxy.be(fault, SLOW_S)
        for _ in range(3):
            await direct.request("evm_mine")
        await followed.until_head(4)
        proxy.well()
        await direct.request("evm_mine")
        await followed.until_head(5)
        await followed.stop()
    assert followed.heads == sorted(set(followed.heads))


@pytest.mark.parametrize("fault", FAULTS)
async def test_subscribe_logs__first_node_fails_while_followed__each_log_once(
    fault: Fault, anvil: Anvil, chain: Chain, proxy: RpcProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscribe, "WS_SILENCE_S", 0.3)
    async with Chain(anvil.http_url, chain_id=CHAIN_ID) as direct:
        emitter = await deploy(direct, EMITTER)
        followed = Followed(chain.subscribe_logs([emitter], from_block=0))
        await emit(direct, emitter, 1)
        await followed.until_logs(1)
        proxy.be(fault, SLOW_S)
        for topic in (2, 3):
            await emit(direct, emitter, topic)
        await followed.until_logs(3)
        proxy.well()
        await emit(direct, emitter, 4)
        await followed.until_logs(4)
        await followed.stop()
    assert followed.topics == [1, 2, 3, 4]


async def test_subscribe_heads__websocket_cut_again_and_again__all_blocks_in_the_end(
    anvil: Anvil, chain: Chain, proxy: RpcProxy
) -> None:
    async with Chain(anvil.http_url, chain_id=CHAIN_ID) as direct:
        followed = Followed(chain.subscribe_heads())
        for number in range(1, 5):
            await direct.request("evm_mine")
            await followed.until_head(number)
            proxy.cut_sockets()
        await followed.stop()
    assert followed.heads == sorted(set(followed.heads))


async def test_subscribe_heads__websocket_of_another_chain_and_no_other_node__wrong_chain_error(
    anvil: Anvil, proxy: RpcProxy
) -> None:
    proxy.be(Fault.WRONG_CHAIN)
    async with Chain(anvil.http_url, chain_id=CHAIN_ID, ws_url=proxy.ws_url) as chain:
        with pytest.raises(WrongChainError, match="666"):
            await anext(chain.subscribe_heads())
