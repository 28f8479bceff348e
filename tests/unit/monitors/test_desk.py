"""What a worker's desk makes of news, when it cannot act on them at once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tribune.chain.types import Block
from tribune.exceptions import ChainUnreachableError
from tribune.ids import ModelId
from tribune.store.session import Store
from tribune_monitors.desk import Desk

HEAD = Block(7, "0x" + "1" * 64, "0x" + "0" * 64, 1_767_225_600)


async def test_run__models_cannot_be_counted_at_first__are_looked_at_without_a_new_block(
    tmp_path: Path,
) -> None:
    looked = asyncio.Event()
    counts = 0

    async def head() -> Block:
        return HEAD

    async def watched() -> list[ModelId]:
        nonlocal counts
        counts += 1
        if counts == 1:
            raise ChainUnreachableError("The node does not answer.")
        return [ModelId(1)]

    async def look_at(_: ModelId) -> None:
        looked.set()

    async def nothing() -> None:
        return None

    async def yes() -> bool:
        return True

    with Store(f"sqlite:///{tmp_path / 'monitor.db'}") as store:
        worker: Any = SimpleNamespace(
            monitor="0x" + "a" * 40,
            store=store,
            tribune=SimpleNamespace(chain=SimpleNamespace(head=head)),
            faults=SimpleNamespace(words={}),
            may_act=yes,
            watched=watched,
            look_at=look_at,
            settle=nothing,
            has_unsettled=nothing,
            check_peers=nothing,
            open_votes=nothing,
        )
        stop = asyncio.Event()
        running = asyncio.create_task(Desk(worker, 0.05).run(stop))
        try:
            async with asyncio.timeout(5):
                await looked.wait()
        finally:
            stop.set()
            await asyncio.wait_for(running, 10)
