"""What a step of a deployment is: a contract's creation or a call, as data.

A step names its contract and its arguments; `Ref("X")` stands for the address of a contract of the plan,
also of one that comes later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import rlp  # type: ignore[import-untyped]
from eth_utils.address import to_checksum_address
from eth_utils.conversions import to_bytes
from eth_utils.crypto import keccak


@dataclass(frozen=True)
class Ref:
    """The address of a contract of the plan."""

    name: str


@dataclass(frozen=True)
class Deploy:
    """Create a contract; `kind` is its type where that has another name than its place in the record."""

    name: str
    arguments: tuple[Any, ...]
    kind: str = ""

    @property
    def contract(self) -> str:
        """Name of the contract's type."""
        return self.kind or self.name


@dataclass(frozen=True)
class Call:
    """Call a function of a contract of the plan; `why` is for people."""

    name: str
    function: str
    arguments: tuple[Any, ...]
    why: str


Step = Deploy | Call


def addresses(plan: Sequence[Step], deployer: str, nonce: int) -> dict[str, str]:
    """Return name → address of each contract that a key creates, given the key's next nonce."""
    found: dict[str, str] = {}
    for offset, step in enumerate(plan):
        if isinstance(step, Deploy):
            encoded = rlp.encode([to_bytes(hexstr=deployer), nonce + offset])
            found[step.name] = to_checksum_address(keccak(encoded)[12:])
    return found


def resolved(value: Any, address_of: Callable[[str], str]) -> Any:
    """Return `value` with every `Ref` in it replaced by an address."""
    if isinstance(value, Ref):
        return address_of(value.name)
    if isinstance(value, (list, tuple)):
        return type(value)(resolved(item, address_of) for item in value)
    return value
