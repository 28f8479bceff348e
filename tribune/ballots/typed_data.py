"""The EIP-712 typed data of ballots and of calls for a vote. Signs nothing and knows no network.

A ballot is OpenZeppelin's own, so that existing wallets and tools can vote: without a reason `Ballot`, with
one `ExtendedBallot` with empty params. In the fast lane its nonce is always 0, since `hasVoted` already makes
it single-use; in the slow lane it is the voter's next at that governor. A call is what holders sign together,
under the fast lane's domain; it names its round, so it is single-use too.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from tribune.ballots.lane import Lane
from tribune.exceptions import SignatureError
from tribune.ids import Address, ProposalId
from tribune.language import _

if TYPE_CHECKING:
    from tribune.chain.pause_governor import HolderCall

DOMAIN_VERSION = "1"

_DOMAIN = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]
_BALLOT = [
    {"name": "proposalId", "type": "uint256"},
    {"name": "support", "type": "uint8"},
    {"name": "voter", "type": "address"},
    {"name": "nonce", "type": "uint256"},
]
_EXTENDED = [*_BALLOT, {"name": "reason", "type": "string"}, {"name": "params", "type": "bytes"}]
_CALL = [
    {"name": "kind", "type": "uint8"},
    {"name": "modelId", "type": "uint256"},
    {"name": "version", "type": "uint32"},
    {"name": "epoch", "type": "uint64"},
    {"name": "round", "type": "uint64"},
    {"name": "evidence", "type": "bytes32"},
    {"name": "deadline", "type": "uint48"},
]


class Support(IntEnum):
    """A choice, numbered as OpenZeppelin's counting does."""

    AGAINST = 0
    FOR = 1
    ABSTAIN = 2

    @property
    def word(self) -> str:
        """The choice as people read it."""
        return {Support.AGAINST: _("Against"), Support.FOR: _("For"), Support.ABSTAIN: _("Abstain")}[self]


@dataclass(frozen=True)
class SignedBallot:
    """A voter's signed choice on one proposal."""

    proposal_id: ProposalId
    voter: Address
    support: int
    reason: str
    signature: bytes


def unsigned_ballot(
    chain_id: int,
    governor: Address,
    proposal_id: ProposalId,
    *,
    extended: bool = False,
    lane: Lane = Lane.FAST,
    nonce: int = 0,
) -> dict[str, Any]:
    """Return typed data that lacks voter, support and (extended) reason: what a page hands to its script.

    Numbers beyond 2^53 are decimal strings, as `eth_signTypedData_v4` takes them.
    """
    message: dict[str, Any] = {
        "proposalId": str(proposal_id),
        "support": None,
        "voter": None,
        "nonce": str(nonce),
    }
    if extended:
        message |= {"reason": None, "params": "0x"}
    name, fields = ("ExtendedBallot", _EXTENDED) if extended else ("Ballot", _BALLOT)
    return _typed(chain_id, governor, name, fields, message, lane)


def ballot_typed_data(
    chain_id: int,
    governor: Address,
    proposal_id: ProposalId,
    voter: Address,
    support: int,
    reason: str = "",
    *,
    lane: Lane = Lane.FAST,
    nonce: int = 0,
) -> dict[str, Any]:
    """Return the complete typed data that a voter signs."""
    data = unsigned_ballot(chain_id, governor, proposal_id, extended=bool(reason), lane=lane, nonce=nonce)
    data["message"] |= {"voter": voter, "support": support}
    if reason:
        data["message"]["reason"] = reason
    return data


def ballot_digest(
    chain_id: int,
    governor: Address,
    proposal_id: ProposalId,
    voter: Address,
    support: int,
    reason: str = "",
    *,
    lane: Lane = Lane.FAST,
    nonce: int = 0,
) -> bytes:
    """Return the 32 bytes that the signature is over, equal to the contract's `_hashTypedDataV4`."""
    data = ballot_typed_data(chain_id, governor, proposal_id, voter, support, reason, lane=lane, nonce=nonce)
    data["message"] |= {"proposalId": int(proposal_id), "nonce": nonce}
    if reason:
        data["message"]["params"] = b""
    return typed_digest(data)


