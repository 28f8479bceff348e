"""Members of a compiled contract and what their NatSpec says, from the compiler's ABI, userdoc and devdoc."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["function", "event", "error"]
_DOCUMENTS = {"function": "methods", "event": "events", "error": "errors"}


@dataclass(frozen=True)
class Value:
    """A parameter or a returned value."""

    name: str
    type: str
    """As Solidity writes it, structs and enums by their names."""
    text: str


@dataclass(frozen=True)
class Member:
    """A public function, event or error."""

    kind: Kind
    name: str
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    mutability: str
    notice: str
    details: str

    @property
    def changes_state(self) -> bool:
        """Whether it is a function that is sent, not read."""
        return self.kind == "function" and self.mutability in ("nonpayable", "payable")

    @property
    def signature(self) -> str:
        """Its declaration, nearly as the source has it."""
        given = ", ".join(f"{value.type} {value.name}".strip() for value in self.inputs)
        line = f"{self.kind} {self.name}({given})"
        if self.kind != "function":
            return line
        if self.mutability != "nonpayable":
            line += f" {self.mutability}"
        if self.outputs:
            line += f" returns ({', '.join(f'{value.type} {value.name}'.strip() for value in self.outputs)})"
        return line


def members(contract: Mapping[str, Any]) -> list[Member]:
    """Return a contract's functions, events and errors by name; `contract` is ape's contract type."""
    found = [_member(entry, contract) for entry in contract["abi"] if entry["type"] in _DOCUMENTS]
    return sorted(found, key=lambda member: (member.name.lower(), member.signature))


def named_types(contract: Mapping[str, Any]) -> set[str]:
    """Return the names of the structs and enums in a contract's ABI."""
    found: set[str] = set()

    def look(entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            kind, _, name = entry.get("internalType", "").partition(" ")
            if kind in ("struct", "enum"):
                found.add(name.split("[")[0].split(".")[-1])
            look(entry.get("components", []))

    for entry in contract["abi"]:
        look(entry.get("inputs", []))
        look(entry.get("outputs", []))
    return found


def _member(entry: dict[str, Any], contract: Mapping[str, Any]) -> Member:
    key = f"{entry['name']}({','.join(_canonical(given) for given in entry['inputs'])})"
    said = _entry(contract.get("userdoc"), entry["type"], key)
    more = _entry(contract.get("devdoc"), entry["type"], key)
    returned = more.get("returns", {})
    return Member(
        kind=entry["type"],
        name=entry["name"],
        inputs=tuple(
            _value(given, more.get("params", {}).get(given["name"], "")) for given in entry["inputs"]
        ),
        outputs=tuple(
            _value(given, returned.get(given["name"] or f"_{place}", ""))
            for place, given in enumerate(entry.get("outputs", []))
        ),
        mutability=entry.get("stateMutability", ""),
        notice=said.get("notice", ""),
        details=more.get("details", ""),
    )


def _entry(document: Mapping[str, Any] | None, kind: str, key: str) -> dict[str, Any]:
    found: Any = ((document or {}).get(_DOCUMENTS[kind]) or {}).get(key, {})
    return dict(found[0] if isinstance(found, list) else found)


def _value(given: Mapping[str, Any], text: str) -> Value:
    kind = str(given.get("internalType", given["type"]))
    for word in ("struct ", "enum ", "contract "):
        kind = kind.removeprefix(word)
    indexed = " indexed" if given.get("indexed") else ""
    return Value(given["name"], kind.split(".")[-1] + indexed, text)


def _canonical(given: Mapping[str, Any]) -> str:
    if not given["type"].startswith("tuple"):
        return str(given["type"])
    return (
        f"({','.join(_canonical(part) for part in given['components'])}){given['type'].removeprefix('tuple')}"
    )
