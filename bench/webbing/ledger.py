"""A chain's past that never ran: events of our contracts, in blocks of their own, as the indexer writes them.

Each event is encoded by the contract's ABI into a log, and the indexer's own row maker decodes it again: what
pages read is what a real chain would have left. Nothing here can be read back from a node.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from tribune.chain.codec import load_abi, type_of
from tribune.chain.types import Block, Log
from tribune.ids import Address

if TYPE_CHECKING:
    from tribune.store.session import Store
    from tribune.sync.indexer import Indexer

AT_ONCE = 2_000


class Ledger:
    """Writes blocks into a store.

    Args:
        store: where to.
        indexer: whose rows they become.
        contracts: name → address.
        first: number of the first block.
    """

    def __init__(self, store: Store, indexer: Indexer, contracts: Mapping[str, Address], first: int) -> None:
        self._store = store
        self._indexer = indexer
        self._contracts = contracts
        self._number = first
        self._block: Block | None = None
        self._index = 0
        self._rows: list[dict[str, Any]] = []
        self.events = 0

    def block(self, time_s: int) -> int:
        """Begin a block at a time, or at the last one's where that is later; return its number."""
        self._number += 1
        time_s = max(time_s, self._block.timestamp if self._block else 0)
        self._index = 0
        self._block = Block(
            self._number, _hash(f"block {self._number}"), _hash(f"block {self._number - 1}"), time_s
        )
        if len(self._rows) >= AT_ONCE:
            self.flush()
        return self._number

    def event(self, contract: str, name: str, /, **given: Any) -> None:
        """Put an event into the block; arguments by their names in the ABI, `from` as `from_`."""
        if self._block is None:
            raise RuntimeError("no block was begun")
        values = {key.removesuffix("_"): value for key, value in given.items()}
        topic, indexed, plain = _shape(contract, name)
        topics = (topic, *(_encoded((kind,), (values.pop(key),)) for key, kind in indexed))
        body = _encoded(tuple(kind for _, kind in plain), tuple(values.pop(key) for key, _ in plain))
        if values:
            raise ValueError(f"{contract}.{name} has no {', '.join(values)}")
        log = Log(
            address=self._contracts[contract],
            topics=topics,
            data=body,
            block_number=self._block.number,
            block_hash=self._block.hash,
            tx_hash=_hash(f"tx {self._number} {self._index // 4}"),
            log_index=self._index,
        )
        self._rows.append(self._indexer._row(log, self._block))
        self._index += 1
        self.events += 1

    def flush(self) -> None:
        """Write what is held."""
        from tribune.store import queries

        with self._store.session() as session:
            queries.add_events(session, self._rows)
        self._rows.clear()


def word(text: str) -> bytes:
    """Return 32 bytes that stand for a text."""
    return hashlib.sha256(text.encode()).digest()


@cache
def account(name: str) -> str:
    """Return an account's address; nobody has its key."""
    from eth_utils.address import to_checksum_address

    return str(to_checksum_address(word(name)[:20]))


def _hash(text: str) -> str:
    return "0x" + word(text).hex()


def _encoded(kinds: tuple[str, ...], values: tuple[Any, ...]) -> bytes:
    from eth_abi.abi import encode

    return bytes(encode(kinds, values))


@cache
def _shape(contract: str, name: str) -> tuple[bytes, list[tuple[str, str]], list[tuple[str, str]]]:
    abi = load_abi(contract)
    topic = abi.topic(name)
    inputs = abi.events[topic]["inputs"]

    def of(indexed: bool) -> Iterator[tuple[str, str]]:
        return ((one["name"], type_of(one)) for one in inputs if one["indexed"] is indexed)

    return topic, list(of(True)), list(of(False))
