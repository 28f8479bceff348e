"""Waiting: in time, not in time, and cancelled at any step."""

from __future__ import annotations

import asyncio

import pytest

from tribune.waiting import came_within, heed_cancellation


async def test_came_within__in_time__true() -> None:
    event = asyncio.Event()
    asyncio.get_running_loop().call_later(0.01, event.set)
    assert await came_within(5, event.wait())


async def test_came_within__not_in_time__false() -> None:
    assert not await came_within(0.01, asyncio.Event().wait())


@pytest.mark.parametrize("steps", range(6))
async def test_came_within__cancelled_as_the_event_comes__ends(steps: int) -> None:
    """`asyncio.wait_for` fails this in one of the steps."""
    condition = asyncio.Condition()

    async def wait() -> None:
        async with condition:
            await came_within(5, condition.wait())

    task = asyncio.create_task(wait())
    await asyncio.sleep(0.01)
    async with condition:
        condition.notify_all()
    for _ in range(steps):
        await asyncio.sleep(0)
    if task.cancel():
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_heed_cancellation__swallowed_by_what_was_awaited__is_raised_again() -> None:
    async def swallowing() -> None:
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            return

    async def work() -> None:
        await swallowing()
        heed_cancellation()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_heed_cancellation__not_cancelled__goes_on() -> None:
    heed_cancellation()
