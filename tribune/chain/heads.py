"""The newest head of several nodes, held against those that are behind it; no node's word alone is enough.

A node is passed over as behind only for a block that two nodes show, or, where only two answer, once its own
head stood still for long while the other's went on. A head far beyond all others is not taken. A lower head
is taken only as a reorg: where the node that told the newest no longer has it and no other has, or where two
nodes did not show it for long. Nodes that name different blocks below their heads are said loudly (a split
view); then no node's head is held against another.
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
CONFIRM_S = 2.0
"""Longest wait for the others to say whether they have a head that is far ahead."""
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
    """Return whether endpoints disagree and none of them can be said to be wrong.

    Two name different blocks at one height below their heads, or only two answer and stand far apart.
    """
    return _parted(views) or _far_apart(views)


def _far_apart(views: Sequence[EndpointView]) -> bool:
    heads = [view.head.number for view in views if view.head is not None]
    return len(heads) == 2 and abs(heads[0] - heads[1]) > LAG_BLOCKS


def _parted(views: Sequence[EndpointView]) -> bool:
    named: dict[int, set[str]] = {}
    for view in views:
        if view.deep is not None:
            named.setdefault(view.deep.number, set()).add(view.deep.hash)
    return any(len(hashes) > 1 for hashes in named.values())


@dataclass(frozen=True)
class _Newest:
    block: Block
    source: Endpoint


@dataclass(frozen=True)
class _Stand:
    """Where a node's head stands, and since when (seconds of the loop's clock)."""

    number: int
    since: float
    went: bool
    """Whether it was seen to go there: a head that was told once only may be made up."""


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
        self._shown_by_two = -1
        self._held_until = 0.0
        self._stands: dict[Endpoint, _Stand] = {}
        self._only_two = len(endpoints) == 2
        self._split = False

    async def accept(self, endpoint: Endpoint, block: Block) -> None:
        """Take a node's block as the newest.

        Raises:
            UnusableAnswer: it is behind another node, or far ahead of all others.
        """
        self._note(endpoint, block.number)
        known = self._newest
        if len(self._all) > 1 and known is not None and block.number < known.block.number:
            if self._held(endpoint, known, block) and not await self._gone(known, endpoint):
                raise UnusableAnswer(f"it is {known.block.number - block.number} blocks behind")
            self._shown_by_two = min(self._shown_by_two, block.number)
            get_logger(__name__).warning("the chain's head went back", to_block=block.number)
        elif len(self._all) > 1 and block.number - self._shown_by_two > 2 * LAG_BLOCKS:
            await self._confirm(endpoint, block)
        self._newest = _Newest(block, endpoint)

    async def prove(self, endpoint: Endpoint) -> None:
        """Raise ChainUnreachableError where a node is far behind the newest head."""
        known = self._newest
        if known is None or endpoint is known.source:
            return
        number = await endpoint.rpc.request("eth_blockNumber", read=lambda answer: int(answer, 16))
        self._note(endpoint, number)
        behind = known.block.number - number
        shown = _now() < self._held_until and self._shown_by_two - number > LAG_BLOCKS
        if behind > LAG_BLOCKS and (shown or self._stuck(endpoint)):
            raise endpoint.rpc.unreachable(f"it is {behind} blocks behind")

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
        await self._learn(views)
        return views

    def _note(self, endpoint: Endpoint, number: int) -> None:
        last = self._stands.get(endpoint)
        if last is None or last.number != number:
            self._stands[endpoint] = _Stand(number, _now(), last is not None)

    def _stuck(self, endpoint: Endpoint) -> bool:
        """Return whether a node's head stood still for long while that of the only other one went on."""
        own = self._stands.get(endpoint)
        if not self._only_two or own is None or _now() - own.since < self._patience_s:
            return False
        others = [stand for other, stand in self._stands.items() if other is not endpoint]
        return any(o.went and o.since > own.since and o.number - own.number > LAG_BLOCKS for o in others)

    def _held(self, endpoint: Endpoint, known: _Newest, block: Block) -> bool:
        """Return whether the newest head is held against a node's lower one."""
        near = known.block.number - block.number <= LAG_BLOCKS
        shown = _now() < self._held_until and (near or block.number < self._shown_by_two)
        return shown or self._stuck(endpoint)

    def _show(self, number: int) -> None:
        self._shown_by_two, self._held_until = number, _now() + self._patience_s

    async def _confirm(self, endpoint: Endpoint, block: Block) -> None:
        """Look whether another node has what is a little below a head.

        Raises:
            UnusableAnswer: those that answer do not reach that far.
        """
        height = max(0, block.number - LAG_BLOCKS)
        below = await self._at(endpoint, height)
        others = [other for other in self._all if other is not endpoint]
        found = await asyncio.gather(*(self._asked(other, height) for other in others))
        there = [block for block in found if isinstance(block, Block)]
        if below is not None and below.hash in (block.hash for block in there):
            self._show(height)
        elif not there and any(
            block is None and not self._stuck(other) for other, block in zip(others, found, strict=True)
        ):
            raise UnusableAnswer(f"no other node is anywhere near its block {block.number}")

    async def _gone(self, known: _Newest, endpoint: Endpoint) -> bool:
        """Return whether nobody has the newest block any more, not even the node that told it."""
        others = [other for other in self._all if other is not endpoint]
        answers = await asyncio.gather(*(self._has(other, known.block) for other in others))
        has = dict(zip(others, answers, strict=True))
        return True not in answers and (endpoint is known.source or has.get(known.source) is False)

    async def _has(self, endpoint: Endpoint, block: Block) -> bool | None:
        """Return whether a block is in a node's chain; None where it cannot be asked."""
        found = await self._asked(endpoint, block.number)
        if isinstance(found, ChainError):
            return None
        return found is not None and found.hash == block.hash

    async def _asked(self, endpoint: Endpoint, height: int) -> Block | ChainError | None:
        """Return a node's block, None where it has none so high, an error where it cannot be asked."""
        if endpoint.rests:
            return endpoint.rpc.unreachable("it rests")
        try:
            async with asyncio.timeout(CONFIRM_S):
                found: Block | None = await endpoint.ask(
                    lambda node: self._at(node, height), prove=self.prove
                )
        except ChainError as fault:
            return fault
        except TimeoutError:
            return endpoint.rpc.unreachable("it is slow")
        return found

    async def _at(self, endpoint: Endpoint, height: int) -> Block | None:
        found: Block | None = await endpoint.rpc.request(
            "eth_getBlockByNumber",
            (hex(height), False),
            read=lambda raw: None if raw is None else Block.from_rpc(raw),
        )
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

    async def _learn(self, views: Sequence[EndpointView]) -> None:
        """Hold the furthest head that two nodes show against nodes behind it, unless they are split."""
        parted, disagree = _parted(views), split(views)
        if disagree and not self._split:
            names = ", ".join(f"{view.name} at {view.head.number if view.head else '?'}" for view in views)
            get_logger(__name__).error("split view: the nodes disagree on the chain", nodes=names)
        self._split = disagree
        heads = [(e, view.head) for e, view in zip(self._all, views, strict=True) if view.head is not None]
        for endpoint, head in heads:
            self._note(endpoint, head.number)
        self._only_two = len(heads) == 2
        if parted or not heads:
            return
        heads.sort(key=lambda pair: pair[1].number, reverse=True)
        for rank, (endpoint, head) in enumerate(heads[1:], start=1):
            if await self._shown(head, heads[:rank]):
                self._show(head.number)
                if self._newest is None or head.number > self._newest.block.number:
                    self._newest = _Newest(head, endpoint)
                break
        furthest = heads[0][1].number
        for endpoint, head in heads:
            shown = _now() < self._held_until and self._shown_by_two - head.number > LAG_BLOCKS
            if shown or self._stuck(endpoint):
                behind = f"it is {furthest - head.number} blocks behind"
                endpoint.set_aside(endpoint.rpc.unreachable(behind))

    async def _shown(self, block: Block, further: Sequence[tuple[Endpoint, Block]]) -> bool:
        """Return whether one of the nodes that are as far or further has a block too."""
        for endpoint, head in further:
            if head.hash == block.hash:
                return True
            if head.number > block.number:
                try:
                    found = await self._at(endpoint, block.number)
                except ChainError:
                    continue
                if found is not None and found.hash == block.hash:
                    return True
        return False


def _now() -> float:
    return asyncio.get_running_loop().time()
