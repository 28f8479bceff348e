"""Index the contracts' events from the chain into the store, following reorgs by parent hashes.

Reads from its checkpoint, block ranges at a time, and writes events and checkpoint in one transaction:
a restart goes on where it was, a rebuild from scratch gives the same events. When the chain no longer has
the block of the checkpoint, it rolls back to the last common block and reads again. It judges nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tribune.chain.codec import Abi
from tribune.chain.types import Block, Log
from tribune.exceptions import ChainError, ChainUnreachableError
from tribune.ids import Address
from tribune.log import get_logger
from tribune.store import queries
from tribune.store.session import Session, Store
from tribune.store.tables import ChainEvent
from tribune.waiting import came_within

if TYPE_CHECKING:
    from tribune.chain.client import Chain
    from tribune.chain.facade import Tribune

KEEP_BLOCKS = 256
"""Blocks remembered to find a common ancestor; a deeper reorg reads again from the first block."""
STEP = 2_000
"""Blocks taken in at once."""
RETRY_S = 1.0
MOST_CHANGES = 10
"""Reorgs during one look; more means a node that contradicts itself."""


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
        self.head: Block | None = None
        """Newest block taken in by this process."""

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
        """Follow the chain until cancelled; while the node is silent, say so and try again."""
        while True:
            try:
                async for _ in self._chain.subscribe_heads():
                    await self.catch_up()
            except ChainError as fault:
                get_logger(__name__).warning("the indexer cannot see the chain", error=str(fault))
                await asyncio.sleep(RETRY_S)

    async def catch_up(self) -> int:
        """Take in everything up to the present head; return the number of new events.

        Raises:
            ChainUnreachableError: the node does not answer.
            StoreError: the store does not.
        """
        head = await self._chain.head()
        start = await self._resume_at(head)
        added = changes = 0
        while start <= head.number:
            stop = min(start + STEP - 1, head.number)
            end = head if stop == head.number else await self._chain.block(stop)
            logs = await self._chain.logs(list(self._contracts), start, stop)
            blocks = await self._blocks(logs, end)
            if blocks is None:
                changes += 1
                if changes > MOST_CHANGES:
                    raise ChainUnreachableError(
                        "The node shows another chain at each look.",
                        mend="Use a node that agrees with itself (one behind no load balancer).",
                    )
                get_logger(__name__).info("the chain changed while it was read; reading again", block=stop)
                head = await self._chain.head()
                start = await self._resume_at(head)
                continue
            added += await self._store.run(self._take_in, logs, blocks, end)
            self.head = end
            start = stop + 1
        if added:
            await self._tell()
        return added

    async def _resume_at(self, head: Block) -> int:
        """Return the first block to read, after rolling back what the chain no longer has."""
        known = await self._store.read(queries.remembered_blocks, self._name)
        for index, block in enumerate(known):
            there = await self._chain.find_block(block.number) if block.number <= head.number else None
            if there is not None and there.hash == block.hash:
                if index:
                    await self._roll_back(block.number)
                return block.number + 1
        if known:
            await self._roll_back(self._first_block - 1)
        return self._first_block

    async def _roll_back(self, to_block: int) -> None:
        dropped = await self._store.run(queries.roll_back, self._name, to_block)
        get_logger(__name__).warning("reorg: rolled back", to_block=to_block, events=dropped)
        await self._tell()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _blocks(self, logs: Sequence[Log], end: Block) -> dict[int, Block] | None:
        """Return the blocks of these logs; None where one was replaced while we read."""
        blocks = {end.number: end}
        for log in logs:
            if log.block_number not in blocks:
                found = await self._chain.find_block(log.block_number)
                if found is None:
                    return None
                blocks[log.block_number] = found
            if blocks[log.block_number].hash != log.block_hash:
                return None
        previous = blocks.get(end.number - 1)
        return None if previous is not None and end.parent_hash != previous.hash else blocks

    def _take_in(self, session: Session, logs: Sequence[Log], blocks: Mapping[int, Block], end: Block) -> int:
        added = sum(
            queries.add_once(session, self._row(log, blocks[log.block_number]))
            for log in sorted(logs, key=lambda log: (log.block_number, log.log_index))
        )
        for block in sorted(blocks.values(), key=lambda block: block.number):
            queries.remember_block(session, self._name, block.number, block.hash, KEEP_BLOCKS)
        queries.set_checkpoint(session, self._name, end.number, end.hash)
        return added

    def _row(self, log: Log, block: Block) -> ChainEvent:
        abi = self._contracts.get(log.address)
        event = abi.decode_event(log) if abi is not None else None
        return ChainEvent(
            block_number=log.block_number,
            block_hash=log.block_hash,
            block_time=block.time,
            tx_hash=log.tx_hash,
            log_index=log.log_index,
            address=log.address,
            contract=abi.name if abi is not None else "",
            name=event.name if event is not None else "",
            args=plain(event.args) if event is not None else {},
            topics=["0x" + topic.hex() for topic in log.topics],
            data="0x" + log.data.hex(),
        )


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
