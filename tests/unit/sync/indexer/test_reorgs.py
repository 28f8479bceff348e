"""Blocks replaced, nodes that lag, another chain: the index is as if the old blocks had never been."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from support.anvil import Anvil
from support.bytecode import EMITTER, deploy, emit
from tribune.chain.client import Chain
from tribune.exceptions import ChainUnreachableError
from tribune.ids import Address
from tribune.store.session import Store
from unit.sync.indexer.indexing import events, indexer, rebuilt, topics


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
