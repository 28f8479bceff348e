"""The newest block, and whether the chain went on from the one before or took another way.

What was read in a block that is no longer part of the chain may be wrong now; who keeps such readings asks
here. A process that has just started cannot know, and is told that it does not.
"""

from __future__ import annotations

from typing import NamedTuple

from tribune.chain.client import Chain
from tribune.chain.types import Block
from tribune.log import get_logger


class Seen(NamedTuple):
    """A block that something was read in."""

    number: int
    hash: str


class Heads:
    """Follows the newest block.

    Args:
        chain: whose.
    """

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._last: Seen | None = None

    async def look(self) -> tuple[Block, bool]:
        """Return the newest block, and whether a block that we saw is gone, for all we know.

        Raises:
            ChainError: we could not look.
        """
        before = self._last
        head = await self._chain.head()
        gone = before is None or not await follows(self._chain, head, before)
        if gone and before is not None:
            get_logger(__name__).warning("the chain was reorganised", seen=before.number, head=head.number)
        if self._last is before:  # nobody saw another one while we looked
            self._last = Seen(head.number, head.hash)
        return head, gone

    def saw(self, number: int, block_hash: str) -> None:
        """Note a block that something was read in, such as a receipt's."""
        if self._last is None or number > self._last.number:
            self._last = Seen(number, block_hash)


async def follows(chain: Chain, head: Block, seen: Seen) -> bool:
    """Return whether a block is part of the chain up to a head; ChainError where we could not look."""
    if seen.hash in (head.hash, head.parent_hash):
        return True
    if seen.number >= head.number:
        return False
    found = await chain.find_block(seen.number)
    return found is not None and found.hash == seen.hash
