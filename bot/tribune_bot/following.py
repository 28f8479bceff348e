"""Looks again whenever the index has changed: what every part of the bot does that follows the chain.

No change is missed between two looks, since the next is listened for before the last begins. What fails is
said and tried again; nothing ends it but being cancelled.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tribune.exceptions import TribuneError
from tribune.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tribune.sync.indexer import Indexer

LOOK_S = 1.0
"""Most time between two looks: some things become due without an event."""
RETRY_S = 1.0


async def follow(
    indexer: Indexer, look: Callable[[bool], Awaitable[Any]], what: str, *, every_s: float = LOOK_S
) -> None:
    """Look after each change of the index, and every so often without one, until cancelled.

    Args:
        indexer: whose changes are followed, also those where a reorg took events away and brought none.
        look: takes whether the index may have changed since the last look that ended well.
        what: could not be done, for the log.
        every_s: most seconds between two looks.
    """
    seen = -1
    while True:
        changed = asyncio.create_task(indexer.wait_changed(every_s))
        await asyncio.sleep(0)  # it listens now: what happens from here on wakes us
        changes = indexer.changes
        try:
            await look(changes != seen)
            seen = changes
            await changed
        except TribuneError as fault:
            get_logger(__name__).warning(what, error=str(fault))
            await asyncio.sleep(RETRY_S)
            seen = -1
        finally:
            changed.cancel()
