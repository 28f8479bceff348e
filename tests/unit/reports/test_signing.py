"""Our EIP-712 hashes against eth_account's own encoder, an independent computation of the same standard."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import _hash_eip191_message, encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from tribune.exceptions import EvidenceError, SignatureError
from tribune.ids import Address, Digest, FrameIndex, ModelId, VersionNumber
from tribune.reports.signing import (
    NOT_AVAILABLE,
    HubDomain,
    Report,
    recover,
    report_digest,
    sign_attestation,
    signable_attestation,
)

ACCOUNT = Account.from_key(b"\x01" * 32)
DOMAIN = HubDomain(31337, Address("0x5FbDB2315678afecb367f032d93F642f64180aa3"))
WITNESS = b"\x07" * 32
REPORT = Report(
    ModelId(1),
    VersionNumber(2),
    FrameIndex(3),
    Digest(b"\x04" * 32),
    Digest(b"\x05" * 32),
    Digest(b"\x06" * 32),
    (470_000, -1, NOT_AVAILABLE),
)
_B32 = st.binary(min_size=32, max_size=32).map(Digest)
_REPORTS = st.builds(
    Report,
    st.integers(0, 2**256 - 1).map(ModelId),
    st.integers(0, 2**32 - 1).map(VersionNumber),
    st.integers(0, 2**64 - 1).map(FrameIndex),
    _B32,
    _B32,
    _B32,
    st.lists(st.integers(-(2**63), 2**63 - 1), max_size=8).map(tuple),
)


def _typed(domain: HubDomain, primary: str, types: dict[str, Any], message: dict[str, Any]) -> Any:
    return encode_typed_data(
        full_message={
            "types": {
                "EIP712Domain": [
                    {"name": "name", "type": "string"},
                    {"name": "version", "type": "string"},
                    {"name": "chainId", "type": "uint256"},
                    {"name": "verifyingContract", "type": "address"},
                ],
                **types,
            },
            "primaryType": primary,
            "domain": {
                "name": "Tribune ReportHub",
                "version": "1",
                "chainId": domain.chain_id,
                "verifyingContract": domain.hub,
            },
            "message": message,
        }
    )


@given(_REPORTS)
def test_report_digest__any_report__equals_eth_account(report: Report) -> None:
    fields = [
        ("modelId", "uint256"),
        ("version", "uint32"),
        ("frame", "uint64"),
        ("policy", "bytes32"),
        ("manifest", "bytes32"),
        ("evidence", "bytes32"),
        ("values", "int64[]"),
    ]
    message = {
        "modelId": report.model_id,
        "version": report.version,
        "frame": report.frame,
        "policy": report.policy,
        "manifest": report.manifest,
        "evidence": report.evidence,
        "values": list(report.values),
    }
    types = {"Report": [{"name": name, "type": kind} for name, kind in fields]}
    assert report_digest(report) == _typed(DOMAIN, "Report", types, message).body


def test_signable_attestation__of_a_report__hashes_as_eth_account_does() -> None:
    types = {
        "Attestation": [{"name": "report", "type": "bytes32"}, {"name": "witness", "type": "bytes32"}],
    }
    theirs = _typed(DOMAIN, "Attestation", types, {"report": report_digest(REPORT), "witness": WITNESS})
    assert _hash_eip191_message(signable_attestation(DOMAIN, REPORT, WITNESS)) == _hash_eip191_message(theirs)


def test_signable_attestation__of_a_digest__is_that_of_the_report() -> None:
    assert signable_attestation(DOMAIN, report_digest(REPORT), WITNESS) == signable_attestation(
        DOMAIN, REPORT, WITNESS
    )


def test_report_digest__type_string__has_the_keccak_of_the_design() -> None:
    zero = Digest(bytes(32))
    empty = Report(ModelId(0), VersionNumber(0), FrameIndex(0), zero, zero, zero, ())
    kind = keccak(
        text="Report(uint256 modelId,uint32 version,uint64 frame,bytes32 policy,bytes32 manifest,"
        "bytes32 evidence,int64[] values)"
    )
    assert report_digest(empty) == keccak(kind + bytes(32 * 6) + keccak(b""))


def test_recover__own_signature__names_the_signer() -> None:
    signature = sign_attestation(ACCOUNT, DOMAIN, REPORT, WITNESS)
    assert len(signature) == 65
    assert recover(DOMAIN, REPORT, WITNESS, signature) == ACCOUNT.address


@pytest.mark.parametrize(
    ("domain", "report", "witness"),
    [
        (replace(DOMAIN, chain_id=1), REPORT, WITNESS),
        (replace(DOMAIN, hub=Address("0x" + "11" * 20)), REPORT, WITNESS),
        (DOMAIN, replace(REPORT, values=(470_001, -1, NOT_AVAILABLE)), WITNESS),
        (DOMAIN, replace(REPORT, frame=FrameIndex(4)), WITNESS),
        (DOMAIN, replace(REPORT, policy=Digest(bytes(32))), WITNESS),
        (DOMAIN, REPORT, b"\x08" * 32),
    ],
)
def test_recover__for_anything_else__names_somebody_else(
    domain: HubDomain, report: Report, witness: bytes
) -> None:
    signature = sign_attestation(ACCOUNT, DOMAIN, REPORT, WITNESS)
    assert recover(domain, report, witness, signature) != ACCOUNT.address


def test_recover__malleated_signature__is_refused() -> None:
    signature = sign_attestation(ACCOUNT, DOMAIN, REPORT, WITNESS)
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    s = order - int.from_bytes(signature[32:64], "big")
    flipped = signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])
    with pytest.raises(SignatureError, match="upper half"):
        recover(DOMAIN, REPORT, WITNESS, flipped)


@pytest.mark.parametrize(
    "signature", [b"", bytes(64), bytes(65), bytes(64) + b"\x1b", b"\xff" * 64 + b"\x1b"]
)
def test_recover__no_signature__is_refused(signature: bytes) -> None:
    with pytest.raises(SignatureError):
        recover(DOMAIN, REPORT, WITNESS, signature)


@pytest.mark.parametrize(
    "change",
    [
        {"values": (2**63,)},
        {"values": (-(2**63) - 1,)},
        {"values": (0.5,)},
        {"values": (True,)},
        {"version": 2**32},
        {"frame": -1},
        {"policy": b"short"},
        {"evidence": "0x" + "00" * 32},
    ],
)
def test_report__a_value_its_type_cannot_hold__is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(EvidenceError):
        replace(REPORT, **change)


def test_sign_attestation__short_witness__is_refused() -> None:
    with pytest.raises(EvidenceError, match="witness"):
        sign_attestation(ACCOUNT, DOMAIN, REPORT, b"")
