"""The bot's process: it ends when it is told to, whatever the library below does with a cancellation."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from tribune_bot import app


class Stubborn:
    """A client whose connection swallows its first cancellation, as a race in `wait_for` can."""

    def __init__(self) -> None:
        self.swallowed = 0

    async def connect(self, *, reconnect: bool) -> None:
        """Reconnect for ever, once."""
        assert reconnect
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            self.swallowed += 1
            await asyncio.sleep(3600)


async def test_gateway__cancellation_swallowed__ends_all_the_same() -> None:
    bot = Stubborn()
    gateway = asyncio.create_task(app._gateway(cast("Any", bot)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gateway.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(gateway, 10)
    assert bot.swallowed == 1
