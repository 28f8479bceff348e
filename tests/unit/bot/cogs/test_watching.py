"""Messages are brought up to date after each change of the index, also one that came while nobody waited."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from tribune_bot.cogs.cases import Cases
from tribune_bot.cogs.slow_lane import SlowLane


class Indexer:
    """An index whose changes come while nobody listens."""

    def __init__(self) -> None:
        self.changes = 0

    async def wait_changed(self, timeout_s: float) -> bool:
        await asyncio.sleep(0.02)
        return False


@pytest.mark.parametrize("kind", [Cases, SlowLane])
async def test_watch__change_comes_between_two_waits__everything_is_looked_at(
    kind: type[Cases] | type[SlowLane], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object) -> list[str]:
        return []

    indexer = Indexer()
    store: Any = SimpleNamespace(read=nothing)
    contracts = SimpleNamespace(has_slow_lane=True)
    bot: Any = SimpleNamespace(services=SimpleNamespace(indexer=indexer, store=store, contracts=contracts))
    cog = kind(bot)
    looks: list[bool] = []
    enough = asyncio.Event()

    async def refresh(*, everything: bool) -> None:
        looks.append(everything)
        if len(looks) == 3:
            indexer.changes += 1
        if len(looks) == 5:
            enough.set()

    monkeypatch.setattr(cog, "refresh", refresh)
    watching = asyncio.create_task(cog.watch())
    await asyncio.wait_for(enough.wait(), 10)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert looks[:5] == [True, False, False, True, False]
