"""The logger's look at the chain's own clock, on a real chain."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from support.anvil import CHAIN_ID, Anvil, find_binary
from tribune.chain import Chain
from tribune.gate.sealing.logger import chain_passes


@pytest.fixture
async def chain() -> AsyncIterator[Chain]:
    if find_binary() is None:
        pytest.skip("anvil is missing: run `make setup`")
    with Anvil.start() as anvil:
        async with Chain(anvil.http_url, chain_id=CHAIN_ID, timeout_s=5) as opened:
            yield opened


async def test_chain_passes__block_of_that_time_comes__returns_then(chain: Chain) -> None:
    due = (await chain.head()).timestamp + 1000
    waiting = asyncio.create_task(chain_passes(chain, due, patience_s=20))
    await asyncio.sleep(0.5)
    assert not waiting.done()
    await chain.request("evm_setNextBlockTimestamp", due)
    await chain.request("evm_mine")
    await asyncio.wait_for(waiting, 5)


async def test_chain_passes__no_block_comes__gives_up_waiting(chain: Chain) -> None:
    begun = time.monotonic()
    await chain_passes(chain, (await chain.head()).timestamp + 1000, patience_s=0.5)
    assert 0.5 <= time.monotonic() - begun < 5
