"""The token that votes: our own, an existing one whose clock counts seconds, or an ERC-20 to be wrapped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_utils.address import is_address, is_checksum_address, to_checksum_address

from tribune.exceptions import ConfigurationError

_HOLDERS = "Each is written with an address and a whole number of tokens above 0."
_FORMS = (
    'Give name, symbol and holders for a new token, address = "0x…" for an existing one, or wrap = "0x…" '
    "with name and symbol for an ERC-20 to be wrapped."
)


@dataclass(frozen=True)
class Holder:
    """Who gets how many tokens (whole tokens, 18 decimals)."""

    address: str
    tokens: int


@dataclass(frozen=True)
class OwnToken:
    """A new token, given out whole at deployment."""

    name: str
    symbol: str
    holders: tuple[Holder, ...]


@dataclass(frozen=True)
class ExistingToken:
    """A token that the DAO has; its clock must count seconds (ERC-6372 `mode=timestamp`)."""

    address: str
    delegates: tuple[str, ...] = ()
    """Accounts whose votes together should reach the quorum; power cannot be listed from the chain."""


@dataclass(frozen=True)
class WrappedToken:
    """An ERC-20 without votes, or with a block clock: holders deposit it and get votes for it."""

    underlying: str
    name: str
    symbol: str


TokenConfig = OwnToken | ExistingToken | WrappedToken


def read_token(raw: Mapping[str, Any], holders: tuple[Holder, ...], path: Path) -> TokenConfig:
    """Return what a `[token]` table asks for; `holders` replaces its own where it is given.

    Raises:
        ConfigurationError: it is none of the three forms, or two at once.
    """
    keys = set(raw)
    if "address" in keys and keys <= {"address", "delegates"} and not holders:
        delegates = raw.get("delegates", [])
        if not isinstance(delegates, list):
            raise ConfigurationError(f"{path}: the delegates of [token] are no list.", mend=_FORMS)
        return ExistingToken(
            address(raw["address"], f"{path}: [token]"),
            tuple(address(one, f"{path}: a delegate of [token]") for one in delegates),
        )
    if keys == {"wrap", "name", "symbol"} and not holders:
        underlying = address(raw["wrap"], f"{path}: wrap of [token]")
        return WrappedToken(underlying, str(raw["name"]), str(raw["symbol"]))
    if {"name", "symbol"} <= keys <= {"name", "symbol", "holders"}:
        listed = holders or read_holders(raw.get("holders", []))
        return OwnToken(str(raw["name"]), str(raw["symbol"]), listed)
    raise ConfigurationError(f"{path}: [token] is none of its three forms.", mend=_FORMS)


def read_holders(listed: object) -> tuple[Holder, ...]:
    """Return the holders of a list of `{"address", "tokens"}`.

    Raises:
        ConfigurationError: it is another thing, an address is none, or a number of tokens is not above 0.
    """
    if not isinstance(listed, list):
        raise ConfigurationError("The holders are no list.", mend=_HOLDERS)
    holders = []
    for place, entry in enumerate(listed, start=1):
        fields_given = dict(entry) if isinstance(entry, dict) else {}
        who, tokens = fields_given.pop("address", None), fields_given.pop("tokens", None)
        if fields_given or not (isinstance(who, str) and is_address(who)):
            raise ConfigurationError(f"Holder {place} has no address that is one.", mend=_HOLDERS)
        if type(tokens) is not int or tokens < 1:
            raise ConfigurationError(f"Holder {place} has no tokens.", mend=_HOLDERS)
        holders.append(Holder(address(who, f"holder {place}"), tokens))
    return tuple(holders)


def address(value: object, what: str) -> str:
    """Return an address with its checksum.

    Raises:
        ConfigurationError: it is no address, the zero address, or was mistyped (EIP-55).
    """
    if not isinstance(value, str) or not is_address(value) or int(value, 16) == 0:
        raise ConfigurationError(f"{what}: {value!r} is no address.", mend="Write 0x and 40 hex digits.")
    mixed = value[2:] not in (value[2:].lower(), value[2:].upper())
    if mixed and not is_checksum_address(value):
        raise ConfigurationError(
            f"{what}: the checksum of {value} is wrong.", mend="A digit was mistyped; copy it anew."
        )
    return to_checksum_address(value)
