"""A chain with a contract that emits events, and a store on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from support.anvil import Anvil
from support.bytecode import EMITTER, deploy
from tribune.chain.client import Chain
from tribune.ids import Address
from tribune.store.session import Store, open_store


@pytest.fixture
async def chain(anvil: Anvil) -> AsyncIterator[Chain]:
    async with Chain(anvil.http_url, chain_id=31337, ws_url=anvil.ws_url, timeout_s=3) as opened:
        yield opened


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url) as opened:
        yield opened


@pytest.fixture
async def emitter(chain: Chain) -> Address:
    return await deploy(chain, EMITTER)
