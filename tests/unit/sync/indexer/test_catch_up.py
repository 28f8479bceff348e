"""The index holds each event of the chain once, across restarts, gaps and nodes that refuse."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

import pytest

from support.anvil import Anvil
from support.bytecode import emit
from tribune.chain.client import Chain, Topics
from tribune.chain.codec import Abi
from tribune.chain.types import Log
from tribune.exceptions import ChainError, ChainUnreachableError
from tribune.ids import Address
from tribune.store.session import Store
from tribune.sync.indexer import Indexer, plain, stored_log
from unit.sync.indexer.indexing import events, indexer, rebuilt, topics


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


async def test_stored_log__row__the_log_it_came_from(chain: Chain, store: Store, emitter: Address) -> None:
    await emit(chain, emitter, 1)
    one = indexer(chain, store, emitter)
    await one.catch_up()
    (row,) = await one.events_since(0)
    assert [stored_log(row)] == await chain.logs([emitter], 0, row.block_number)


def test_plain__bytes_tuples_and_dicts__as_json_holds_them() -> None:
    assert plain({"a": b"\x01", "b": ({"c": 2**70},)}) == {"a": "0x01", "b": [{"c": 2**70}]}
