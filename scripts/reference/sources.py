"""What the compiler does not hand on of our Solidity: bases, the shape of longer texts, structs and enums.

Reads `contracts/` without mocks, in the one style that these files are written in. Says nothing about
members: their documentation comes from the compiler.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

_UNIT = re.compile(r"^(abstract contract|contract|interface|library) (\w+)(?:\s+is\s+([^{]+))?\s*\{", re.M)
_TYPE = re.compile(r"^( *)(struct|enum) (\w+) \{\n(.*?)^\1\}", re.M | re.S)
_DECLARED = re.compile(
    r"^    (?:function|event|error) (\w+)\(|^    [\w().=> ,\[\]]+? public [\w ]*?(\w+)(?: =.*)?;", re.M
)
_FIELD = re.compile(r"([\w.\[\]()=> ]+?) (\w+);")


@dataclass(frozen=True)
class Field:
    """A struct's field or an enum's value; `type` is empty for the latter."""

    name: str
    type: str
    text: str


@dataclass(frozen=True)
class Type:
    """A struct or an enum."""

    kind: str
    name: str
    text: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Unit:
    """A contract, interface or library as its source has it."""

    kind: str
    name: str
    bases: tuple[str, ...]
    path: str
    text: str
    """Markdown: notice and design, without the title."""


@dataclass(frozen=True)
class Sources:
    """All of our Solidity but mocks."""

    files: dict[str, str] = field(repr=False)
    """Path from the project's root → text."""

    @classmethod
    def of(cls, root: Path) -> Sources:
        """Read `root`/contracts."""
        paths = sorted((root / "contracts").rglob("*.sol"))
        found = {str(path.relative_to(root)): path.read_text(encoding="utf-8") for path in paths}
        return cls({path: text for path, text in found.items() if "/mocks/" not in path})

    @cached_property
    def units(self) -> dict[str, Unit]:
        """Name → contract, interface or library."""
        found = {}
        for path, text in self.files.items():
            for match in _UNIT.finditer(text):
                kind, name, bases = match.group(1), match.group(2), match.group(3) or ""
                listed = tuple(re.sub(r"\(.*", "", base).strip() for base in bases.split(",") if base.strip())
                found[name] = Unit(kind, name, listed, path, _markdown(_comment_above(text, match.start())))
        return found

    @cached_property
    def types(self) -> dict[str, Type]:
        """Name → struct or enum."""
        found = {}
        for text in self.files.values():
            for match in _TYPE.finditer(text):
                above = _markdown(_comment_above(text, match.start()))
                found[match.group(3)] = Type(match.group(2), match.group(3), above, _fields(match.group(4)))
        return found

    @cached_property
    def declared(self) -> frozenset[str]:
        """Names of functions, events, errors and public variables that our sources declare."""
        return frozenset(
            match.group(1) or match.group(2)
            for text in self.files.values()
            for match in _DECLARED.finditer(text)
        )

    def parts(self, name: str) -> list[Unit]:
        """Return our abstract contracts that make up a contract, each once, in the order of the source."""
        found: dict[str, Unit] = {}
        for base in self.units[name].bases if name in self.units else ():
            if base in self.units and self.units[base].kind == "abstract contract":
                found |= {unit.name: unit for unit in self.parts(base)}
                found[base] = self.units[base]
        return list(found.values())


def _comment_above(text: str, end: int) -> list[str]:
    """Lines of the documentation comment that ends right above `end`, without their marks."""
    lines = text[:end].rstrip("\n").split("\n")
    if lines[-1].strip() == "*/":
        first = max(i for i, line in enumerate(lines) if line.strip() == "/**")
        return [re.sub(r"^ *\* ?", "", line) for line in lines[first + 1 : -1]]
    first = len(lines)
    while first > 0 and lines[first - 1].strip().startswith("///"):
        first -= 1
    return [re.sub(r"^ */// ?", "", line) for line in lines[first:]]


def _markdown(lines: list[str]) -> str:
    """Return a comment as Markdown: `Decisions` and the like become bold, with a line before their list."""
    found: list[str] = []
    for line in lines:
        if line.startswith("@title"):
            continue
        text = re.sub(r"^@(notice|dev) ", "", line)
        if re.fullmatch(r"[A-Z][a-z]+", text):
            text = f"**{text}**\n"
        if line.startswith("@dev") and found:
            found.append("")
        found.append(re.sub(r"^(Problem|Solution|Decisions|Assumptions)\.", r"**\1.**", text))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(found)).strip()


def _fields(body: str) -> tuple[Field, ...]:
    found: list[Field] = []
    text: list[str] = []
    for line in (line.strip() for line in body.splitlines()):
        if line.startswith("///"):
            text.append(line.removeprefix("///").strip())
        elif match := _FIELD.fullmatch(line):
            found.append(Field(match.group(2), match.group(1), " ".join(text)))
            text = []
        elif match := re.fullmatch(r"(\w+),?", line):
            found.append(Field(match.group(1), "", " ".join(text)))
            text = []
    return tuple(found)
