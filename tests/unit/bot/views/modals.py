"""A Discord server with the bot, in process, and what its modals ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import simcord

from support.index import BEGAN
from tribune.store.session import Store
from tribune_bot.client import TribuneBot


@asynccontextmanager
async def discord_of(store: Store, **more: Any) -> AsyncIterator[tuple[Any, Any]]:
    """Yield a member and a channel of a server with the bot, behind which there is an index.

    Args:
        store: of the index.
        more: other services than these.
    """
    indexer = SimpleNamespace(run=None, head=SimpleNamespace(time=BEGAN + timedelta(hours=10)))
    given = {"channel_id": 1, "guild_id": 2, "contracts": None, **more}
    services: Any = SimpleNamespace(store=store, indexer=indexer, **given)
    async with simcord.run(TribuneBot(services)) as env:
        guild = env.create_guild(id=2)
        member = guild.add_member(env.create_user("ada"))
        yield member, guild.create_text_channel("oversight")


def fields(modal: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a modal asks, in order."""
    return [outer["component"] for outer in modal["components"]]
