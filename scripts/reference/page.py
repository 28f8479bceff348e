"""One page of the contract reference, and what is missing on it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from scripts.reference.members import Member, members, named_types
from scripts.reference.sources import Sources, Type


def gaps(name: str, contract: Mapping[str, Any], sources: Sources) -> list[str]:
    """Return the members of ours that say nothing of themselves, as `Contract.member`."""
    found = [
        f"{name}.{member.name}"
        for member in members(contract)
        if member.name in sources.declared and not (member.notice or member.details)
    ]
    return found if sources.units[name].text else [name, *found]


def page(name: str, contract: Mapping[str, Any], sources: Sources) -> str:
    """Return a contract's page as Markdown."""
    unit = sources.units[name]
    listed = members(contract)
    ours = [member for member in listed if member.name in sources.declared]
    functions = [member for member in ours if member.kind == "function"]
    sections = [
        f"# {name}",
        f"`{unit.path}`",
        _linked(unit.text),
        *(f"## {part.name}\n\n`{part.path}`\n\n{_linked(part.text)}" for part in sources.parts(name)),
        *_section("Functions that change state", [one for one in functions if one.changes_state]),
        *_section("Functions that read", [one for one in functions if not one.changes_state]),
        *_section("Events", [member for member in ours if member.kind == "event"]),
        *_section("Errors", [member for member in ours if member.kind == "error"]),
        *_types(sources, named_types(contract)),
        *_inherited([member for member in listed if member.name not in sources.declared]),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


_FOR_WHOM = (
    "*For whoever calls the contracts from her own, reviews them, or acts without our programs. At the end\n"
    "you know what each does, who may call what, and why it refuses. What they are together:\n"
    "[architecture](../architecture.md#contracts), [states of a model](../states.md).*"
)


def index(names: list[str], sources: Sources) -> str:
    """Return the list of all pages, by folder."""
    lines = ["# Contracts", "", _FOR_WHOM, "", "Written from the contracts' own NatSpec by `make abis`.", ""]
    folders: dict[str, list[str]] = {}
    for name in names:
        folders.setdefault(sources.units[name].path.split("/")[1], []).append(name)
    for folder, listed in sorted(folders.items()):
        lines += [f"## {folder}", ""]
        lines += [f"- [{name}]({name}.md): {_first(_linked(sources.units[name].text))}" for name in listed]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _section(title: str, listed: list[Member]) -> list[str]:
    if not listed:
        return []
    return [f"## {title}", *(_block(member) for member in listed)]


def _block(member: Member) -> str:
    lines = [f"### {member.name}", "", "```solidity", member.signature, "```", ""]
    lines += [_linked(text) + "\n" for text in (member.notice, member.details) if text]
    lines += [f"- `{value.name}`: {_linked(value.text)}" for value in member.inputs if value.text]
    lines += [
        f"- returns `{value.name or value.type}`: {_linked(value.text)}"
        for value in member.outputs
        if value.text
    ]
    return "\n".join(lines).rstrip()


def _types(sources: Sources, names: set[str]) -> list[str]:
    listed = [sources.types[name] for name in sorted(names) if name in sources.types]
    return ["## Types", *(_type(one) for one in listed)] if listed else []


def _type(one: Type) -> str:
    lines = [f"### {one.name}", ""]
    if one.text:
        lines += [_linked(one.text), ""]
    if one.kind == "enum":
        lines += ["| value | name | |", "| --- | --- | --- |"]
        lines += [
            f"| {place} | {given.name} | {_cell(given.text)} |" for place, given in enumerate(one.fields)
        ]
    else:
        lines += ["| field | type | |", "| --- | --- | --- |"]
        lines += [f"| {given.name} | `{given.type}` | {_cell(given.text)} |" for given in one.fields]
    return "\n".join(lines)


def _inherited(listed: list[Member]) -> list[str]:
    if not listed:
        return []
    rows = [
        f"| `{member.signature}` | {_cell(_first(member.notice or member.details))} |" for member in listed
    ]
    return ["## From OpenZeppelin", "\n".join(["| member | |", "| --- | --- |", *rows])]


def _first(text: str) -> str:
    """First sentence of a text, on one line."""
    return re.split(r"(?<=\.)\s|\n\n", text.strip(), maxsplit=1)[0].replace("\n", " ")


def _linked(text: str) -> str:
    """Turn NatSpec's references, {Name} and {Name-member}, into code."""
    return re.sub(r"\{([A-Z]?\w+)(?:-(\w+))?\}", lambda m: f"`{m[1]}{'.' + m[2] if m[2] else ''}`", text)


def _cell(text: str) -> str:
    return _linked(text).replace("|", "\\|")
