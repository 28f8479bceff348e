"""What stands around every page: whether anything is halted, and how old the index is that pages are from.

The index says what there is, the chain's newest block how far behind the index is. A page never waits long
for the chain: where it cannot be seen, that is said instead.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tribune.chain.enums import State
from tribune.chain.types import end_or_none
from tribune.exceptions import ChainError, StoreError

if TYPE_CHECKING:
    from tribune.ballots.directory import Directory, ListedModel, Listing
    from tribune.chain.client import Chain
    from tribune.chain.types import Block

FRESH_S = 1.0
"""How long a newest block is taken for the newest: blocks come more slowly, or hardly faster."""
BLIND_S = 10.0
"""How long a chain that did not answer is not asked again."""
PATIENCE_S = 1.0
"""Longest wait for the newest block."""
LATE_BLOCKS = 20
"""Blocks that an index may be behind before people are warned: some chains make ten in the time of a look."""
LATE_AFTER = timedelta(minutes=1)
"""How long an index that is behind may stand still before people are warned."""
NAMED = 5
"""Stopped models that the banner names."""


class Head:
    """The chain's newest block, asked for at most once a second for all pages together.

    Args:
        chain: the chain.
        clock: seconds; a test gives its own.
    """

    def __init__(self, chain: Chain, clock: Callable[[], float] = time.monotonic) -> None:
        self._chain = chain
        self._clock = clock
        self._turn = asyncio.Lock()
        self._again = float("-inf")
        self.block: Block | None = None
        """The newest block that was seen; None where the last look saw none."""

    async def look(self) -> Block | None:
        """Return the newest block, None where the chain cannot be seen."""
        async with self._turn:
            if self._clock() >= self._again:
                try:
                    self.block = await asyncio.wait_for(self._chain.head(), PATIENCE_S)
                except (ChainError, TimeoutError):
                    self.block = None
                self._again = self._clock() + (BLIND_S if self.block is None else FRESH_S)
        return self.block

    def time(self) -> datetime:
        """Return the time of the newest block, this machine's where none is seen."""
        return datetime.now(UTC) if self.block is None else self.block.time


@dataclass(frozen=True)
class Frame:
    """What every page shows around what it is about.

    Args:
        listing: what there is, as the index has it; None where it could not be read.
        head: the chain's newest block; None where the chain cannot be seen.
    """

    listing: Listing | None
    head: Block | None

    @property
    def halted(self) -> bool:
        """Whether all models are halted."""
        return self.listing is not None and self.listing.halted

    @property
    def halted_until(self) -> datetime | None:
        """The end of that, None where none is known."""
        return None if self.listing is None else end_or_none(self.listing.halt_ends)

    @property
    def stopped(self) -> list[ListedModel]:
        """Models that are suspended or paused, the newest first."""
        if self.listing is None:
            return []
        at, models = self.listing.at, self.listing.models
        halted = (State.SUSPENDED, State.PAUSED)
        return [one for one in reversed(models.values()) if one.state(at) in halted]

    @property
    def behind(self) -> int:
        """Blocks that the index is behind the chain, as far as that can be seen."""
        if self.listing is None or self.head is None or self.listing.indexed is None:
            return 0
        return max(0, self.head.number - self.listing.indexed)

    @property
    def late(self) -> bool:
        """Whether the index is so far behind that people have to know before they read on."""
        if self.listing is None or self.head is None or self.listing.indexed_at is None:
            return False
        waited = datetime.now(UTC) - self.listing.indexed_at
        return self.behind > LATE_BLOCKS or (self.behind > 0 and waited > LATE_AFTER)


async def read_frame(directory: Directory, head: Head) -> Frame:
    """Read what stands around a page; a store that does not answer is said there, and no error."""
    newest = await head.look()
    try:
        return Frame(await directory.look(), newest)
    except StoreError:
        return Frame(None, newest)
