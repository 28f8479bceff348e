"""The index kept up to date beside other work: several processes on one store, a store that fails."""

from __future__ import annotations

import asyncio

import pytest

from support.bytecode import emit
from support.store_faults import FAULTS
from tribune.chain.client import Chain
from tribune.exceptions import StoreError
from tribune.ids import Address
from tribune.store.session import Store
from unit.sync.indexer.indexing import events, indexer, rebuilt, topics


async def test_catch_up__two_processes_on_one_store__each_event_once_in_order(
    chain: Chain, store: Store, store_url: str, emitter: Address
) -> None:
    with Store(store_url) as opened_again:
        several = [indexer(chain, where, emitter) for where in (store, opened_again)]
        for topic in range(10):
            await emit(chain, emitter, topic)
            await asyncio.gather(*(one.catch_up() for one in several))
    assert await topics(several[0]) == list(range(10))


async def test_catch_up__several_processes_rebuild_one_store__each_event_once_in_order(
    chain: Chain, store: Store, store_url: str, emitter: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tribune.sync.indexer.STEP", 1)
    monkeypatch.setattr("tribune.sync.indexer.FIRST_STEP", 1)
    monkeypatch.setattr("tribune.sync.indexer.MOST_CHANGES", 0)
    for topic in range(25):
        await emit(chain, emitter, topic)
    with Store(store_url) as second, Store(store_url) as third:
        several = [indexer(chain, where, emitter) for where in (store, second, third)]
        await asyncio.gather(*(one.catch_up() for one in several))
    assert await topics(several[0]) == list(range(25))


async def test_catch_up__another_process_was_first__who_waits_is_told(
    chain: Chain, store: Store, emitter: Address
) -> None:
    first, second = indexer(chain, store, emitter), indexer(chain, store, emitter)
    await emit(chain, emitter, 1)
    await first.catch_up()
    waiting = asyncio.create_task(second.wait_changed(5))
    await asyncio.sleep(0)
    await second.catch_up()
    assert await waiting
    assert second.head == first.head


@pytest.mark.parametrize("fault", FAULTS)
async def test_run__store_fails_for_a_while__goes_on_when_it_ends(
    chain: Chain, store: Store, emitter: Address, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr("tribune.sync.indexer.RETRY_S", 0.05)
    monkeypatch.setattr("tribune.store.session.BUSY_TIMEOUT_MS", 100)
    store.engine.dispose()
    for topic in range(40):  # more than the file of a new store has room for
        await emit(chain, emitter, topic)
    one = indexer(chain, store, emitter)
    with FAULTS[fault](store):
        with pytest.raises(StoreError):
            await one.catch_up()
        task = asyncio.create_task(one.run())
        await asyncio.sleep(0.5)
        assert not task.done()
        assert events(store) == []
    try:
        for _ in range(1200):
            await asyncio.sleep(0.05)
            if len(events(store)) == 40 or task.done():
                break
        assert not task.done()
        assert events(store) == await rebuilt(chain, emitter)
    finally:
        task.cancel()
        await asyncio.sleep(0.3)  # a thread that is at the database comes to its end


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
