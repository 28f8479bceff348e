"""EIP-712 of an auditor's statement about a version, so that `ModelRegistry` can tell who said it.

A statement is about an artifact, by its digest, and counts for one registry on one chain. It frees and halts
nothing; whoever relies on one chooses the auditor. Keys stay with the account object that the caller passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tribune.ids import Address, Digest, ModelId, VersionNumber
from tribune.reports.signing import MessageSigner

if TYPE_CHECKING:
    from eth_account.messages import SignableMessage

DOMAIN_NAME = "Tribune ModelRegistry"
DOMAIN_VERSION = "1"
_STATEMENT = [
    {"name": "auditor", "type": "address"},
    {"name": "modelId", "type": "uint256"},
    {"name": "version", "type": "uint32"},
    {"name": "artifact", "type": "bytes32"},
    {"name": "document", "type": "bytes32"},
    {"name": "uri", "type": "string"},
    {"name": "time", "type": "uint48"},
]


@dataclass(frozen=True, slots=True)
class Statement:
    """What an auditor says about a version."""

    auditor: Address
    model_id: ModelId
    version: VersionNumber
    artifact: Digest
    """The version's artifact: what the auditor looked at."""
    document: Digest
    """sha-256 of the document that holds the statement."""
    uri: str
    """Where people find the document."""
    time: datetime
    """When it was signed."""

    @property
    def fields(self) -> tuple[Any, ...]:
        """The struct as the contract takes it."""
        what = (self.auditor, self.model_id, self.version, self.artifact, self.document)
        return (*what, self.uri, int(self.time.timestamp()))


def signable_statement(chain_id: int, registry: Address, statement: Statement) -> SignableMessage:
    """Return the EIP-712 message that an auditor signs."""
    from eth_account.messages import encode_typed_data

    domain = {
        "name": DOMAIN_NAME,
        "version": DOMAIN_VERSION,
        "chainId": chain_id,
        "verifyingContract": registry,
    }
    message = {field["name"]: value for field, value in zip(_STATEMENT, statement.fields, strict=True)}
    return encode_typed_data(domain, {"Statement": _STATEMENT}, message)


def sign_statement(account: MessageSigner, chain_id: int, registry: Address, statement: Statement) -> bytes:
    """Return an auditor's signature over a statement: 65 bytes, r ‖ s ‖ v."""
    return bytes(account.sign_message(signable_statement(chain_id, registry, statement)).signature)
