"""What happened on the chain since the last look: which models a worker should look at again.

One request where there is no new block, two or three where there is one. A block that does not follow the
last one that was read (a reorg), or too many blocks at once, is news of every model. Misses are harmless:
each model is looked at in its own time as well.
"""

from __future__ import annotations

from dataclasses import dataclass

from tribune.chain import Tribune
from tribune.chain.types import Block
from tribune.ids import ModelId
from tribune_monitors.watching.heads import Seen, follows

MOST_BLOCKS = 500
"""Blocks that are read for news at once; a worker that slept longer looks at everything."""


@dataclass(frozen=True)
class News:
    """What is new.

    Args:
        head: newest block.
        models: models that something was said of; None: of any of them.
    """

    head: Block
    models: frozenset[ModelId] | None


class Newsreader:
    """Reads what concerns monitors: versions, policies, anchors, reports and cases.

    Args:
        tribune: the contracts.
    """

    def __init__(self, tribune: Tribune) -> None:
        self._tribune = tribune
        self._seen: Seen | None = None

    async def read(self) -> News | None:
        """Return what happened since the last call; None: no new block.

        Raises:
            ChainError: we could not look; the next call reads it again.
        """
        head, seen = await self._tribune.chain.head(), self._seen
        if seen is not None and head.hash == seen.hash:
            return None
        models = await self._since(seen, head) if seen is not None else None
        self._seen = Seen(head.number, head.hash)
        return News(head, models)

    def forget(self) -> None:
        """Take the next look for the first one: what the last one told could not be acted on."""
        self._seen = None

    async def _since(self, seen: Seen, head: Block) -> frozenset[ModelId] | None:
        if not seen.number < head.number <= seen.number + MOST_BLOCKS:
            return None
        if not await follows(self._tribune.chain, head, seen):
            return None
        return await self._models(seen.number + 1, head.number)

    async def _models(self, first: int, last: int) -> frozenset[ModelId] | None:
        tribune = self._tribune
        watched = (
            tribune.model_registry,
            tribune.policy_book,
            tribune.decision_log,
            tribune.report_hub,
            tribune.kill_switch,
        )
        abis = {contract.address: contract.abi for contract in watched}
        logs = await tribune.chain.logs([*abis], first, last)
        if any(log.address not in abis for log in logs):
            return None  # not what we asked for
        events = [abis[log.address].decode_event(log) for log in logs]
        models = (event.args.get("model_id") for event in events if event is not None)
        return frozenset(ModelId(model) for model in models if model is not None)
