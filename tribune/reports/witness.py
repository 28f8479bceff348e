"""Witness of a report: shows that its signer had the partitions' bytes, not only another monitor's result.

Every partition gets a MAC under a key that differs per chain, hub, monitor and model; the witness of a frame
hashes them in manifest order. It proves access to the data, not honesty, and it is only worth something while
nobody publishes a peer's: this module prints and stores nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from tribune.exceptions import EvidenceError
from tribune.ids import Address, Digest, FrameIndex, ModelId

_CHUNK = 2**20  # bytes a read: large enough for full hash speed, small enough for bounded memory


@dataclass(frozen=True)
class PartitionReading:
    """What one read of a partition gives: its sha-256, its size in bytes, one MAC per key asked for."""

    sha256: Digest
    size: int
    macs: tuple[Digest, ...]


def witness_key(chain_id: int, hub: Address, monitor: Address, model_id: ModelId) -> bytes:
    """Return a monitor's MAC key for a model: `abi.encode(chainId, hub, monitor, modelId)`, 128 bytes.

    Raises:
        EvidenceError: for addresses that are none.
    """
    return (
        chain_id.to_bytes(32, "big")
        + _address_word(hub)
        + _address_word(monitor)
        + model_id.to_bytes(32, "big")
    )


def read_partition(stream: BinaryIO, keys: Sequence[bytes]) -> PartitionReading:
    """Read a partition once, to its end, and return its digest and its HMAC-SHA256 under each key.

    A monitor passes its own key, and the key of the peer that it recomputes in this frame.
    """
    hasher = hashlib.sha256()
    macs = [hmac.new(key, digestmod=hashlib.sha256) for key in keys]
    size = 0
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        hasher.update(chunk)
        for mac in macs:
            mac.update(chunk)
    return PartitionReading(Digest(hasher.digest()), size, tuple(Digest(mac.digest()) for mac in macs))


def witness(frame: FrameIndex, macs: Iterable[bytes]) -> Digest:
    """Return `SHA-256(frame as 8 bytes big-endian ‖ MACs)`.

    Args:
        frame: the frame reported.
        macs: MACs in manifest order: the decision partitions, then the label partitions.

    Raises:
        EvidenceError: for a MAC that has not 32 bytes.
    """
    hasher = hashlib.sha256(frame.to_bytes(8, "big"))
    for mac in macs:
        if len(mac) != 32:
            raise EvidenceError(f"A partition's MAC has 32 bytes, not {len(mac)}.", frame=frame)
        hasher.update(mac)
    return Digest(hasher.digest())


def peer_index(frame: FrameIndex, panel_size: int) -> int:
    """Return the panel index of the monitor whose witness everybody recomputes in this frame."""
    return frame % panel_size


def _address_word(address: Address) -> bytes:
    try:
        raw = bytes.fromhex(address.removeprefix("0x"))
    except ValueError:
        raw = b""
    if len(raw) != 20:
        raise EvidenceError(f"{address!r} is not an address.")
    return raw.rjust(32, b"\0")
