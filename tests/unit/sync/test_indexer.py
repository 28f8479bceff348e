"""The index holds each event of the chain once, across restarts, gaps and reorgs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.anvil import Anvil
from support.bytecode import EMITTER, deploy, emit
from tribune.chain.client import Chain
from tribune.chain.codec import Abi
from tribune.exceptions import ChainUnreachableError
from tribune.ids import Address
from tribune.store.session import Store, open_store
from tribune.sync.indexer import Indexer, plain, stored_log

ABI = Abi("Emitter", [])


@pytest.fixture
async def chain(anvil: Anvil) -> AsyncIterator[Chain]:
    async with Chain(anvil.http_url, chain_id=31337, ws_url=anvil.ws_url, timeout_s=3) as opened:
        yield opened


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"sqlite:///{tmp_path / 'store.db'}")


@pytest.fixture
async def emitter(chain: Chain) -> Address:
    return await deploy(chain, EMITTER)


def indexer(chain: Chain, store: Store, emitter: Address) -> Indexer:
    return Indexer(chain, store, {emitter: ABI})


async def topics(indexer: Indexer, since: int = 0) -> list[int]:
    return [int(event.topics[0], 16) for event in await indexer.events_since(since)]


async def test_catch_up__events_there__stored_in_order(chain: Chain, store: Store, emitter: Address) -> None:
    for topic in (1, 2):
        await emit(chain, emitter, topic)
    one = indexer(chain, store, emitter)
    assert await one.catch_up() == 2
    assert await topics(one) == [1, 2]


async def test_catch_up__restart__goes_on_without_repeating(
    chain: Chain, store: Store, emitter: Address
) -> None:
    await emit(chain, emitter, 1)
    await indexer(chain, store, emitter).catch_up()
    await emit(chain, emitter, 2)
    again = indexer(chain, store, emitter)
    assert await again.catch_up() == 1
    assert await topics(again) == [1, 2]
    assert await again.catch_up() == 0


async def test_catch_up__long_range__in_steps(
    chain: Chain, store: Store, emitter: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tribune.sync.indexer.STEP", 2)
    for topic in range(5):
        await emit(chain, emitter, topic)
    one = indexer(chain, store, emitter)
    await one.catch_up()
    assert await topics(one) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("depth", [1, 3])
async def test_catch_up__reorg__old_events_gone_new_ones_there(
    chain: Chain, store: Store, emitter: Address, depth: int
) -> None:
    one = indexer(chain, store, emitter)
    for topic in (1, 2, 3, 4):
        await emit(chain, emitter, topic)
        await one.catch_up()
    await chain.request("anvil_reorg", depth, [])
    await emit(chain, emitter, 9)
    await one.catch_up()
    assert await topics(one) == [*range(1, 5 - depth), 9]


async def test_catch_up__chain_shorter_than_checkpoint__rolled_back(
    chain: Chain, store: Store, emitter: Address
) -> None:
    snapshot = await chain.request("evm_snapshot")
    one = indexer(chain, store, emitter)
    await emit(chain, emitter, 1)
    await emit(chain, emitter, 2)
    await one.catch_up()
    await chain.request("evm_revert", snapshot)
    await one.catch_up()
    assert await topics(one) == []


async def test_catch_up__rebuild_from_scratch__same_events(
    chain: Chain, store: Store, emitter: Address, tmp_path: Path
) -> None:
    one = indexer(chain, store, emitter)
    for topic in (1, 2, 3):
        await emit(chain, emitter, topic)
        await one.catch_up()
    fresh = indexer(chain, open_store(f"sqlite:///{tmp_path / 'fresh.db'}"), emitter)
    await fresh.catch_up()
    drop = {"id"}
    assert [e.model_dump(exclude=drop) for e in await one.events_since(0)] == [
        e.model_dump(exclude=drop) for e in await fresh.events_since(0)
    ]


async def test_catch_up__node_gone__unreachable_and_nothing_changed(
    chain: Chain, store: Store, emitter: Address, anvil: Anvil
) -> None:
    await emit(chain, emitter, 1)
    one = indexer(chain, store, emitter)
    await one.catch_up()
    anvil.stop()
    with pytest.raises(ChainUnreachableError):
        await one.catch_up()
    assert await topics(one) == [1]


async def test_run__new_event__tells_who_waits(chain: Chain, store: Store, emitter: Address) -> None:
    one = indexer(chain, store, emitter)
    task = asyncio.create_task(one.run())
    waiting = asyncio.create_task(one.wait_changed(10))
    await asyncio.sleep(0.3)
    await emit(chain, emitter, 5)
    assert await waiting
    assert await topics(one) == [5]
    task.cancel()


async def test_wait_changed__nothing_happens__false(chain: Chain, store: Store, emitter: Address) -> None:
    assert not await indexer(chain, store, emitter).wait_changed(0.05)


async def test_stored_log__row__the_log_it_came_from(chain: Chain, store: Store, emitter: Address) -> None:
    await emit(chain, emitter, 1)
    one = indexer(chain, store, emitter)
    await one.catch_up()
    (row,) = await one.events_since(0)
    assert [stored_log(row)] == await chain.logs([emitter], 0, row.block_number)


def test_plain__bytes_tuples_and_dicts__as_json_holds_them() -> None:
    assert plain({"a": b"\x01", "b": ({"c": 2**70},)}) == {"a": "0x01", "b": [{"c": 2**70}]}
