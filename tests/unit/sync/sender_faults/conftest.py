"""A node of its own for each test, seen by the sender through a proxy that misbehaves on command."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from support.anvil import Anvil
from support.bytecode import EMITTER, deploy
from support.rpc_proxy import RpcProxy
from tribune.chain.client import Chain
from tribune.ids import Address
from tribune.sync import sender as module
from unit.sync.sender_faults.sending import CHAIN_ID


@pytest.fixture
def proxy(anvil: Anvil) -> Iterator[RpcProxy]:
    with RpcProxy(anvil.http_url) as made:
        yield made


@pytest.fixture
async def node(anvil: Anvil) -> AsyncIterator[Chain]:
    """The node itself, for what the test does to it."""
    async with Chain(anvil.http_url, chain_id=CHAIN_ID, timeout_s=3) as opened:
        yield opened


@pytest.fixture
async def chain(proxy: RpcProxy) -> AsyncIterator[Chain]:
    """What the sender has: the node through a proxy."""
    async with Chain(proxy.http_url, chain_id=CHAIN_ID, timeout_s=2, poll_s=0.1) as opened:
        yield opened


@pytest.fixture
async def emitter(node: Chain) -> Address:
    return await deploy(node, EMITTER)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Notice lost transactions and used nonces sooner than one would outside."""
    monkeypatch.setattr(module, "RESEND_S", 0.3)
    monkeypatch.setattr(module, "OVERTAKEN_S", 0.3)
