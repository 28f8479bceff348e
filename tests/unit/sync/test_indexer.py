"""The index holds each event of the chain once, across restarts, gaps and reorgs."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import pytest
from sqlmodel import col, select

from support.anvil import Anvil
from support.bytecode import EMITTER, deploy, emit
from support.store_faults import FAULTS
from tribune.chain.client import Chain, Topics
from tribune.chain.codec import Abi
from tribune.chain.types import Log
from tribune.exceptions import ChainError, ChainUnreachableError, StoreError
from tribune.ids import Address
from tribune.store.session import Store, open_store
from tribune.store.tables import ChainEvent
from tribune.sync.indexer import Indexer, plain, stored_log

ABI = Abi("Emitter", [])


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


def indexer(chain: Chain, store: Store, emitter: Address, finality_blocks: int = 12) -> Indexer:
    chain.finality_blocks = finality_blocks
    return Indexer(chain, store, {emitter: ABI})


async def topics(indexer: Indexer, since: int = 0) -> list[int]:
    return [int(event.topics[0], 16) for event in await indexer.events_since(since)]


def events(store: Store) -> list[dict[str, Any]]:
    """The event table, but for the numbers of its rows."""
    with store.session(readonly=True) as session:
        rows = session.exec(select(ChainEvent).order_by(col(ChainEvent.id))).all()
        return [row.model_dump(exclude={"id"}) for row in rows]


async def rebuilt(chain: Chain, emitter: Address) -> list[dict[str, Any]]:
    """The event table of an index that is made now, from nothing."""
    with open_store("sqlite://") as fresh:
        await indexer(chain, fresh, emitter).catch_up()
        return events(fresh)


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
    monkeypatch.setattr("tribune.sync.indexer.FIRST_STEP", 2)
    monkeypatch.setattr("tribune.sync.indexer.STEP", 2)
    for topic in range(5):
        await emit(chain, emitter, topic)
    one = indexer(chain, store, emitter)
    await one.catch_up()
    assert await topics(one) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("depth", "finality_blocks", "each"),
    [(1, 12, True), (5, 12, True), (30, 12, True), (30, 64, True), (1, 0, False), (30, 12, False)],
)
async def test_catch_up__reorg__as_if_the_old_blocks_had_never_been(
    chain: Chain, store: Store, emitter: Address, depth: int, finality_blocks: int, each: bool
) -> None:
    one = indexer(chain, store, emitter, finality_blocks)
    for topic in range(33):
        await emit(chain, emitter, topic)
        if each:
            await one.catch_up()
    await one.catch_up()
    await chain.request("anvil_reorg", depth, [])
    await emit(chain, emitter, 99)
    await one.catch_up()
    assert await topics(one) == [*range(33 - depth), 99]
    assert events(store) == await rebuilt(chain, emitter)


async def test_catch_up__reorg_deeper_than_remembered__read_again_from_the_first_block(
    chain: Chain, store: Store, emitter: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tribune.sync.indexer.KEEP_BLOCKS", 3)
    one = indexer(chain, store, emitter)
    for topic in range(8):
        await emit(chain, emitter, topic)
        await one.catch_up()
    await chain.request("anvil_reorg", 6, [])
    await emit(chain, emitter, 9)
    assert await one.catch_up() == 3
    assert await topics(one) == [0, 1, 9]


async def test_catch_up__another_chain_from_the_start__nothing_of_the_old_one_left(
    chain: Chain, store: Store, emitter: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tribune.sync.indexer.KEEP_BLOCKS", 2)
    one = indexer(chain, store, emitter)
    for topic in range(6):
        await emit(chain, emitter, topic)
        await one.catch_up()
    with Anvil.start(timestamp=1_700_000_000) as other:
        async with Chain(other.http_url, chain_id=31337, timeout_s=3) as replaced:
            assert await deploy(replaced, EMITTER) == emitter
            await emit(replaced, emitter, 7)
            two = indexer(replaced, store, emitter)
            await two.catch_up()
            assert await topics(two) == [7]


async def test_catch_up__head_goes_back_on_our_chain__taken_for_a_node_that_lags(
    chain: Chain, store: Store, emitter: Address
) -> None:
    one = indexer(chain, store, emitter)
    await emit(chain, emitter, 1)
    snapshot = await chain.request("evm_snapshot")
    await emit(chain, emitter, 2)
    await one.catch_up()
    await chain.request("evm_revert", snapshot)
    assert await one.catch_up() == 0
    assert await topics(one) == [1, 2]
    for topic in (8, 9):
        await emit(chain, emitter, topic)
    await one.catch_up()
    assert await topics(one) == [1, 8, 9]


async def test_catch_up__head_stays_back_for_long__rolled_back(
    chain: Chain, store: Store, emitter: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = indexer(chain, store, emitter)
    await emit(chain, emitter, 1)
    snapshot = await chain.request("evm_snapshot")
    await emit(chain, emitter, 2)
    await one.catch_up()
    await chain.request("evm_revert", snapshot)
    monkeypatch.setattr("tribune.sync.indexer.PATIENCE_S", 0)
    await one.catch_up()
    assert await topics(one) == [1]


async def test_catch_up__node_behind_all_that_is_remembered__unreachable_and_nothing_dropped(
    chain: Chain, store: Store, emitter: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tribune.sync.indexer.KEEP_BLOCKS", 2)
    monkeypatch.setattr("tribune.sync.indexer.PATIENCE_S", 0)
    one = indexer(chain, store, emitter)
    await emit(chain, emitter, 1)
    snapshot = await chain.request("evm_snapshot")
    for topic in range(2, 6):
        await emit(chain, emitter, topic)
        await one.catch_up()
    await chain.request("evm_revert", snapshot)
    with pytest.raises(ChainUnreachableError, match="4 blocks behind"):
        await one.catch_up()
    assert await topics(one) == [1, 2, 3, 4, 5]


class Swaying(Chain):
    """Two nodes of different chains behind one address: each request goes to the other one."""

    def __init__(self, first: Chain, second: Chain) -> None:
        super().__init__("http://127.0.0.1:1", chain_id=31337)
        self.behind = itertools.cycle((first, second))
        self.rpc.batch = self._batch  # type: ignore[method-assign]

    async def request(self, method: str, *params: Any, **options: Any) -> Any:
        return await next(self.behind).request(method, *params, **options)

    async def _batch(self, *args: Any, **options: Any) -> Any:
        return await next(self.behind).rpc.batch(*args, **options)


async def test_catch_up__two_chains_behind_one_address__unreachable_then_right_once_one_is_left(
    chain: Chain, store: Store, emitter: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tribune.sync.indexer.CHANGE_PAUSE_S", 0)
    with Anvil.start(timestamp=1_700_000_000) as other:
        async with Chain(other.http_url, chain_id=31337, timeout_s=3) as second:
            await deploy(second, EMITTER)
            for topic in range(3):
                await emit(chain, emitter, topic)
                await emit(second, emitter, 10 + topic)
            async with Swaying(chain, second) as swaying:
                with pytest.raises(ChainUnreachableError, match="another chain at each look"):
                    await indexer(swaying, store, emitter).catch_up()
        one = indexer(chain, store, emitter)
        await one.catch_up()
        assert await topics(one) == [0, 1, 2]


class Dying(Chain):
    """A client whose process dies at its n-th request."""

    def __init__(self, url: str, lives_for: int) -> None:
        super().__init__(url, chain_id=31337)
        self._left = lives_for
        self._ask = self.rpc.batch
        self.rpc.batch = self._batch  # type: ignore[method-assign]

    async def request(self, method: str, *params: Any, **options: Any) -> Any:
        self._live()
        return await super().request(method, *params, **options)

    async def _batch(self, *args: Any, **options: Any) -> Any:
        self._live()
        return await self._ask(*args, **options)

    def _live(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise asyncio.CancelledError


@pytest.mark.parametrize("finality_blocks", [0, 3])
async def test_catch_up__dies_at_any_request__the_next_life_ends_with_the_same_rows(
    chain: Chain,
    store: Store,
    emitter: Address,
    anvil: Anvil,
    monkeypatch: pytest.MonkeyPatch,
    finality_blocks: int,
) -> None:
    monkeypatch.setattr("tribune.sync.indexer.FIRST_STEP", 2)
    monkeypatch.setattr("tribune.sync.indexer.STEP", 2)
    for topic in range(9):
        await emit(chain, emitter, topic)
    for requests in range(10):
        async with Dying(anvil.http_url, requests) as dying:
            with contextlib.suppress(asyncio.CancelledError):
                await indexer(dying, store, emitter, finality_blocks).catch_up()
    await indexer(chain, store, emitter, finality_blocks).catch_up()
    assert events(store) == await rebuilt(chain, emitter)
    assert len(events(store)) == 9


class Narrow(Chain):
    """A node that refuses ranges of more than three blocks."""

    async def logs(
        self, addresses: Sequence[Address], from_block: int, to_block: int, topics: Topics = ()
    ) -> list[Log]:
        if to_block - from_block >= 3:
            raise ChainError("The node refused eth_getLogs: block range is too wide.")
        return await super().logs(addresses, from_block, to_block, topics)


async def test_catch_up__node_refuses_long_ranges__shorter_ones_are_asked(
    chain: Chain, store: Store, emitter: Address, anvil: Anvil
) -> None:
    for topic in range(9):
        await emit(chain, emitter, topic)
    async with Narrow(anvil.http_url, chain_id=31337) as narrow:
        assert await indexer(narrow, store, emitter, 0).catch_up() == 9
    assert events(store) == await rebuilt(chain, emitter)


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


async def test_catch_up__event_does_not_fit_its_abi__kept_as_it_came(
    chain: Chain, store: Store, emitter: Address
) -> None:
    item = {
        "type": "event",
        "name": "Said",
        "inputs": [{"name": "text", "type": "string", "indexed": False}],
    }
    abi = Abi("Emitter", [item])
    await emit(chain, emitter, int.from_bytes(abi.topic("Said"), "big"))
    await emit(chain, emitter, 2)
    one = Indexer(chain, store, {emitter: abi})
    assert await one.catch_up() == 2
    odd, _ = await one.events_since(0)
    assert (odd.name, odd.args, odd.topics) == ("", {}, ["0x" + abi.topic("Said").hex()])


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
    for _ in range(100):
        await asyncio.sleep(0.05)
        if len(events(store)) == 40:
            break
    assert events(store) == await rebuilt(chain, emitter)
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


async def test_stored_log__row__the_log_it_came_from(chain: Chain, store: Store, emitter: Address) -> None:
    await emit(chain, emitter, 1)
    one = indexer(chain, store, emitter)
    await one.catch_up()
    (row,) = await one.events_since(0)
    assert [stored_log(row)] == await chain.logs([emitter], 0, row.block_number)


def test_plain__bytes_tuples_and_dicts__as_json_holds_them() -> None:
    assert plain({"a": b"\x01", "b": ({"c": 2**70},)}) == {"a": "0x01", "b": [{"c": 2**70}]}
