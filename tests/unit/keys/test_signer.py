"""A signer in another process against eth_account with the same key: the same bytes, or a clear error."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from support.anvil import KEYS
from support.signer import SLOW_S, SocketSigner, signer_process
from tribune.exceptions import SignatureError, SignerUnreachableError
from tribune.ids import Address, Digest
from tribune.keys import SignerAccount
from tribune.reports.signing import HubDomain, recover, signable_attestation

KEY = KEYS[0]
ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
DOMAIN = HubDomain(31337, Address("0x" + "ab" * 20))
ATTESTATION = (DOMAIN, Digest(b"\x01" * 32), b"\x02" * 32)
TRANSACTION: dict[str, Any] = {
    "type": 2,
    "chainId": 31337,
    "nonce": 7,
    "to": "0x" + "00" * 19 + "01",
    "data": b"\x12\x34",
    "value": 3,
    "gas": 100_000,
    "maxFeePerGas": 2_000_000_000,
    "maxPriorityFeePerGas": 1_000_000_000,
}

Connect = Callable[..., SignerAccount]


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Connect]:
    with ExitStack() as processes:

        def start(behaviour: str = "honest", timeout_s: float = 10) -> SignerAccount:
            path = processes.enter_context(signer_process(tmp_path, KEY, behaviour))
            return SignerAccount(SocketSigner(path), timeout_s=timeout_s)

        yield start


def local() -> Any:
    from eth_account import Account

    return Account.from_key(KEY)


@pytest.mark.parametrize("behaviour", ["honest", "high s", "no v"])
def test_sign_transaction__any_form_of_a_right_answer__is_what_eth_account_signs(
    connect: Connect, behaviour: str
) -> None:
    account = connect(behaviour)
    for nonce in range(4):  # of both parities
        transaction = {**TRANSACTION, "nonce": nonce}
        assert account.sign_transaction(dict(transaction)) == local().sign_transaction(dict(transaction))


def test_sign_transaction__creation_of_a_contract__is_what_eth_account_signs(connect: Connect) -> None:
    transaction = {name: value for name, value in TRANSACTION.items() if name != "to"}
    assert connect().sign_transaction(dict(transaction)) == local().sign_transaction(dict(transaction))


@pytest.mark.parametrize("behaviour", ["honest", "high s", "no v"])
def test_sign_message__attestation__is_what_eth_account_signs(connect: Connect, behaviour: str) -> None:
    message = signable_attestation(*ATTESTATION)
    signed = connect(behaviour).sign_message(message)
    assert signed == local().sign_message(message)
    assert recover(*ATTESTATION, bytes(signed.signature)) == ADDRESS


def test_sign_message__text__is_what_eth_account_signs(connect: Connect) -> None:
    from eth_account.messages import encode_defunct

    message = encode_defunct(text="hello")
    assert connect().sign_message(message) == local().sign_message(message)


@pytest.mark.parametrize("behaviour", ["another key", "hashes again", "zeros"])
def test_sign__not_this_keys_signature__signature_error(connect: Connect, behaviour: str) -> None:
    account = connect(behaviour)
    with pytest.raises(SignatureError, match=f"no signature of {ADDRESS}"):
        account.sign_message(signable_attestation(*ATTESTATION))
    with pytest.raises(SignatureError, match=f"no signature of {ADDRESS}"):
        account.sign_transaction(dict(TRANSACTION))


def test_sign__too_few_bytes__signature_error(connect: Connect) -> None:
    with pytest.raises(SignatureError, match="65 bytes"):
        connect("short").sign_message(signable_attestation(*ATTESTATION))


def test_sign__signer_refuses_and_blurts_its_key__error_says_why_without_it(connect: Connect) -> None:
    with pytest.raises(SignerUnreachableError, match="not with") as caught:
        connect("refuses").sign_message(signable_attestation(*ATTESTATION))
    assert KEY[2:] not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.alone
def test_sign__signer_hangs__gives_up_in_time_and_waits_for_no_second(connect: Connect) -> None:
    account = connect("slow", timeout_s=0.5)
    began = time.monotonic()
    with pytest.raises(SignerUnreachableError, match=r"within 0\.5 s"):
        account.sign_message(signable_attestation(*ATTESTATION))
    with pytest.raises(SignerUnreachableError, match="still hangs"):
        account.sign_message(signable_attestation(*ATTESTATION))
    assert time.monotonic() - began < SLOW_S


def test_sign__signer_gone__unreachable(tmp_path: Path) -> None:
    with signer_process(tmp_path, KEY) as path:
        account = SignerAccount(SocketSigner(path))
    with pytest.raises(SignerUnreachableError):
        account.sign_message(signable_attestation(*ATTESTATION))


@pytest.mark.parametrize(
    ("field", "value"), [("type", 0), ("type", 1), ("type", None), ("from", "0x" + "1" * 40)]
)
def test_sign_transaction__other_type_or_sender__is_refused(connect: Connect, field: str, value: Any) -> None:
    with pytest.raises(SignatureError):
        connect().sign_transaction({**TRANSACTION, field: value})


class _Told:
    """A signer whose address is whatever it is told."""

    def __init__(self, address: Any) -> None:
        self.address = address

    def sign_digest(self, digest: bytes) -> bytes:
        return bytes(65)


@pytest.mark.parametrize("address", ["", "0x12", None, 7, "0x" + "zz" * 20])
def test_signer_account__address_that_is_none__signature_error(address: Any) -> None:
    with pytest.raises(SignatureError, match="calls its address"):
        SignerAccount(_Told(address))


def test_signer_account__address_in_lower_case__is_checksummed() -> None:
    assert SignerAccount(_Told(ADDRESS.lower())).address == ADDRESS


def test_repr__shows_the_address_alone() -> None:
    assert repr(SignerAccount(_Told(ADDRESS))) == f"SignerAccount({ADDRESS})"
