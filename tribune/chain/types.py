"""What comes off the chain, as frozen dataclasses, and what goes onto it. Knows no node and no ABI."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tribune.ids import Address, Digest

ZERO_ADDRESS = Address("0x" + "00" * 20)
COIN = 10**18
"""Wei of one of a chain's coins."""
_LAST_SECOND = 253_402_300_799
"""End of the year 9999, the last that can be written as a date."""


@functools.lru_cache(maxsize=1024)
def checksum(address: str) -> Address:
    """Return an address with its EIP-55 checksum; the few of a process come again and again."""
    from eth_utils.address import to_checksum_address

    return Address(to_checksum_address(address))


def digest_of(text: str) -> Digest:
    """Return the bytes of a digest as the index and JSON write it: 0x and hex.

    Raises:
        ValueError: it is not hex.
    """
    return Digest(bytes.fromhex(text.removeprefix("0x")))


def base_fee_of(max_fee: int, tip: int) -> int:
    """Return the base fee of a unit of gas, in wei, by which `Chain.fees` gave these two."""
    return (max_fee - tip) // 2


def utc(seconds: int) -> datetime:
    """Return a block timestamp (unix seconds) as an aware time."""
    return datetime.fromtimestamp(seconds, UTC)


def utc_or_none(seconds: int) -> datetime | None:
    """As `utc`, where contracts write 0 for "none"."""
    return utc(seconds) if seconds else None


def end_or_none(seconds: int) -> datetime | None:
    """As `utc_or_none`, where contracts also write a time beyond all calendars for "without an end"."""
    return utc_or_none(seconds) if seconds <= _LAST_SECOND else None


@dataclass(frozen=True, slots=True)
class Block:
    """A block's header, as far as we need it."""

    number: int
    hash: str
    parent_hash: str
    timestamp: int
    """Unix seconds."""
    base_fee: int | None = None
    """Wei per gas; None on chains without EIP-1559."""

    @property
    def time(self) -> datetime:
        """The block's time in UTC."""
        return utc(self.timestamp)

    @classmethod
    def from_rpc(cls, raw: dict[str, Any]) -> Block:
        """Read a JSON-RPC block or head."""
        fee = raw.get("baseFeePerGas")
        return cls(
            number=int(raw["number"], 16),
            hash=raw["hash"],
            parent_hash=raw["parentHash"],
            timestamp=int(raw["timestamp"], 16),
            base_fee=None if fee is None else int(fee, 16),
        )


@dataclass(frozen=True, slots=True)
class Log:
    """A log as the node gave it, not decoded."""

    address: Address
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    block_hash: str
    tx_hash: str
    log_index: int
    removed: bool = False

    @classmethod
    def from_rpc(cls, raw: dict[str, Any]) -> Log:
        """Read a JSON-RPC log."""
        return cls(
            address=checksum(raw["address"]),
            topics=tuple(bytes.fromhex(topic[2:]) for topic in raw["topics"]),
            data=bytes.fromhex(raw["data"][2:]),
            block_number=int(raw["blockNumber"], 16),
            block_hash=raw["blockHash"],
            tx_hash=raw["transactionHash"],
            log_index=int(raw["logIndex"], 16),
            removed=bool(raw.get("removed", False)),
        )


@dataclass(frozen=True, slots=True)
class Receipt:
    """A mined transaction."""

    tx_hash: str
    block_number: int
    block_hash: str
    succeeded: bool
    gas_used: int
    logs: tuple[Log, ...]
    contract_address: Address | None = None
    """Where a deployment put its contract."""

    @classmethod
    def from_rpc(cls, raw: dict[str, Any]) -> Receipt:
        """Read a JSON-RPC receipt."""
        created = raw.get("contractAddress")
        return cls(
            tx_hash=raw["transactionHash"],
            block_number=int(raw["blockNumber"], 16),
            block_hash=raw["blockHash"],
            succeeded=int(raw["status"], 16) == 1,
            gas_used=int(raw["gasUsed"], 16),
            logs=tuple(Log.from_rpc(log) for log in raw["logs"]),
            contract_address=checksum(created) if created else None,
        )


@dataclass(frozen=True, slots=True)
class ContractCall:
    """A call that is ready to be made, sent or put into a proposal."""

    to: Address | None
    """The contract; None deploys `data`."""
    data: bytes
    value: int = 0
    """Wei to send along."""
    description: str = ""
    """What it does, in plain words, for logs and errors."""


@dataclass(frozen=True, slots=True)
class Event:
    """A decoded event with its place on the chain."""

    contract: str
    name: str
    args: dict[str, Any]
    """Arguments in snake_case: ints, bytes, checksummed addresses, strings, tuples as dicts."""
    log: Log
