"""Ballots as wallets sign them: equal to what eth_account signs, strict in what is taken back."""

from __future__ import annotations

import pytest
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st

from tribune.ballots.typed_data import (
    Support,
    ballot_digest,
    ballot_typed_data,
    canonical_signature,
    parse_signature,
    recover_signer,
    unsigned_ballot,
)
from tribune.exceptions import SignatureError
from tribune.ids import Address, ProposalId

GOVERNOR = Address("0x5FbDB2315678afecb367f032d93F642f64180aa3")
VOTER = Account.from_key("0x" + "11" * 32)
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def sign(proposal_id: int, support: int, reason: str) -> bytes:
    data = ballot_typed_data(
        31337, GOVERNOR, ProposalId(proposal_id), Address(VOTER.address), support, reason
    )
    return bytes(VOTER.sign_typed_data(full_message=data).signature)


def digest(proposal_id: int, support: int, reason: str, chain_id: int = 31337) -> bytes:
    return ballot_digest(chain_id, GOVERNOR, ProposalId(proposal_id), Address(VOTER.address), support, reason)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**256 - 1), st.sampled_from(list(Support)), st.text(max_size=40))
def test_recover_signer__as_signed__names_the_voter(proposal_id: int, support: int, reason: str) -> None:
    reason = reason.encode("utf-8", "ignore").decode()
    assert (
        recover_signer(digest(proposal_id, support, reason), sign(proposal_id, support, reason))
        == VOTER.address
    )


@pytest.mark.parametrize(
    "other",
    [digest(8, 1, "because"), digest(7, 0, "because"), digest(7, 1, ""), digest(7, 1, "because", chain_id=1)],
    ids=["proposal", "support", "reason", "chain"],
)
def test_recover_signer__signed_for_something_else__is_not_the_voter(other: bytes) -> None:
    assert recover_signer(other, sign(7, 1, "because")) != VOTER.address


def test_recover_signer__high_s__refused_as_by_the_contract() -> None:
    signature = sign(7, 1, "")
    high = (
        signature[:32] + (ORDER - int.from_bytes(signature[32:64])).to_bytes(32) + bytes([55 - signature[64]])
    )
    assert recover_signer(digest(7, 1, ""), high) is None


@pytest.mark.parametrize("signature", [b"", bytes(64), bytes(65), b"\xff" * 64 + b"\x1b", b"\1" * 66])
def test_recover_signer__no_signature__none(signature: bytes) -> None:
    assert recover_signer(digest(7, 1, ""), signature) is None


def test_canonical_signature__v_of_0_or_1__becomes_27_or_28() -> None:
    signature = sign(7, 1, "")
    assert canonical_signature(signature[:64] + bytes([signature[64] - 27])) == signature


@pytest.mark.parametrize("text", ["", "0x", "0xzz", "00", None, 7, "0x123", "0x" + "00" * 5000])
def test_parse_signature__no_hex_or_too_long__refused(text: object) -> None:
    with pytest.raises(SignatureError):
        parse_signature(text)


def test_unsigned_ballot__extended__lacks_only_what_the_voter_chooses() -> None:
    data = unsigned_ballot(31337, GOVERNOR, ProposalId(7), extended=True)
    assert [key for key, value in data["message"].items() if value is None] == ["support", "voter", "reason"]
    assert data["domain"]["name"] == "Tribune PauseGovernor"
