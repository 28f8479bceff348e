"""Witness keys against eth_abi, MACs against a one-shot HMAC."""

from __future__ import annotations

import hashlib
import hmac
import io

import pytest
from eth_abi.abi import encode

from tribune.exceptions import EvidenceError
from tribune.ids import Address, FrameIndex, ModelId
from tribune.reports.witness import peer_index, read_partition, witness, witness_key

HUB = Address("0x5FbDB2315678afecb367f032d93F642f64180aa3")
A = Address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
B = Address("0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC")


def test_witness_key__of_a_monitor__is_abi_encode() -> None:
    assert witness_key(31337, HUB, A, ModelId(7)) == encode(
        ["uint256", "address", "address", "uint256"], [31337, HUB, A, 7]
    )


def test_witness_key__no_address__is_refused() -> None:
    with pytest.raises(EvidenceError):
        witness_key(1, HUB, Address("0x12"), ModelId(1))


def test_read_partition__two_keys__gives_digest_and_both_macs() -> None:
    data = bytes(range(256)) * 9000
    keys = [witness_key(1, HUB, who, ModelId(1)) for who in (A, B)]
    reading = read_partition(io.BytesIO(data), keys)
    assert reading.sha256 == hashlib.sha256(data).digest()
    assert reading.size == len(data)
    assert reading.macs == tuple(hmac.digest(key, data, "sha256") for key in keys)


def test_witness__two_partitions__hashes_frame_and_macs_in_order() -> None:
    one, two = b"\x01" * 32, b"\x02" * 32
    assert witness(FrameIndex(5), [one, two]) == hashlib.sha256(b"\0" * 7 + b"\x05" + one + two).digest()
    assert witness(FrameIndex(5), [one, two]) != witness(FrameIndex(5), [two, one])


def test_witness__empty_frame__still_differs_by_frame() -> None:
    assert witness(FrameIndex(1), []) != witness(FrameIndex(2), [])


def test_witness__mac_of_wrong_length__is_refused() -> None:
    with pytest.raises(EvidenceError, match="32 bytes"):
        witness(FrameIndex(1), [b"short"])


def test_peer_index__over_frames__goes_round_the_panel() -> None:
    assert [peer_index(FrameIndex(i), 3) for i in range(5)] == [0, 1, 2, 0, 1]
