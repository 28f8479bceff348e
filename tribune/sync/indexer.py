"""Index the contracts' events from the chain into the store, following reorgs by parent hashes.

Reads from its checkpoint and writes events and checkpoint in one transaction: a restart goes on where it
was, and a rebuild from scratch gives the same rows. What is deeper than the finality depth is read by
ranges, what a reorg may still replace block by block. When the chain no longer has what was read, it rolls
back to the last common block and reads again, from the first block where that is deeper than what it
remembers. A node that is merely behind takes nothing away. Several processes may index into one store. It
judges nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tribune.chain.codec import Abi
from tribune.chain.types import Block, Log
from tribune.exceptions import ChainError, ChainUnreachableError, StoreError, WrongChainError
from tribune.ids import Address
from tribune.log import get_logger
from tribune.store import queries
from tribune.store.about import about
from tribune.store.session import Session, Store
from tribune.store.tables import ChainEvent, IndexedBlock
from tribune.sync.stretch import ChainChanged, Stretch, read_blocks, read_final, read_linked
from tribune.waiting import came_within

if TYPE_CHECKING:
    from tribune.chain.client import Chain
    from tribune.chain.facade import Tribune

KEEP_BLOCKS = 256
"""Blocks remembered to find a common ancestor; a deeper reorg reads again from the first block."""
FIRST_STEP, STEP = 250, 2_000
"""Blocks taken in at once, at first and at most."""
FULL = 2_000
"""Logs wanted in one answer: in longer ones, nodes need longer for each log."""
RETRY_S = 1.0
MOST_CHANGES = 10
"""Reorgs during one look; more means a node that contradicts itself."""
CHANGE_PAUSE_S = 0.05
PATIENCE_S = 30.0
"""How long a head that is behind ours is taken for a node that lags; after that for a chain cut short."""


class _OvertakenError(Exception):
    """Another process indexes into the same store, and was first: go on from where it got."""


class Indexer:
    """Keeps the store's event table up to the chain's head.

    Args:
        chain: where to read.
        store: where to write.
        contracts: address → ABI of the contracts to follow.
        first_block: where to start without a checkpoint (the deployment's block).
        name: name of the checkpoint.
    """

    def __init__(
        self,
        chain: Chain,
        store: Store,
        contracts: Mapping[Address, Abi],
        *,
        first_block: int = 0,
        name: str = "indexer",
    ) -> None:
        self._chain = chain
        self._store = store
        self._contracts = dict(contracts)
        self._first_block = first_block
        self._name = name
        self._changed = asyncio.Condition()
        self._step = FIRST_STEP
        self._behind_since: float | None = None
        self.head: Block | None = None
        """Newest block taken in, as far as this process knows."""
        self.changes = 0
        """How often events were stored or dropped: who waits in between misses no change by it."""
        self.reorgs = 0
        """How often the chain lost blocks that were taken in: what was read of them may not hold any more."""

    @classmethod
    def of(cls, tribune: Tribune, store: Store) -> Indexer:
        """Return an indexer of all contracts of a deployment, from its first block."""
        contracts = {contract.address: contract.abi for contract in tribune.contracts}
        return cls(tribune.chain, store, contracts, first_block=tribune.deployment.block)

    async def events_since(
        self, event_id: int, *, names: Iterable[str] = (), limit: int = 1000
    ) -> Sequence[ChainEvent]:
        """Return stored events with a greater row id, in chain order."""
        return await self._store.read(queries.events_since, event_id, names=list(names), limit=limit)

    async def wait_changed(self, timeout_s: float) -> bool:
        """Wait until new events were stored or old ones dropped; False when none were in time."""
        async with self._changed:
            return await came_within(timeout_s, self._changed.wait())

    async def run(self) -> None:
        """Follow the chain until cancelled; while node or store fail, say so and try again."""
        while True:
            try:
                async for _ in self._chain.subscribe_heads():
                    await self.catch_up()
            except (ChainError, StoreError) as fault:
                get_logger(__name__).warning("the index cannot follow the chain", error=str(fault))
                await asyncio.sleep(RETRY_S)

    async def catch_up(self) -> int:
        """Take in everything up to the present head; return the number of new events.

        Raises:
            ChainUnreachableError: the node does not answer, or contradicts itself.
            StoreError: the store does not.
        """
        added = changes = 0
        while True:
            try:
                head = await self._chain.head()
                added += await self._up_to(head)
            except _OvertakenError:
                await self._tell()
            except ChainChanged as change:
                changes += 1
                if changes > MOST_CHANGES:
                    raise ChainUnreachableError(
                        f"The node shows another chain at each look ({change}).",
                        mend="Use a node that agrees with itself (one behind no load balancer).",
                    ) from change
                get_logger(__name__).info("the chain changed while it was read", error=str(change))
                await asyncio.sleep(CHANGE_PAUSE_S * changes)
            else:
                return added

    async def _up_to(self, head: Block) -> int:
        """Take in what is missing up to a head; return the number of new events."""
        top = await self._common(head)
        if top is None:
            return 0
        if top.hash == head.hash and self.head != head:  # taken in by another process, or an earlier life
            self.head = head
            await self._tell()
        added = 0
        final = head.number - self._chain.finality_blocks
        while top.number < head.number:
            start = top.number + 1
            if start <= final:
                stretch = await self._read_final(start, final)
            else:
                addresses = list(self._contracts)
                stretch = await read_linked(self._chain, addresses, start, head, top.hash or None)
            if not await self._store.run(self._take_in, top, stretch):
                raise _OvertakenError
            self.head = stretch.end
            top = IndexedBlock(name=self._name, number=stretch.end.number, hash=stretch.end.hash)
            if stretch.logs:
                added += len(stretch.logs)
                await self._tell()
        return added

    async def _read_final(self, start: int, final: int) -> Stretch:
        """Read as many final blocks as the node gives at once."""
        while True:
            stop = min(start + self._step - 1, final)
            try:
                stretch = await read_final(self._chain, list(self._contracts), start, stop)
            except (ChainUnreachableError, WrongChainError):
                self._step = max(1, self._step // 4)  # perhaps the answer was too long to come in time
                raise
            except ChainError:  # too long a range: nodes say so in many ways
                if stop == start:
                    raise
                self._step = max(1, (stop - start) // 4)
            else:
                fitting = (stop - start + 1) * FULL // max(1, len(stretch.logs))
                self._step = max(1, min(STEP, fitting, 2 * self._step))
                return stretch

    async def _common(self, head: Block) -> IndexedBlock | None:
        """Return the newest block that store and chain share, once what the chain lost is rolled back.

        A block before the first, without a hash, where nothing is shared; None where the node is behind.
        """
        nothing = IndexedBlock(name=self._name, number=self._first_block - 1, hash="")
        known = await self._store.read(queries.remembered_blocks, self._name)
        if not known:
            return nothing
        top = known[0]
        if head.hash == top.hash or head.parent_hash == top.hash or await self._has(top, head):
            self._behind_since = None
            return top
        shown = [block for block in known if block.number <= head.number]
        there = await read_blocks(self._chain, (block.number for block in shown))
        shared = next((block for block in shown if there[block.number].hash == block.hash), None)
        if shared is None and not shown:
            await self._check_far_behind(head, top)
        elif shared is not None and shared is shown[0] and self._may_lag():
            return None
        self._behind_since = None
        await self._roll_back(top, shared or nothing)
        return shared or nothing

    async def _has(self, block: IndexedBlock, head: Block) -> bool:
        if block.number > head.number:
            return False
        return (await read_blocks(self._chain, [block.number]))[block.number].hash == block.hash

    async def _check_far_behind(self, head: Block, top: IndexedBlock) -> None:
        """Raise ChainUnreachableError unless an event shows that a head below all we remember is not ours."""
        seen = await self._store.read(queries.block_of_event, head.number)
        if seen is None or (await read_blocks(self._chain, [seen[0]]))[seen[0]].hash == seen[1]:
            raise ChainUnreachableError(
                f"The node is {top.number - head.number} blocks behind what was read before.",
                mend="Wait until it has caught up, or use another node.",
            )

    def _may_lag(self) -> bool:
        now = time.monotonic()
        if self._behind_since is None:
            self._behind_since = now
        return now - self._behind_since < PATIENCE_S

    async def _roll_back(self, top: IndexedBlock, to: IndexedBlock) -> None:
        dropped = await self._store.run(self._forget, top, to.number)
        if dropped is None:
            raise _OvertakenError
        log = get_logger(__name__)
        depth = top.number - to.number
        if depth > self._chain.finality_blocks:
            log.error("reorg beyond what was taken as final", to_block=to.number, depth=depth, events=dropped)
        else:
            log.warning("reorg: rolled back", to_block=to.number, depth=depth, events=dropped)
        self.reorgs += 1
        await self._tell()

    async def _tell(self) -> None:
        self.changes += 1
        async with self._changed:
            self._changed.notify_all()

    def _forget(self, session: Session, top: IndexedBlock, to_block: int) -> int | None:
        """Roll back; None where another process has moved on or back since."""
        if not self._stands_at(session, top):
            return None
        return queries.roll_back(session, self._name, to_block)

    def _take_in(self, session: Session, top: IndexedBlock, stretch: Stretch) -> bool:
        """Write what was read on top of a block; False where another process has moved on or back since."""
        if not self._stands_at(session, top):
            return False
        queries.add_events(
            session, [self._row(log, stretch.blocks[log.block_number]) for log in stretch.logs]
        )
        hashes = {number: block.hash for number, block in stretch.blocks.items()}
        queries.remember_blocks(session, self._name, hashes, KEEP_BLOCKS)
        queries.set_checkpoint(session, self._name, stretch.end.number, stretch.end.hash)
        return True

    def _stands_at(self, session: Session, top: IndexedBlock) -> bool:
        newest = queries.remembered_blocks(session, self._name, limit=1)
        return (newest[0].hash if newest else "") == top.hash

    def _row(self, log: Log, block: Block) -> dict[str, Any]:
        abi = self._contracts.get(log.address)
        event = None
        if abi is not None:
            try:
                event = abi.decode_event(log)
            except ChainError as fault:  # kept as it came: one odd log must not stop the index for good
                get_logger(__name__).warning(
                    "an event does not fit its ABI", tx=log.tx_hash, error=str(fault)
                )
        args = plain(event.args) if event is not None else {}
        return {
            "block_number": log.block_number,
            "block_hash": log.block_hash,
            "block_time": block.time,
            "tx_hash": log.tx_hash,
            "log_index": log.log_index,
            "address": log.address,
            "contract": abi.name if abi is not None else "",
            "name": event.name if event is not None else "",
            **about(args),
            "args": args,
            "topics": ["0x" + topic.hex() for topic in log.topics],
            "data": "0x" + log.data.hex(),
        }


def plain(value: Any) -> Any:
    """Return decoded arguments as JSON can hold them: bytes as 0x-hex, tuples as lists."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def stored_log(row: ChainEvent) -> Log:
    """Return a stored event as the log that it came from, for the wrappers' event dataclasses."""
    return Log(
        address=Address(row.address),
        topics=tuple(bytes.fromhex(topic[2:]) for topic in row.topics),
        data=bytes.fromhex(row.data[2:]),
        block_number=row.block_number,
        block_hash=row.block_hash,
        tx_hash=row.tx_hash,
        log_index=row.log_index,
    )
