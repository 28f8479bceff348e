"""A node that tells falsely how a model stands, among others that do not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tribune.gate.status import StatusView
from tribune.gate.watching.watcher import ChainWatcher
from tribune.ids import ModelId
from unit.gate.chain import ACTIVE, MODEL, HandChain, cause, until

HONEST: dict[str, object] = {}
PAUSED: dict[str, object] = {"state": "Paused"}


@asynccontextmanager
async def watching(chain: HandChain, count: int = 1) -> AsyncIterator[list[StatusView]]:
    chain.others = {ModelId(i): ACTIVE for i in range(2, count + 1)}
    views = [StatusView(ModelId(i)) for i in range(1, count + 1)]
    task = asyncio.create_task(ChainWatcher(chain, poll_s=30, witness_s=0.01).run(*views))
    await until(lambda: chain.listeners == 1)
    try:
        yield views
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("others", [[PAUSED], [PAUSED, PAUSED], [PAUSED, HONEST, PAUSED]])
async def test_run__others_say_that_it_is_stopped__is_not_believed_to_run(
    others: list[dict[str, object]],
) -> None:
    chain = HandChain(contradicts=others)
    async with watching(chain) as [view]:
        await until(lambda: view.disputed)
        assert cause(view) == "state-unknown"
        assert "contradict" in view.snapshot.fault
        chain.mine()
        await until(lambda: chain.newest.number == 813 and chain.reads > 4)
        assert cause(view) == "state-unknown"


async def test_run__one_of_three_says_otherwise__the_model_goes_on() -> None:
    chain = HandChain(contradicts=[HONEST, PAUSED])
    async with watching(chain) as [view]:
        for _ in range(3):
            reads = chain.reads
            chain.mine()
            await until(lambda: chain.reads >= reads + 2)  # noqa: B023 - waits for it here
        assert cause(view) is None


async def test_run__nodes_agree_again__is_believed_again_without_a_new_block() -> None:
    chain = HandChain(contradicts=[PAUSED])
    async with watching(chain) as [view]:
        await until(lambda: view.disputed)
        chain.contradicts = [HONEST]
        await until(lambda: cause(view) is None)


async def test_run__one_model_of_many__is_found_out_by_the_event_that_the_node_told() -> None:
    chain = HandChain(contradicts=[HONEST])
    async with watching(chain, 60) as views:
        await until(lambda: chain.compared == 60)
        chain.contradicts = [PAUSED]
        chain.mine(ModelId(40), epoch=2)
        await until(lambda: views[39].disputed)
        assert [view.model_id for view in views if view.disputed] == [40]


async def test_run__one_node_alone__is_asked_once() -> None:
    chain = HandChain()
    async with watching(chain) as [view]:
        await until(lambda: cause(view) is None)
        await asyncio.sleep(0.05)
        assert chain.reads == 1
        assert view.model_id == MODEL
