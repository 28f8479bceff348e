"""How many monitors a report or a case rests on, read where pages and bot show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tribune.exceptions import RevertedError

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts
    from tribune.chain.client import BlockTag


async def panel_size(
    contracts: VoteContracts, model_id: int, frame: int, *, block: BlockTag = "latest"
) -> int | None:
    """Return how many monitors were to measure a frame (0: how many are now); None where there is no policy.

    Raises:
        ChainUnreachableError: the chain cannot be read.
    """
    read = ("termsOf", (model_id, frame)) if frame else ("currentTerms", (model_id,))
    try:
        [terms] = await contracts.read(("PolicyBook", *read), block=block)
    except RevertedError:
        return None
    return int(terms["panel_size"])
