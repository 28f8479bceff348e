"""News of the chain, for a worker that must not look at everything at each block."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from integration.monitor_world import MonitorWorld
from tribune.chain import Tribune
from tribune.ids import ModelId
from tribune_monitors.watching.news import MOST_BLOCKS, Newsreader


@pytest.fixture
async def tribune(world: MonitorWorld) -> AsyncIterator[Tribune]:
    async with await Tribune.connect(world.settings("reader")) as tribune:
        yield tribune


async def test_read__first_time__of_any_model(tribune: Tribune) -> None:
    news = await Newsreader(tribune).read()
    assert news is not None
    assert news.models is None


async def test_read__no_new_block__nothing(tribune: Tribune) -> None:
    reader = Newsreader(tribune)
    await reader.read()
    assert await reader.read() is None


async def test_read__a_frame_anchored__of_its_model(world: MonitorWorld, tribune: Tribune) -> None:
    manifest = world.seal(ModelId(2), world.current_frame(ModelId(2)))
    reader = Newsreader(tribune)
    await reader.read()
    world.anchor(manifest)
    news = await reader.read()
    assert news is not None
    assert news.models == frozenset({ModelId(2)})


async def test_read__blocks_of_others__of_no_model(world: MonitorWorld, tribune: Tribune) -> None:
    reader = Newsreader(tribune)
    await reader.read()
    world.chain.warp(10)
    news = await reader.read()
    assert news is not None
    assert news.models == frozenset()


async def test_read__a_reorg__of_any_model(world: MonitorWorld, tribune: Tribune) -> None:
    world.chain.warp(10)
    reader = Newsreader(tribune)
    await reader.read()
    await tribune.chain.request("anvil_reorg", 1, [])
    await tribune.chain.request("anvil_mine", hex(2))
    news = await reader.read()
    assert news is not None
    assert news.models is None


async def test_read__slept_long__of_any_model(world: MonitorWorld, tribune: Tribune) -> None:
    reader = Newsreader(tribune)
    await reader.read()
    world.chain.rpc("anvil_mine", hex(MOST_BLOCKS + 1))
    news = await reader.read()
    assert news is not None
    assert news.models is None
