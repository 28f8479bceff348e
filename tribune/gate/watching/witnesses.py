"""What one node told of a model, held against what the others tell of the same block.

A node whose blocks are honest can still answer falsely what a contract says. So each status that was read is
asked of every node again, a moment later, when all have the block. Where no more than half of those that have
it say the same, its model's view is disputed, and its gate refuses, until they do. With one node there is
nothing to compare; one that lacks the block or does not answer has no voice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import groupby, islice

from tribune.exceptions import TribuneError
from tribune.gate.status import StatusView
from tribune.gate.watching.onchain import GateClient, HeadOnChain, StatusOnChain
from tribune.ids import ModelId
from tribune.log import get_logger

AFTER_S = 1.0
"""How long after a reading the others are asked: a block is not everywhere at once."""
CHUNK = 48
"""Models read, or compared, in one request: two calls each, and common nodes take a hundred."""
Claim = tuple[HeadOnChain, StatusOnChain, StatusView]


class Witnesses:
    """Compares readings with what other nodes say.

    Args:
        client: the chain.
        timeout_s: longest wait for the nodes.
        again: told of a model that must be read again: its view is disputed, or is so no more.
        after_s: pause between a reading and the comparison.
    """

    def __init__(
        self,
        client: GateClient,
        *,
        timeout_s: float,
        again: Callable[[ModelId], None],
        after_s: float = AFTER_S,
    ) -> None:
        self._client = client
        self._timeout_s = timeout_s
        self._again = again
        self._after_s = after_s
        self._claims: dict[ModelId, Claim] = {}
        self._come = asyncio.Event()

    def hear(self, head: HeadOnChain, status: StatusOnChain, view: StatusView) -> None:
        """Take what was read of a model at a block, to be compared; the newest of a model counts."""
        if self._client.several:
            self._claims[status.model_id] = (head, status, view)
            self._come.set()

    async def run(self) -> None:
        """Compare until cancelled."""
        while True:
            await self._come.wait()
            claims, self._claims = self._claims, {}
            self._come.clear()
            await asyncio.sleep(self._after_s)
            for _, of_block in groupby(claims.values(), lambda claim: claim[0].hash):
                while some := list(islice(of_block, CHUNK)):
                    await self._compare(some)

    async def _compare(self, claims: Sequence[Claim]) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                opinions = await self._client.opinions(
                    [status.model_id for _, status, _ in claims], claims[0][0]
                )
        except (TribuneError, OSError):  # could not look: nobody is accused; a timeout is an OSError
            return
        for place, (_, status, view) in enumerate(claims):
            said = [opinion[place] for opinion in opinions]
            if said:
                self._judge(status, view, said)

    def _judge(self, claimed: StatusOnChain, view: StatusView, said: Sequence[StatusOnChain]) -> None:
        agreeing = sum(one == claimed for one in said)
        if 2 * agreeing > len(said):
            if view.disputed:
                view.settle()
                get_logger(__name__).info("nodes agree again", model=view.model_id)
                self._again(view.model_id)
            return
        if not view.disputed:
            states = sorted({str(one.state) for one in (claimed, *said)})
            get_logger(__name__).error("nodes contradict each other", model=view.model_id, states=states)
        view.dispute()
        self._again(view.model_id)
