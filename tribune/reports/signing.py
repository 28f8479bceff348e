"""EIP-712 of a monitor's report: what it signs, so that `ReportHub` and anyone else can tell who said it.

A monitor signs an attestation: the struct hash of its report and its witness, under the hub's domain (chain
and address). Refuses values that the contract's types cannot hold, and signatures that OpenZeppelin's ECDSA
would refuse (other lengths, high s, odd v). Keys stay with the account object that the caller passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tribune.exceptions import EvidenceError, SignatureError
from tribune.ids import Address, Digest, FrameIndex, ModelId, VersionNumber

if TYPE_CHECKING:
    from eth_account.messages import SignableMessage

NOT_AVAILABLE = -(2**63)
"""The value of a rule that could not be measured: `type(int64).min`."""

DOMAIN_NAME = "Tribune ReportHub"
DOMAIN_VERSION = "1"
DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
REPORT_TYPE = (
    "Report(uint256 modelId,uint32 version,uint64 frame,bytes32 policy,bytes32 manifest,"
    "bytes32 evidence,int64[] values)"
)
ATTESTATION_TYPE = "Attestation(bytes32 report,bytes32 witness)"

_HALF_N = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0  # secp256k1 n / 2 (EIP-2)


class MessageSigner(Protocol):
    """An account that can sign: `eth_account`'s LocalAccount, or anything with the same method."""

    def sign_message(self, signable_message: SignableMessage) -> Any:
        """Return an object whose `signature` is the 65 bytes r ‖ s ‖ v."""


@dataclass(frozen=True)
class HubDomain:
    """Where a signature counts: one hub on one chain, and nowhere else."""

    chain_id: int
    hub: Address


@dataclass(frozen=True)
class Report:
    """What monitors must agree on: one value per rule, in rule order, in millionths.

    Raises:
        EvidenceError: for a value that the contract's type cannot hold.
    """

    model_id: ModelId
    version: VersionNumber
    frame: FrameIndex
    policy: Digest
    manifest: Digest
    evidence: Digest
    values: tuple[int, ...]

    def __post_init__(self) -> None:
        for name, bits in (("model_id", 256), ("version", 32), ("frame", 64)):
            if not 0 <= getattr(self, name) < 2**bits:
                raise EvidenceError(f"The report's {name} does not fit into uint{bits}.")
        for name in ("policy", "manifest", "evidence"):
            _bytes32(name, getattr(self, name))
        for i, value in enumerate(self.values):
            if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
                raise EvidenceError(f"Value {i} of the report is {value!r}, which does not fit into int64.")


def report_digest(report: Report) -> Digest:
    """Return the EIP-712 struct hash of a report; equal for all monitors that measured the same."""
    values = b"".join(_word(value) for value in report.values)
    fields = (report.model_id, report.version, report.frame)
    return _keccak(
        _keccak(REPORT_TYPE.encode())
        + b"".join(_word(field) for field in fields)
        + report.policy
        + report.manifest
        + report.evidence
        + _keccak(values)
    )


def signable_attestation(domain: HubDomain, report: Report | Digest, witness: bytes) -> SignableMessage:
    """Return the EIP-712 message (domain separator and struct hash) that a monitor signs."""
    from eth_account.messages import SignableMessage

    inner = report_digest(report) if isinstance(report, Report) else _bytes32("report", report)
    body = _keccak(_keccak(ATTESTATION_TYPE.encode()) + inner + _bytes32("witness", witness))
    return SignableMessage(version=b"\x01", header=_separator(domain), body=body)


def sign_attestation(
    account: MessageSigner, domain: HubDomain, report: Report | Digest, witness: bytes
) -> bytes:
    """Return a monitor's signature over a report (or its digest) and witness: 65 bytes, r ‖ s ‖ v."""
    return bytes(account.sign_message(signable_attestation(domain, report, witness)).signature)


def recover(domain: HubDomain, report: Report | Digest, witness: bytes, signature: bytes) -> Address:
    """Return the address that signed; whether it is a monitor is for the caller to check.

    Raises:
        SignatureError: for bytes that the contract would not accept as a signature of anybody.
    """
    from eth_account import Account
    from eth_keys.exceptions import BadSignature
    from eth_utils.exceptions import ValidationError

    if len(signature) != 65 or signature[64] not in (27, 28):
        raise SignatureError("A signature has 65 bytes and ends with 27 or 28.")
    if int.from_bytes(signature[32:64], "big") > _HALF_N:
        raise SignatureError("The signature's s is in the upper half (EIP-2), so contracts refuse it.")
    message = signable_attestation(domain, report, witness)
    try:
        return Address(Account.recover_message(message, signature=signature))
    except (BadSignature, ValidationError) as fault:
        raise SignatureError("The bytes are not a signature of any key.") from fault


def _separator(domain: HubDomain) -> bytes:
    address = domain.hub.removeprefix("0x")
    try:
        hub = bytes.fromhex(address)
    except ValueError:
        hub = b""
    if len(hub) != 20:
        raise SignatureError(f"{domain.hub!r} is not an address.")
    return _keccak(
        _keccak(DOMAIN_TYPE.encode())
        + _keccak(DOMAIN_NAME.encode())
        + _keccak(DOMAIN_VERSION.encode())
        + _word(domain.chain_id)
        + hub.rjust(32, b"\0")
    )


def _bytes32(name: str, value: bytes) -> bytes:
    if not isinstance(value, bytes) or len(value) != 32:
        raise EvidenceError(f"The report's {name} must be 32 bytes.")
    return value


def _word(value: int) -> bytes:
    return (value % 2**256).to_bytes(32, "big")  # two's complement, as Solidity sign-extends


def _keccak(data: bytes) -> Digest:
    from eth_hash.auto import keccak

    return Digest(keccak(data))
