from __future__ import annotations

import pytest

from scripts.deployment.safe_batch import SafeCall, batch, checksum

SAFE = "0x1111111111111111111111111111111111111111"
FIRST, SECOND = "0x" + "22" * 20, "0x" + "33" * 20
ITEM = {
    "name": "set",
    "inputs": [
        {"name": "selectors", "type": "bytes4[]", "internalType": "bytes4[]"},
        {"name": "roleId", "type": "uint64", "internalType": "uint64"},
    ],
}
CALLS = (
    SafeCall(FIRST, b"\x01\xff"),
    SafeCall(SECOND, bytes.fromhex("abcdef01"), ITEM, ([b"\x11" * 4, b"\x22" * 4], 1)),
)


def made(name: str = 'Zürich – "x"', calls: tuple[SafeCall, ...] = CALLS):  # type: ignore[no-untyped-def]
    return batch(
        calls, chain_id=10, safe=SAFE, name=name, description="two calls", created_ms=1_700_000_000_000
    )


def test_checksum__a_batch__as_an_independent_program_computes_it() -> None:
    """The number is of a JavaScript program that follows the builder's definition, run with js-sha3."""
    expected = "0x537c160a383cc8448131b79c9d9eb48c7d577d8d3da3b482c0aec807aa84f9de"
    assert made()["meta"]["checksum"] == expected


def test_checksum__renamed__the_same() -> None:
    assert made("another")["meta"]["checksum"] == made()["meta"]["checksum"]


def test_checksum__order_of_calls_changed__another() -> None:
    assert made(calls=CALLS[::-1])["meta"]["checksum"] != made()["meta"]["checksum"]


def test_checksum__of_a_file_with_one__leaves_it_out() -> None:
    content = made()
    assert checksum(content) == content["meta"]["checksum"]


def test_batch__plain_data__no_method() -> None:
    first = made()["transactions"][0]
    assert first == {
        "to": FIRST,
        "value": "0",
        "data": "0x01ff",
        "contractMethod": None,
        "contractInputsValues": None,
    }


def test_batch__a_known_function__readable_beside_its_data() -> None:
    second = made()["transactions"][1]
    assert second["data"] == "0xabcdef01"
    assert second["contractMethod"]["name"] == "set"
    assert second["contractInputsValues"] == {"selectors": '["0x11111111","0x22222222"]', "roleId": "1"}


@pytest.mark.parametrize(("value", "shown"), [(True, "true"), (2**200, str(2**200)), (b"\x01", "0x01")])
def test_batch__values__as_the_builder_writes_them(value: object, shown: str) -> None:
    item = {"name": "f", "inputs": [{"name": "x", "type": "any"}]}
    (one,) = made(calls=(SafeCall(FIRST, b"", item, (value,)),))["transactions"]
    assert one["contractInputsValues"] == {"x": shown}
