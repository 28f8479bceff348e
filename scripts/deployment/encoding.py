"""A plan's steps as transactions: creations sent by a key or through the deterministic factory, and calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from scripts.deployment.steps import Call, Deploy, Step, resolved
from tribune.chain.codec import Abi, type_of

FACTORY = "0x4e59b44847b379578588920cA78FbF26c0B4956C"
"""The deterministic deployment proxy: stands at this address on most networks, has no owner and no state."""
FACTORY_CODE = bytes.fromhex(
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f5"
    "8015156039578182fd5b8082525050506014600cf3"
)


@dataclass(frozen=True)
class Artifact:
    """A compiled contract: its interface and its creation code."""

    name: str
    abi: tuple[Mapping[str, Any], ...]
    code: bytes

    @classmethod
    def of(cls, name: str, compiled: Mapping[str, Any]) -> Artifact:
        """Read a compiled contract as ape writes it."""
        code = str(compiled["deploymentBytecode"]["bytecode"]).removeprefix("0x")
        return cls(name, tuple(compiled["abi"]), bytes.fromhex(code))

    def creation(self, arguments: Sequence[Any]) -> bytes:
        """Return creation code with the constructor's arguments."""
        inputs: list[Mapping[str, Any]] = next(
            (item["inputs"] for item in self.abi if item["type"] == "constructor"), []
        )
        return self.code + encode([type_of(one) for one in inputs], list(arguments))


Artifacts = Callable[[str], Artifact]


@dataclass(frozen=True)
class Transaction:
    """One transaction of a deployment; `to` is None where a key creates a contract."""

    step: Step
    to: str | None
    data: bytes

    @property
    def says(self) -> str:
        """What it does, for people."""
        if isinstance(self.step, Deploy):
            return f"create {self.step.name}"
        return f"{self.step.name}.{self.step.function}: {self.step.why}"


def by_key(plan: Sequence[Step], where: Mapping[str, str], artifacts: Artifacts) -> tuple[Transaction, ...]:
    """Return a plan's transactions as a key sends them, given each contract's address."""
    return tuple(_one(step, where, artifacts, None) for step in plan)


def by_factory(
    plan: Sequence[Step], where: Mapping[str, str], artifacts: Artifacts, salt: bytes
) -> tuple[Transaction, ...]:
    """Return a plan's transactions as a contract sends them: it creates through the factory."""
    return tuple(_one(step, where, artifacts, salt) for step in plan)


def factory_addresses(plan: Sequence[Step], artifacts: Artifacts, salt: bytes) -> dict[str, str]:
    """Return name → address of each contract that the factory creates.

    An address commits to the creation code with all its arguments, the first ADMIN among them: whoever
    sends the transaction, what stands there is what was planned.
    """
    found: dict[str, str] = {}
    for step in plan:
        if isinstance(step, Deploy):
            code = artifacts(step.contract).creation(resolved(step.arguments, found.__getitem__))
            word = b"\xff" + bytes.fromhex(FACTORY[2:]) + salt + keccak(code)
            found[step.name] = to_checksum_address(keccak(word)[12:])
    return found


def digest(transactions: Sequence[Transaction]) -> str:
    """Return what changes if any transaction of a plan does: other code, arguments, order or addresses."""
    parts = (keccak((one.to or "create").encode() + b"|" + one.data) for one in transactions)
    return "0x" + keccak(b"".join(parts)).hex()


def _one(step: Step, where: Mapping[str, str], artifacts: Artifacts, salt: bytes | None) -> Transaction:
    arguments = resolved(step.arguments, where.__getitem__)
    if isinstance(step, Call):
        abi = Abi(step.name, [dict(item) for item in artifacts(step.name).abi])
        return Transaction(step, where[step.name], abi.encode(step.function, arguments))
    code = artifacts(step.contract).creation(arguments)
    return Transaction(step, None, code) if salt is None else Transaction(step, FACTORY, salt + code)
