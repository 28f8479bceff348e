"""Calls, answers and events by name, against what OpenZeppelin's well-known interfaces encode to."""

from __future__ import annotations

from typing import Any

import pytest

from tribune.chain.codec import Abi, committed_abis, load_abi, snake
from tribune.chain.types import Log, checksum
from tribune.exceptions import ChainError, ConfigurationError

ADDRESS = checksum("0x" + "ab" * 20)
POINT = {
    "name": "point",
    "type": "tuple[]",
    "components": [{"name": "xPos", "type": "int64"}, {"name": "owner", "type": "address"}],
}
ITEMS: list[dict[str, Any]] = [
    {
        "type": "function",
        "name": "transfer",
        "inputs": [{"name": "to", "type": "address"}, {"name": "value", "type": "uint256"}],
        "outputs": [{"name": "", "type": "bool"}],
    },
    {"type": "function", "name": "points", "inputs": [], "outputs": [POINT]},
    {"type": "function", "name": "f", "inputs": [], "outputs": []},
    {"type": "function", "name": "f", "inputs": [{"name": "a", "type": "uint8"}], "outputs": []},
    {
        "type": "event",
        "name": "Noted",
        "anonymous": False,
        "inputs": [
            {"name": "note", "type": "string", "indexed": False},
            {"name": "byWhom", "type": "address", "indexed": True},
            {"name": "label", "type": "string", "indexed": True},
        ],
    },
]
ABI = Abi("Sample", ITEMS)


def log(topics: tuple[bytes, ...], data: bytes) -> Log:
    return Log(ADDRESS, topics, data, 1, "0x", "0x", 0)


def test_encode__erc20_transfer__known_selector_and_words() -> None:
    data = ABI.encode("transfer", [ADDRESS, 5])
    assert data.hex() == "a9059cbb" + "00" * 12 + "ab" * 20 + "00" * 31 + "05"


def test_decode__array_of_tuples__dicts_in_snake_case() -> None:
    words = [32, 1, 2**256 - 3, int(ADDRESS, 16)]
    data = b"".join(word.to_bytes(32, "big") for word in words)
    assert ABI.decode("points", data) == ({"x_pos": -3, "owner": ADDRESS},)


@pytest.mark.parametrize("arguments", [[ADDRESS], [ADDRESS, -1], ["no address", 1], [ADDRESS, 2**256]])
def test_encode__arguments_that_do_not_fit__chain_error(arguments: list[Any]) -> None:
    with pytest.raises(ChainError, match="transfer"):
        ABI.encode("transfer", arguments)


def test_encode__overloaded__only_by_full_signature() -> None:
    assert len(ABI.encode("f(uint8)", [1])) == 36
    assert len(ABI.encode("f()")) == 4
    with pytest.raises(ChainError, match="full signature"):
        ABI.encode("f")


@pytest.mark.parametrize("data", [b"", b"\x01"])
def test_decode__no_such_answer__error_says_to_deploy(data: bytes) -> None:
    with pytest.raises(ChainError) as caught:
        ABI.decode("transfer", data)
    assert "Deploy again" in caught.value.mend


def test_decode_event__indexed_and_plain__in_order_of_the_declaration() -> None:
    note = (32).to_bytes(32, "big") + (2).to_bytes(32, "big") + b"hi".ljust(32, b"\0")
    topics = (ABI.topic("Noted"), bytes(12) + bytes.fromhex(ADDRESS[2:]), b"\x09" * 32)
    event = ABI.decode_event(log(topics, note))
    assert event is not None
    assert list(event.args.items()) == [("note", "hi"), ("by_whom", ADDRESS), ("label", b"\x09" * 32)]


def test_decode_event__unknown_topic__none() -> None:
    assert ABI.decode_event(log((b"\x01" * 32,), b"")) is None
    assert ABI.decode_event(log((), b"")) is None


def test_topic__unknown_event__chain_error() -> None:
    with pytest.raises(ChainError):
        ABI.topic("Nothing")


def test_load_abi__unknown__configuration_error_with_mend() -> None:
    with pytest.raises(ConfigurationError, match="make abi"):
        load_abi("NoSuchContract")


def test_committed_abis__all__every_function_and_event_has_a_signature() -> None:
    for abi in committed_abis():
        assert abi.functions
        assert all(len(selector) == 4 for selector in abi.errors)
        assert all(len(topic) == 32 for topic in abi.events)


@pytest.mark.parametrize(
    ("solidity", "python"), [("openUntil", "open_until"), ("seconds_", "seconds"), ("URI", "uri"), ("z", "z")]
)
def test_snake__name__snake_case(solidity: str, python: str) -> None:
    assert snake(solidity) == python


def test_decode_event__text_that_is_not_utf8__replaced_and_the_rest_is_there() -> None:
    abi = load_abi("PauseGovernor")
    words = b"".join(word.to_bytes(32, "big") for word in (7, 1, 5, 128, 3))
    data = words + b"a\xff\xfe".ljust(32, b"\0")
    event = abi.decode_event(log((abi.topic("VoteCast"), bytes(32)), data))
    assert event is not None
    assert event.args["reason"] == "a\ufffd\ufffd"
    assert (event.args["proposal_id"], event.args["weight"]) == (7, 5)
