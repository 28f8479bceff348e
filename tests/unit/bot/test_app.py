"""The bot's process: it ends when it is told to, whatever the library below does with a cancellation."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from tribune_bot import app


class Stubborn:
    """A client whose connection swallows its first cancellation, as a race in `wait_for` can."""

    connected = True

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


class Lost:
    """A client without a connection, which waits long between two attempts."""

    connected = False

    def __init__(self) -> None:
        self.begun = 0

    async def connect(self, *, reconnect: bool) -> None:
        self.begun += 1
        await asyncio.sleep(3600)


@pytest.mark.parametrize("connected", [True, False])
async def test_gateway__no_connection_for_long__begins_anew(
    connected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "ANEW_S", 0.1)
    bot = Lost()
    bot.connected = connected
    gateway = asyncio.create_task(app._gateway(cast("Any", bot)))
    await asyncio.sleep(0.5)
    gateway.cancel()
    await asyncio.wait({gateway}, timeout=10)
    assert (bot.begun == 1) is connected
