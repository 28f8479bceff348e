"""The newest head that any of several nodes told, held against those that are behind it.

A lower head is taken only as a reorg: where the node that told the newest no longer has it and no other
has, or where it was not told again for long. Nodes that name different blocks below their heads are said
loudly (a split view); then no node's head is held against another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from tribune.chain.endpoint import Endpoint
from tribune.chain.rpc import UnusableAnswer
from tribune.chain.types import Block
from tribune.exceptions import ChainError, ChainUnreachableError, WrongChainError
from tribune.log import get_logger

LAG_BLOCKS = 3
"""Blocks that a node may be behind before it is passed over for all reads, not only for the head."""
PATIENCE_S = 60.0
"""How long a head that no node tells again is held against those behind it."""
SPLIT_DEPTH = 2
"""Nodes are compared this deep: nearer the head they may differ in good faith."""
LATEST = ("latest", False)


@dataclass(frozen=True, slots=True)
class EndpointView:
    """What one endpoint shows of the chain."""

    name: str
    """Scheme, host and port."""
    head: Block | None
    """Its newest block; None where it could not be asked."""
    deep: Block | None
    """Its block at a height that all who answered have; None where it could not be asked."""
    error: str
    """Why it could not be asked; empty where it could."""


def split(views: Sequence[EndpointView]) -> bool:
    """Return whether two endpoints name different blocks at one height below their heads."""
    named: dict[int, set[str]] = {}
    for view in views:
        if view.deep is not None:
            named.setdefault(view.deep.number, set()).add(view.deep.hash)
    return any(len(hashes) > 1 for hashes in named.values())


@dataclass(frozen=True)
class _Newest:
    block: Block
    source: Endpoint
    until: float


class Heads:
    """What is known of the newest head of several nodes.

    Args:
        endpoints: the nodes, in the order in which they are asked.
        patience_s: how long a head that no node tells again is held against those behind it.
    """

    def __init__(self, endpoints: Sequence[Endpoint], *, patience_s: float = PATIENCE_S) -> None:
        self._all = endpoints
        self._patience_s = patience_s
        self._newest: _Newest | None = None
        self._split = False

    async def accept(self, endpoint: Endpoint, block: Block) -> None:
        """Take a node's block as the newest.

        Raises:
            UnusableAnswer: it is behind another node.
        """
        known = self._newest
        if len(self._all) > 1 and known is not None and block.number < known.block.number:
            if _now() < known.until and not await self._gone(known, endpoint):
                raise UnusableAnswer(f"it is {known.block.number - block.number} blocks behind")
            get_logger(__name__).warning("the chain's head went back", to_block=block.number)
        self._know(endpoint, block)

    async def prove(self, endpoint: Endpoint) -> None:
        """Raise ChainUnreachableError where a node is far behind the newest head."""
        known = self._newest
        if known is None or endpoint is known.source or _now() >= known.until:
            return
        number = await endpoint.rpc.request("eth_blockNumber", read=lambda answer: int(answer, 16))
        if known.block.number - number > LAG_BLOCKS:
            raise endpoint.rpc.unreachable(f"it is {known.block.number - number} blocks behind")

    async def views(self) -> tuple[EndpointView, ...]:
        """Ask every node for its chain id, its head, and the block at a height that all have."""
        heads = await asyncio.gather(*map(self._look, self._all))
        there = [head.number for head in heads if isinstance(head, Block)]
        height = max(0, min(there) - SPLIT_DEPTH) if there else 0
        deeps = await asyncio.gather(
            *(self._deep(e, head, height) for e, head in zip(self._all, heads, strict=True))
        )
        views = tuple(
            EndpointView(
                endpoint.name,
                head if isinstance(head, Block) else None,
                deep if isinstance(deep, Block) else None,
                next((fault.message for fault in (head, deep) if isinstance(fault, ChainError)), ""),
            )
            for endpoint, head, deep in zip(self._all, heads, deeps, strict=True)
        )
        self._learn(views)
        return views

    def _know(self, endpoint: Endpoint, block: Block) -> None:
        self._newest = _Newest(block, endpoint, _now() + self._patience_s)

    async def _gone(self, known: _Newest, endpoint: Endpoint) -> bool:
        """Return whether nobody has the newest block any more, not even the node that told it."""
        others = [other for other in self._all if other is not endpoint]
        answers = await asyncio.gather(*(self._has(other, known.block) for other in others))
        has = dict(zip(others, answers, strict=True))
        return True not in answers and (endpoint is known.source or has.get(known.source) is False)

    async def _has(self, endpoint: Endpoint, block: Block) -> bool | None:
        """Return whether a block is in a node's chain; None where it cannot be asked."""
        if endpoint.rests:
            return None
        try:
            found: bool = await endpoint.ask(
                lambda node: node.rpc.request(
                    "eth_getBlockByNumber",
                    (hex(block.number), False),
                    read=lambda raw: raw is not None and raw["hash"] == block.hash,
                ),
                prove=self.prove,
            )
        except ChainError:
            return None
        return found

    async def _look(self, endpoint: Endpoint) -> Block | ChainError:
        try:
            await endpoint.identify()
            head: Block = await endpoint.rpc.request("eth_getBlockByNumber", LATEST, read=Block.from_rpc)
        except (ChainUnreachableError, WrongChainError) as fault:
            endpoint.set_aside(fault)
            return fault
        except ChainError as fault:
            return fault
        return head

    async def _deep(
        self, endpoint: Endpoint, head: Block | ChainError, height: int
    ) -> Block | ChainError | None:
        if not isinstance(head, Block):
            return None
        try:
            found: Block = await endpoint.rpc.request(
                "eth_getBlockByNumber", (hex(height), False), read=Block.from_rpc
            )
        except ChainError as fault:
            return fault
        return found

    def _learn(self, views: Sequence[EndpointView]) -> None:
        """Hold the furthest head against nodes that are behind it, unless they show different chains."""
        parted = split(views)
        if parted and not self._split:
            names = ", ".join(view.name for view in views)
            get_logger(__name__).error("split view: the nodes show different chains", nodes=names)
        self._split = parted
        heads = [(e, view.head) for e, view in zip(self._all, views, strict=True) if view.head is not None]
        if parted or not heads:
            return
        source, furthest = max(heads, key=lambda pair: pair[1].number)
        if self._newest is None or furthest.number > self._newest.block.number:
            self._know(source, furthest)
        for endpoint, head in heads:
            if furthest.number - head.number > LAG_BLOCKS:
                behind = f"it is {furthest.number - head.number} blocks behind"
                endpoint.set_aside(endpoint.rpc.unreachable(behind))


def _now() -> float:
    return asyncio.get_running_loop().time()
