"""The receipt key: signs receipts where requests are answered, and can do nothing else.

The key that anchors never is in the serving process. So the model's logger or steward certifies another one,
for a while, with one signature over its address. The certificate is public: who holds a receipt needs it.
Refuses a key without its certificate and a certificate that has run out.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from tribune.ids import Address, Digest, ModelId, VersionNumber
from tribune.keys.keystore import keep_secret, read_secret
from tribune.log import get_logger
from tribune.untrusted import load_json

if TYPE_CHECKING:
    from tribune.keys.signer import SigningAccount

SCHEMA = "tribune/receipt-key/1"
_KEY = "ReceiptKey(uint256 modelId,address key,uint48 notAfter)"
_BATCH = "ReceiptBatch(uint256 modelId,uint32 version,bytes32 root)"
_MAX_BYTES = 4096


@dataclass(frozen=True)
class Certificate:
    """Says that a key may sign a model's receipts until `not_after` (seconds since 1970)."""

    contract: LogContract
    model_id: ModelId
    key: Address
    not_after: int
    signature: bytes

    def certifier(self) -> Address:
        """Return who signed it; whether that is the model's logger or steward, the chain knows.

        Raises:
            SignatureError: nobody did.
        """
        return signer_of(typed_digest(self.contract, self.struct()), self.signature)

    def struct(self) -> bytes:
        """Return the hash of what is signed."""
        return struct_hash(_KEY, self.model_id, self.key, self.not_after)

    def document(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "schema": SCHEMA,
            "chain": self.contract.chain_id,
            "contract": self.contract.address,
            "model": self.model_id,
            "key": self.key,
            "not_after": self.not_after,
            "signature": "0x" + self.signature.hex(),
        }

    @classmethod
    def of(cls, document: Any) -> Certificate:
        """Return the certificate that a document describes.

        Raises:
            SignatureError: it is no certificate.
        """
        try:
            if document["schema"] != SCHEMA or len(document) != 7:
                raise ValueError("another schema")
            chain, model, end = (document[name] for name in ("chain", "model", "not_after"))
            if any(type(number) is not int or not 0 <= number < 2**256 for number in (chain, model)):
                raise ValueError("a number is none")
            if type(end) is not int or not 0 <= end < 2**48:
                raise ValueError("not_after is no time")
            return cls(
                LogContract(chain, checked_address(document["contract"])),
                ModelId(model),
                checked_address(document["key"]),
                end,
                bytes.fromhex(document["signature"].removeprefix("0x")),
            )
        except (ValueError, TypeError, KeyError, AttributeError) as fault:
            raise SignatureError(f"This is no certificate of a receipt key: {fault}.") from fault


def certify(
    account: SigningAccount, contract: LogContract, model_id: ModelId, key: Address, not_after: int
) -> Certificate:
    """Return the certificate of a receipt key, signed by the model's logger or steward.

    Raises:
        SignatureError, SignerUnreachableError: the account did not sign.
    """
    from eth_account.messages import SignableMessage
    from hexbytes import HexBytes

    draft = Certificate(contract, model_id, key, not_after, b"")
    message = SignableMessage(HexBytes(b"\x01"), HexBytes(contract.separator), HexBytes(draft.struct()))
    signature = bytes(account.sign_message(message).signature)
    return Certificate(contract, model_id, key, not_after, signature)


class ReceiptKey:
    """Signs batches of receipts of one model.

    Args:
        secret: the private key, 32 bytes.
        certificate: of this key.

    Raises:
        ConfigurationError: the certificate is of another key, has run out, or nobody signed it.
    """

    def __init__(self, secret: bytes, certificate: Certificate) -> None:
        if address_of(secret) != certificate.key:
            raise ConfigurationError(
                "The certificate is of another receipt key.", mend="Name the one that was made with the key."
            )
        if certificate.not_after <= time.time():
            raise ConfigurationError(
                "The certificate of the receipt key has run out.",
                mend="Make another key: tribune gate receipt-key.",
            )
        try:
            certificate.certifier()
        except SignatureError as fault:
            raise ConfigurationError(
                f"The certificate of the receipt key cannot be used: {fault.message}"
            ) from fault
        self.certificate = certificate
        self._sign = signing_with(secret)
        self._said = False

    @classmethod
    def load(cls, key: Path, certificate: Path) -> ReceiptKey:
        """Return the key in a secret file with its certificate.

        Raises:
            ConfigurationError: one of them cannot be read or used.
        """
        try:
            secret = bytes.fromhex(read_secret(key, "receipt key"))
        except ValueError:
            raise ConfigurationError(
                f"The receipt key, {key}, is none.", mend="It has 64 hex digits."
            ) from None
        return cls(secret, read_certificate(certificate))

    def sign(self, version: VersionNumber, root: Digest) -> bytes | None:
        """Return the signature over a batch's root; None once the certificate has run out."""
        if time.time() > self.certificate.not_after:
            if not self._said:
                self._said = True
                get_logger(__name__).error("receipts are unsigned: the receipt key's certificate has run out")
            return None
        certificate = self.certificate
        return self._sign(batch_digest(certificate.contract, certificate.model_id, version, root))


def batch_digest(contract: LogContract, model_id: ModelId, version: VersionNumber, root: Digest) -> Digest:
    """Return what is signed for a batch of receipts."""
    return typed_digest(contract, struct_hash(_BATCH, model_id, version, root))


def write_receipt_key(path: Path, secret: bytes) -> None:
    """Write a receipt key into a new file (mode 0600).

    Raises:
        ConfigurationError: the file exists or cannot be written.
    """
    keep_secret(path, secret.hex())


def read_certificate(path: Path) -> Certificate:
    """Return the certificate in a file.

    Raises:
        ConfigurationError: it cannot be read, or holds none.
    """
    try:
        with path.open("rb") as file:
            return Certificate.of(load_json(file.read(_MAX_BYTES)))
    except (OSError, ValueError, SignatureError) as fault:
        raise ConfigurationError(
            f"The certificate {path} cannot be used: {getattr(fault, 'strerror', None) or fault}",
            mend="Make one with the key: tribune gate receipt-key.",
        ) from fault


def write_certificate(path: Path, certificate: Certificate) -> None:
    """Write a certificate for whoever holds receipts.

    Raises:
        ConfigurationError: the file exists or cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(json.dumps(certificate.document(), indent=1) + "\n")
    except OSError as fault:
        raise ConfigurationError(f"{path} cannot be written: {fault.strerror}.") from fault
