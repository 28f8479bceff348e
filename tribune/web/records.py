"""How monitors do, for the pages and the API alike: read once for each block of the index, and kept.

Never more than the index: each look compares its newest block, which a reorg changes too.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tribune.ballots.histories.monitors import LOOK_BACK, Monitors, monitors_of
from tribune.store.panels import panel_events
from tribune.store.queries import checkpoint
from tribune.store.vitals import INDEX

if TYPE_CHECKING:
    from datetime import datetime

    from tribune.ballots.directory import Listing
    from tribune.store.panels import PanelEvents
    from tribune.store.session import Session, Store


class Records:
    """The records of all monitors.

    Args:
        store: where the index is.
    """

    look_back = LOOK_BACK
    """Signatures looked at."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._block: str | None = None
        self._events: PanelEvents
        self._counted: tuple[tuple[str, datetime], Monitors] | None = None
        self._turn = asyncio.Lock()

    async def look(self, listing: Listing) -> Monitors:
        """Return how each monitor does now.

        Args:
            listing: what there is, as the index has it, and the time of the chain.

        Raises:
            StoreError: the index cannot be read.
        """
        async with self._turn:
            block, events = await self._store.read(_news, self._block, self.look_back)
            if events is not None:
                self._block, self._events, self._counted = block, events, None
            of = listing.indexed_hash, listing.at
            if self._counted is None or self._counted[0] != of:
                self._counted = of, monitors_of(self._events, listing.watching, listing.at)
            return self._counted[1]


def _news(session: Session, seen: str | None, look_back: int) -> tuple[str, PanelEvents | None]:
    """Return the index's newest block, and what it has of monitors; None where that block was seen."""
    at = checkpoint(session, INDEX)
    block = "" if at is None else at.block_hash
    return block, None if block == seen else panel_events(session, look_back)
