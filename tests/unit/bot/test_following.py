"""Whoever follows the index misses no change, outlives what fails, and leaves nothing behind when it ends."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tribune.exceptions import StoreError
from tribune_bot import following
from tribune_bot.following import follow


class Index:
    """An index whose changes are calls."""

    def __init__(self) -> None:
        self.changes = 0
        self._changed = asyncio.Event()

    def change(self) -> None:
        self.changes += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait_changed(self, timeout_s: float) -> bool:
        try:
            async with asyncio.timeout(timeout_s):
                return await self._changed.wait()
        except TimeoutError:
            return False


async def followed(index: Any, look: Any, looks: list[bool], wanted: int, every_s: float = 20.0) -> None:
    """Follow until so many looks were taken, then end."""
    task = asyncio.create_task(follow(index, look, "could not look", every_s=every_s))
    async with asyncio.timeout(15):
        while len(looks) < wanted:  # noqa: ASYNC110 - a condition of a test, not an event
            await asyncio.sleep(0.005)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_follow__change_during_a_look__looks_again_at_once() -> None:
    index, looks = Index(), list[bool]()

    async def look(changed: bool) -> None:
        looks.append(changed)
        if len(looks) == 1:
            index.change()

    await followed(index, look, looks, 2)
    assert looks == [True, True]


async def test_follow__nothing_changed__says_so() -> None:
    looks: list[bool] = []

    async def look(changed: bool) -> None:
        looks.append(changed)

    await followed(Index(), look, looks, 3, every_s=0.01)
    assert looks[:3] == [True, False, False]


async def test_follow__look_fails__looks_at_everything_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "RETRY_S", 0.01)
    looks: list[bool] = []

    async def look(changed: bool) -> None:
        looks.append(changed)
        if len(looks) == 2:
            raise StoreError("The store is away.")

    await followed(Index(), look, looks, 4, every_s=0.01)
    assert looks[:4] == [True, False, True, False]


async def test_follow__cancelled__leaves_no_task() -> None:
    looks: list[bool] = []

    async def look(changed: bool) -> None:
        looks.append(changed)

    before = asyncio.all_tasks()
    await followed(Index(), look, looks, 1)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
