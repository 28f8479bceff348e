"""Revert data become errors with the custom error's name and values."""

from __future__ import annotations

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tribune.chain.revert import decode_revert


def test_decode_revert__custom_error_of_ours__name_and_arguments() -> None:
    data = keccak(text="EpochStale(uint256,uint64,uint64)")[:4] + encode(["uint256"] * 3, [1, 2, 3])
    fault = decode_revert(data, doing="pause model 1")
    assert fault.ids["error"] == "EpochStale"
    assert fault.ids["args"] == {"model_id": 1, "given": 2, "current": 3}
    assert "pause model 1" in str(fault)


def test_decode_revert__require_string__said_plainly() -> None:
    data = bytes.fromhex("08c379a0") + encode(["string"], ["too late"])
    assert decode_revert(data).message == "The contract refused: too late."


def test_decode_revert__panic__named() -> None:
    data = bytes.fromhex("4e487b71") + encode(["uint256"], [0x11])
    assert "overflow" in str(decode_revert(data))


def test_decode_revert__unknown_or_cut_short__shown_as_they_are() -> None:
    assert decode_revert(bytes.fromhex("deadbeef")).ids["error"] == ""
    assert "0xdeadbeef" in str(decode_revert(bytes.fromhex("deadbeef")))
    cut = keccak(text="EpochStale(uint256,uint64,uint64)")[:4] + b"\x01"
    assert decode_revert(cut).ids["data"] == cut


def test_decode_revert__no_data__the_node_s_words() -> None:
    assert "out of gas" in str(decode_revert(b"", detail="out of gas"))
