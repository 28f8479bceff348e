"""Typed data (EIP-712) that is signed and checked where requests are answered: no web3 there, no eth-account.

Only what receipts need: fixed-size fields under the domain of a `DecisionLog`. A signature is 65 bytes
r ‖ s ‖ v; those that can be turned into another valid one (EIP-2) are refused.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tribune.decisions.keccak import keccak256
from tribune.exceptions import ConfigurationError, SignatureError
from tribune.ids import Address, Digest

NAME, VERSION = "Tribune DecisionLog", "1"
_HALF = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0  # half the order of secp256k1
_DOMAIN = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"


@dataclass(frozen=True)
class LogContract:
    """The `DecisionLog` of a deployment, under whose domain is signed."""

    chain_id: int
    address: Address

    @functools.cached_property
    def separator(self) -> bytes:
        """The domain separator."""
        keccak = keccak256()
        names = keccak(NAME.encode()) + keccak(VERSION.encode())
        return keccak(keccak(_DOMAIN) + names + word(self.chain_id) + word(self.address))


def word(value: int | str | bytes) -> bytes:
    """Return a number, an address or 32 bytes as a word of the ABI."""
    if isinstance(value, int):
        return value.to_bytes(32, "big")
    return (bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else value).rjust(32, b"\0")


def struct_hash(kind: str, *fields: int | str | bytes) -> bytes:
    """Return the hash of a struct, given its type as EIP-712 writes it and its fields in order."""
    return keccak256()(_type_hash(kind) + b"".join(map(word, fields)))


def typed_digest(contract: LogContract, struct: bytes) -> Digest:
    """Return what is signed for a struct."""
    return Digest(keccak256()(b"\x19\x01" + contract.separator + struct))


def signing_with(key: bytes) -> Callable[[Digest], bytes]:
    """Return what signs a digest with a private key of 32 bytes; to make it costs more than a signature."""
    private = _secp256k1().PrivateKey(key)

    def sign(digest: Digest) -> bytes:
        signature: bytes = private.sign_recoverable(digest, hasher=None)
        return signature[:64] + bytes([27 + signature[64]])

    return sign


def signer_of(digest: Digest, signature: bytes) -> Address:
    """Return the address whose signature of a digest this is.

    Raises:
        SignatureError: it is nobody's.
    """
    if len(signature) != 65 or signature[64] not in (27, 28):
        raise SignatureError("A signature has 65 bytes, the last of which is 27 or 28.")
    if int.from_bytes(signature[32:64], "big") > _HALF:
        raise SignatureError("The signature is not in its lower form (EIP-2).")
    parts = signature[:64] + bytes([signature[64] - 27])
    try:
        public = _secp256k1().PublicKey.from_signature_and_message(parts, digest, hasher=None)
    except Exception as fault:  # coincurve raises bare exceptions
        raise SignatureError("The signature is nobody's.") from fault
    return _address(public)


def address_of(key: bytes) -> Address:
    """Return the address of a private key.

    Raises:
        ConfigurationError: it is no private key.
    """
    try:
        return _address(_secp256k1().PrivateKey(key).public_key)
    except ValueError:
        raise ConfigurationError("This is no private key.", mend="It has 32 bytes.") from None


def checked_address(value: str) -> Address:
    """Return an address with its checksum.

    Raises:
        ValueError: it is none.
    """
    plain = value.removeprefix("0x")
    if len(bytes.fromhex(plain)) != 20 or len(plain) != 40:
        raise ValueError("an address has 20 bytes")
    digest = keccak256()(plain.lower().encode()).hex()
    return Address("0x" + "".join(c.upper() if digest[i] > "7" else c for i, c in enumerate(plain.lower())))


@functools.cache
def _type_hash(kind: str) -> bytes:
    return keccak256()(kind.encode())


def _address(public: Any) -> Address:
    point: bytes = public.format(compressed=False)
    return checked_address(keccak256()(point[1:])[12:].hex())


def _secp256k1() -> Any:
    try:
        import coincurve
    except ImportError:
        raise ConfigurationError("Receipts cannot be signed here.", mend="Install coincurve.") from None
    return coincurve
