"""What monitors and voters sign, built from the design's text, so that it checks the contracts' own hashing.

Signs with keys of a test chain; holds nothing else.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from typing import Any

from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

NOT_AVAILABLE = -(2**63)
AGAINST, FOR, ABSTAIN = range(3)

REPORT_TYPE = (
    "Report(uint256 modelId,uint32 version,uint64 frame,bytes32 policy,bytes32 manifest,bytes32 evidence,"
    "int64[] values)"
)
ATTESTATION = [{"name": "report", "type": "bytes32"}, {"name": "witness", "type": "bytes32"}]
BALLOT = [
    {"name": "proposalId", "type": "uint256"},
    {"name": "support", "type": "uint8"},
    {"name": "voter", "type": "address"},
    {"name": "nonce", "type": "uint256"},
]
EXTENDED_BALLOT = [*BALLOT, {"name": "reason", "type": "string"}, {"name": "params", "type": "bytes"}]
CALL = [
    {"name": "kind", "type": "uint8"},
    {"name": "modelId", "type": "uint256"},
    {"name": "version", "type": "uint32"},
    {"name": "epoch", "type": "uint64"},
    {"name": "round", "type": "uint64"},
    {"name": "evidence", "type": "bytes32"},
    {"name": "deadline", "type": "uint48"},
]


@dataclass(frozen=True)
class Report:
    """A report, in the order of the contract's struct."""

    model: int
    version: int
    frame: int
    policy: bytes
    manifest: bytes
    evidence: bytes
    values: tuple[int, ...]

    def but(self, **changes: Any) -> Report:
        """Return the report with some fields changed."""
        return replace(self, **changes)

    @property
    def struct(self) -> tuple[Any, ...]:
        """The report as ape takes it."""
        return (
            self.model,
            self.version,
            self.frame,
            self.policy,
            self.manifest,
            self.evidence,
            list(self.values),
        )

    @property
    def digest(self) -> bytes:
        """EIP-712 struct hash."""
        values = keccak(b"".join(value.to_bytes(32, "big", signed=True) for value in self.values))
        types = ["bytes32", "uint256", "uint32", "uint64", "bytes32", "bytes32", "bytes32", "bytes32"]
        words = [keccak(text=REPORT_TYPE), self.model, self.version, self.frame]
        return keccak(encode(types, [*words, self.policy, self.manifest, self.evidence, values]))


@dataclass(frozen=True)
class Call:
    """What holders sign to call for a vote, in the order of the contract's struct."""

    kind: int
    model: int
    version: int
    epoch: int
    round: int
    evidence: bytes
    deadline: int

    def but(self, **changes: Any) -> Call:
        """Return the call with some fields changed."""
        return replace(self, **changes)

    @property
    def struct(self) -> tuple[Any, ...]:
        """The call as ape takes it."""
        return astuple(self)


def _sign(key: str, domain: dict[str, Any], name: str, fields: Any, message: dict[str, Any]) -> bytes:
    signable = encode_typed_data(domain, {name: fields}, message)
    return bytes(Account.sign_message(signable, key).signature)


def domain(name: str, chain_id: int, contract: str) -> dict[str, Any]:
    """EIP-712 domain of a contract of ours."""
    return {"name": name, "version": "1", "chainId": chain_id, "verifyingContract": contract}


def attestation(
    key: str, hub: str, report: Report, index: int, *, chain_id: int, witness: bytes = b"\x77" * 32
) -> tuple[int, bytes, bytes]:
    """Return a monitor's attestation as the hub takes it."""
    message = {"report": report.digest, "witness": witness}
    where = domain("Tribune ReportHub", chain_id, hub)
    return index, witness, _sign(key, where, "Attestation", ATTESTATION, message)


def ballot(
    key: str,
    governor: str,
    proposal: int,
    voter: str,
    support: int,
    *,
    chain_id: int,
    reason: str = "",
    nonce: int = 0,
) -> bytes:
    """Return a voter's signature: over `ExtendedBallot` with empty params where there is a reason."""
    where = domain("Tribune PauseGovernor", chain_id, governor)
    message: dict[str, Any] = {"proposalId": proposal, "support": support, "voter": voter, "nonce": nonce}
    if not reason:
        return _sign(key, where, "Ballot", BALLOT, message)
    return _sign(key, where, "ExtendedBallot", EXTENDED_BALLOT, {**message, "reason": reason, "params": b""})


def call(key: str, governor: str, what: Call, *, chain_id: int) -> bytes:
    """Return a holder's signature over a call for a vote."""
    where = domain("Tribune PauseGovernor", chain_id, governor)
    message = {field["name"]: value for field, value in zip(CALL, what.struct, strict=True)}
    return _sign(key, where, "Call", CALL, message)
