"""Two or three nodes in front of one chain, each through a proxy that misbehaves on command."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from support.anvil import Anvil
from support.rpc_proxy import RpcProxy
from tribune.chain.client import Chain
from unit.chain.endpoints.nodes import CHAIN_ID, TIMEOUT_S


@pytest.fixture
def first(anvil: Anvil) -> Iterator[RpcProxy]:
    with RpcProxy(anvil.http_url) as proxy:
        yield proxy


@pytest.fixture
def second(anvil: Anvil) -> Iterator[RpcProxy]:
    with RpcProxy(anvil.http_url) as proxy:
        yield proxy


@pytest.fixture
def third(anvil: Anvil) -> Iterator[RpcProxy]:
    with RpcProxy(anvil.http_url) as proxy:
        yield proxy


@pytest.fixture
async def trio(first: RpcProxy, second: RpcProxy, third: RpcProxy) -> AsyncIterator[Chain]:
    urls = [second.http_url, third.http_url]
    async with Chain(first.http_url, chain_id=CHAIN_ID, fallback_urls=urls, timeout_s=TIMEOUT_S) as opened:
        yield opened


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
