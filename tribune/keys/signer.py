"""Signing with a key that stays elsewhere: in a KMS, a hardware module, another process.

A signer does one thing, sign 32 bytes; messages and transactions are built here. No signature is believed:
each is brought into the lower half (EIP-2) and must recover to the signer's address. Refuses transactions of
other types than EIP-1559.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from tribune.exceptions import SignatureError, SignerUnreachableError
from tribune.ids import Address
from tribune.log import REDACTED, Redactor
from tribune.waiting import OverdueError, within

if TYPE_CHECKING:
    from eth_account.datastructures import SignedMessage, SignedTransaction
    from eth_account.messages import SignableMessage
    from eth_account.types import TransactionDictType

_T = TypeVar("_T")

SIGN_TIMEOUT_S = 30.0
"""Longest wait for a signature: a KMS answers in 0.2 s, a person at a hardware wallet in some seconds."""

_N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141  # order of secp256k1
_HEX_WORD = re.compile(r"(?:0x)?[0-9a-fA-F]{64,}")


class DigestSigner(Protocol):
    """What a KMS or a hardware module has to offer; both may block and may raise anything."""

    @property
    def address(self) -> str:
        """The address of the key."""

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign 32 bytes as they are, without hashing them again.

        Returns:
            65 bytes r ‖ s ‖ v. A device that does not tell v may put 0: it follows from the address.
        """


class SigningAccount(Protocol):
    """An account that signs: `eth_account`'s LocalAccount, or a `SignerAccount`."""

    @property
    def address(self) -> str:
        """The checksummed address."""

    def sign_message(self, signable_message: SignableMessage) -> SignedMessage:
        """Sign an EIP-191 message (EIP-712 typed data is one)."""

    def sign_transaction(self, transaction_dict: TransactionDictType) -> SignedTransaction:
        """Sign a transaction."""


class SignerAccount:
    """An account whose key a signer holds.

    Args:
        signer: holds the key. Its address is asked once, here, and every signature is held against it.
        timeout_s: longest wait for an answer of the signer.

    Raises:
        SignatureError: what the signer calls its address is none.
        SignerUnreachableError: the signer does not answer.
    """

    def __init__(self, signer: DigestSigner, *, timeout_s: float = SIGN_TIMEOUT_S) -> None:
        from eth_utils.address import is_address, to_checksum_address

        self._signer = signer
        self._timeout_s = timeout_s
        self._overdue: threading.Thread | None = None
        told = self._ask(lambda: signer.address)
        if not isinstance(told, str) or not is_address(told):
            raise SignatureError(
                "What the signer calls its address is none.",
                mend="It must be 0x and 40 hex digits, of the key that it signs with.",
            )
        self.address = str(to_checksum_address(told))

    def __repr__(self) -> str:
        return f"SignerAccount({self.address})"

    def sign_message(self, signable_message: SignableMessage) -> SignedMessage:
        """Sign an EIP-191 message (EIP-712 typed data is one).

        Raises:
            SignatureError: the signer's answer is not this key's signature of it.
            SignerUnreachableError: the signer does not answer, or refuses.
        """
        from eth_account.datastructures import SignedMessage
        from eth_hash.auto import keccak
        from hexbytes import HexBytes

        header = b"\x19" + signable_message.version + signable_message.header
        digest = keccak(header + signable_message.body)
        r, s, parity = self._sign(digest)
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + parity])
        return SignedMessage(HexBytes(digest), r, s, 27 + parity, HexBytes(signature))

    def sign_transaction(self, transaction_dict: TransactionDictType) -> SignedTransaction:
        """Sign an EIP-1559 transaction.

        Raises:
            SignatureError: it is of another type, or the signer's answer is not this key's signature of it.
            SignerUnreachableError: the signer does not answer, or refuses.
        """
        from eth_account.datastructures import SignedTransaction
        from eth_account.typed_transactions.typed_transaction import TypedTransaction
        from eth_hash.auto import keccak
        from hexbytes import HexBytes

        fields: dict[str, Any] = dict(transaction_dict)
        if fields.pop("from", self.address) != self.address:
            raise SignatureError(f"The transaction is not from {self.address}.")
        if fields.get("type") not in (2, "0x2"):
            raise SignatureError("A signer signs transactions of type 2 (EIP-1559) only.")
        r, s, parity = self._sign(TypedTransaction.from_dict(dict(fields)).hash())
        raw = TypedTransaction.from_dict({**fields, "v": parity, "r": r, "s": s}).encode()
        return SignedTransaction(HexBytes(raw), HexBytes(keccak(raw)), r, s, parity)

    def _sign(self, digest: bytes) -> tuple[int, int, int]:
        """Return r, the lower s and the parity of this key's signature."""
        answer = self._ask(lambda: self._signer.sign_digest(digest))
        if not isinstance(answer, bytes) or len(answer) != 65:
            raise SignatureError(
                f"The signer of {self.address} answers with something else than 65 bytes.",
                mend="A signature is r ‖ s ‖ v; a DER signature has to be taken apart first.",
            )
        r, s = int.from_bytes(answer[:32], "big"), int.from_bytes(answer[32:64], "big")
        s = min(s, _N - s)
        for parity in (0, 1):
            if _signer_of(digest, r, s, parity) == self.address:
                return r, s, parity
        raise SignatureError(
            f"What the signer gives is no signature of {self.address}: it signs with another key, or "
            "something else than it is asked to.",
            mend="Check which key its options name, and that it signs the 32 bytes without hashing them.",
            address=self.address,
        )

    def _ask(self, question: Callable[[], _T]) -> _T:
        """Ask the signer in time. One that hangs is not asked again until it has let go."""
        who = f"The signer of {self.address}" if hasattr(self, "address") else "The signer"
        if self._overdue is not None and self._overdue.is_alive():
            raise _unreachable(f"{who} still hangs on an earlier question")
        try:
            return within(self._timeout_s, question)
        except OverdueError as late:
            self._overdue = late.thread
            raise _unreachable(f"{who} does not answer within {self._timeout_s:g} s") from None
        except Exception as fault:
            # What it says may hold a key where a signer was written carelessly; its type and words suffice.
            raise _unreachable(f"{who} did not sign: {without_secrets(fault)}") from None


def prove(account: SigningAccount) -> Address:
    """Have an account sign a text that is of no use to anybody, and return its address: it can be used.

    Raises:
        SignatureError: its signer answers with something else than its signature.
        SignerUnreachableError: its signer does not answer, or refuses.
    """
    from eth_account.messages import encode_defunct

    account.sign_message(encode_defunct(text="tribune: can this key be used?"))
    return Address(account.address)


def without_secrets(fault: Exception) -> str:
    """Return an error's type and words without anything that could be a key."""
    said = _HEX_WORD.sub(REDACTED, Redactor().text(str(fault)))
    return f"{type(fault).__name__}: {said}" if said else type(fault).__name__


def _signer_of(digest: bytes, r: int, s: int, parity: int) -> str:
    """Return the address whose signature this is; empty for numbers that are nobody's."""
    from eth_keys.datatypes import Signature
    from eth_keys.exceptions import BadSignature
    from eth_utils.exceptions import ValidationError

    try:
        found = Signature(vrs=(parity, r, s)).recover_public_key_from_msg_hash(digest)
    except (BadSignature, ValidationError):
        return ""
    return str(found.to_checksum_address())


def _unreachable(what: str) -> SignerUnreachableError:
    return SignerUnreachableError(
        f"{what}.", mend="Check that it runs, is unlocked and lets this process use the key."
    )