def call_typed_data(chain_id: int, governor: Address, call: HolderCall) -> dict[str, Any]:
    """Return the typed data of a call for a vote, which each of its holders signs.

    Numbers beyond 2^53 are decimal strings, the evidence is in hex, as `eth_signTypedData_v4` takes them.
    """
    values = zip(_CALL, call.fields, strict=True)
    message = {field["name"]: value for field, value in values}
    shown = {name: str(message[name]) for name in ("modelId", "epoch", "round")}
    message |= {**shown, "evidence": "0x" + call.evidence.hex()}
    return _typed(chain_id, governor, "Call", _CALL, message, Lane.FAST)


def call_digest(chain_id: int, governor: Address, call: HolderCall) -> bytes:
    """Return the 32 bytes that a holder signs, equal to the contract's `hashCall`."""
    data = call_typed_data(chain_id, governor, call)
    data["message"] = {field["name"]: value for field, value in zip(_CALL, call.fields, strict=True)}
    return typed_digest(data)


def _typed(
    chain_id: int,
    governor: Address,
    name: str,
    fields: list[dict[str, str]],
    message: dict[str, Any],
    lane: Lane,
) -> dict[str, Any]:
    domain = {
        "name": lane.domain,
        "version": DOMAIN_VERSION,
        "chainId": chain_id,
        "verifyingContract": governor,
    }
    types = {"EIP712Domain": _DOMAIN, name: fields}
    return {"types": types, "primaryType": name, "domain": domain, "message": message}


def typed_digest(data: dict[str, Any]) -> bytes:
    """Return the 32 bytes that a wallet signs for typed data whose numbers are numbers."""
    from eth_account.messages import encode_typed_data
    from eth_utils.crypto import keccak

    signable = encode_typed_data(full_message=data)
    return keccak(b"\x19" + signable.version + signable.header + signable.body)


def canonical_signature(signature: bytes) -> bytes:
    """Return a key's signature in the form that the contract takes: 65 bytes, v 27 or 28.

    Some wallets give v as 0 or 1. What is not a key's signature (a contract wallet's) stays as it is.
    """
    if len(signature) == 65 and signature[64] in (0, 1):
        return signature[:64] + bytes([signature[64] + 27])
    return signature


def recover_signer(digest: bytes, signature: bytes) -> Address | None:
    """Return whose key signed, None where it is no key's signature.

    As strict as OpenZeppelin's ECDSA: 65 bytes, v 27 or 28, s in the lower half.
    """
    from eth_keys.constants import SECPK1_N
    from eth_keys.exceptions import BadSignature
    from eth_keys.main import KeyAPI
    from eth_utils.exceptions import ValidationError

    if len(signature) != 65 or signature[64] not in (27, 28):
        return None
    if int.from_bytes(signature[32:64]) > SECPK1_N // 2:
        return None
    try:
        keys = KeyAPI()
        parsed = keys.Signature(signature[:64] + bytes([signature[64] - 27]))
        return Address(keys.ecdsa_recover(digest, parsed).to_checksum_address())
    except (BadSignature, ValidationError):
        return None


def parse_signature(text: object) -> bytes:
    """Read a signature as wallets give it, 0x and hex digits.

    Raises:
        SignatureError: it is none, or longer than any wallet's.
    """
    if isinstance(text, str) and text.startswith("0x") and 4 <= len(text) <= 2 + 2 * MAX_SIGNATURE_BYTES:
        try:
            return canonical_signature(bytes.fromhex(text[2:]))
        except ValueError:
            pass
    raise SignatureError(
        _("The signature is not one."),
        mend=_("Send what the wallet returned: 0x and hex digits, unchanged."),
    )


MAX_SIGNATURE_BYTES = 4096
"""A contract wallet may concatenate many owners' signatures; nobody needs more than this."""
