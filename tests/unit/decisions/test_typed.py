"""Typed data and signatures against eth_account."""

from __future__ import annotations

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from tribune.decisions.typed import (
    LogContract,
    address_of,
    checked_address,
    signer_of,
    signing_with,
    struct_hash,
    typed_digest,
)
from tribune.exceptions import ConfigurationError, SignatureError
from tribune.ids import Address, Digest

CONTRACT = LogContract(31337, Address("0x5FbDB2315678afecb367f032d93F642f64180aa3"))
KEY = bytes(range(1, 33))
DIGEST = Digest(keccak(b"x"))
_N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@given(st.integers(0, 2**256 - 1), st.integers(0, 2**32 - 1), st.binary(min_size=32, max_size=32))
def test_typed_digest__of_a_struct__is_what_wallets_sign(model: int, version: int, root: bytes) -> None:
    full = {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "ReceiptBatch": [
                {"name": "modelId", "type": "uint256"},
                {"name": "version", "type": "uint32"},
                {"name": "root", "type": "bytes32"},
            ],
        },
        "primaryType": "ReceiptBatch",
        "domain": {
            "name": "Tribune DecisionLog",
            "version": "1",
            "chainId": 31337,
            "verifyingContract": CONTRACT.address,
        },
        "message": {"modelId": model, "version": version, "root": root},
    }
    message = encode_typed_data(full_message=full)
    theirs = keccak(b"\x19" + message.version + message.header + message.body)
    kind = "ReceiptBatch(uint256 modelId,uint32 version,bytes32 root)"
    assert typed_digest(CONTRACT, struct_hash(kind, model, version, root)) == theirs


@given(st.binary(min_size=32, max_size=32), st.integers(1, _N - 1))
def test_signer_of__a_signature__is_the_keys_address(digest: bytes, number: int) -> None:
    key = number.to_bytes(32, "big")
    account = Account.from_key(key)
    assert address_of(key) == account.address
    sign = signing_with(key)
    assert signer_of(Digest(digest), sign(Digest(digest))) == account.address
    assert sign(Digest(digest)) == bytes(account.unsafe_sign_hash(digest).signature)


def test_signer_of__the_other_form_of_a_signature__is_refused() -> None:
    signature = signing_with(KEY)(DIGEST)
    other = _N - int.from_bytes(signature[32:64], "big")
    twisted = signature[:32] + other.to_bytes(32, "big") + bytes([55 - signature[64]])
    with pytest.raises(SignatureError, match="EIP-2"):
        signer_of(DIGEST, twisted)


@pytest.mark.parametrize(
    "signature", [b"", bytes(64), bytes(65), bytes(64) + b"\x1b", b"\xff" * 32 + bytes(32) + b"\x1b"]
)
def test_signer_of__no_signature__is_refused(signature: bytes) -> None:
    with pytest.raises(SignatureError):
        signer_of(DIGEST, signature)


@pytest.mark.parametrize("key", [b"", bytes(32), b"\xff" * 32])
def test_address_of__no_private_key__is_refused(key: bytes) -> None:
    with pytest.raises(ConfigurationError):
        address_of(key)


@given(st.binary(min_size=20, max_size=20))
def test_checked_address__any__has_the_checksum_of_eip_55(raw: bytes) -> None:
    assert checked_address("0x" + raw.hex()) == str(to_checksum_address(raw))
    assert checked_address(raw.hex().upper()) == str(to_checksum_address(raw))


@pytest.mark.parametrize("text", ["", "0x", "0x12", "x" * 40, "0x" + "0" * 42, " " * 2 + "00" * 19])
def test_checked_address__no_address__is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"20 bytes|hexadecimal"):
        checked_address(text)
