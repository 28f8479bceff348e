"""Reads the documentation's pages: their code blocks, the commands in them, and what they show as the answer.

A fenced block named `console` is a terminal: lines that begin with `$ ` are typed (and go on with `> `), the
others are what was answered, in which `…` stands for anything (alone on a line: for any number of lines). A
block with a `title` is a file. A comment right above a block says more: `<!-- not run: WHY -->`, or
`<!-- run: demo -->` for what needs the demo beside it; for a whole page `<!-- after: OTHER.md -->` goes on in
the folder in which another page's commands were run.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.anvil import ROOT

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)(?P<more>.*)$")
TITLE = re.compile(r'title="([^"]+)"')
NOTE = re.compile(r"^\s*<!-- (?P<kind>not run|run): (?P<words>.+) -->$")
AFTER = re.compile(r"^<!-- after: (\S+) -->$", re.MULTILINE)


@dataclass(frozen=True)
class Command:
    """What is typed, and the lines that are shown as its answer."""

    page: str
    line: int
    typed: str
    shown: tuple[str, ...]

    def answers(self, said: str) -> bool:
        """Say whether a command printed what the page shows; a page that shows nothing promises nothing."""
        if not self.shown:
            return True
        pattern = "".join(
            r"(?:.*\n)*?" if line.strip() == "…" else _any_text(line.rstrip()) + r"[ ]*\n"
            for line in self.shown
        )
        return re.fullmatch(pattern, "".join(f"{line}\n" for line in said.rstrip().splitlines())) is not None


def _any_text(line: str) -> str:
    return ".*".join(re.escape(part) for part in line.split("…"))


@dataclass(frozen=True)
class Block:
    """A fenced code block of a page.

    Args:
        page: its path from the project's folder.
        line: of its fence, from 1.
        language: as written after the fence.
        title: the file that it is; empty: none.
        text: what is in it, without the indent of the fence.
        not_run: why its commands are not run; empty: they are.
        run: what they need to be run: "demo", or nothing.
    """

    page: str
    line: int
    language: str
    title: str
    text: str
    not_run: str
    run: str

    @property
    def commands(self) -> list[Command]:
        """What is typed in it, in order; a line that begins with `> ` goes on with the one before."""
        found: list[tuple[int, str, list[str]]] = []
        for number, line in enumerate(self.text.splitlines(), self.line + 1):
            if line.startswith("$ "):
                found.append((number, line.removeprefix("$ "), []))
            elif found and line.startswith("> ") and not found[-1][2]:
                found[-1] = (found[-1][0], f"{found[-1][1]}\n{line.removeprefix('> ')}", [])
            elif found:
                found[-1][2].append(line)
            else:
                raise AssertionError(f"{self.page}:{number} answers nothing: begin with `$ `")
        return [Command(self.page, at, typed, tuple(shown)) for at, typed, shown in found]


def pages() -> list[Path]:
    """Return README.md and all pages below docs/, but for the contract reference, which is generated."""
    below = sorted((ROOT / "docs").glob("*.md"))
    return [ROOT / "README.md", *below]


def named(path: Path) -> str:
    """Return a page's path from the project's folder."""
    return path.relative_to(ROOT).as_posix()


def after(path: Path) -> Path | None:
    """Return the page whose commands are run before this one's."""
    found = AFTER.search(path.read_text("utf-8"))
    return path.parent / found[1] if found else None


def blocks(path: Path) -> Iterator[Block]:
    """Yield a page's fenced blocks, in order."""
    lines = path.read_text("utf-8").splitlines()
    number = 0
    while number < len(lines):
        fence = FENCE.match(lines[number])
        number += 1
        if not fence:
            continue
        begin, indent = number, fence["indent"]
        while lines[number] != f"{indent}```":
            number += 1
        note = NOTE.match(lines[begin - 2]) if begin > 1 else None
        title = TITLE.search(fence["more"])
        yield Block(
            page=named(path),
            line=begin,
            language=fence["language"],
            title=title[1] if title else "",
            text=textwrap.dedent("".join(f"{line}\n" for line in lines[begin:number])),
            not_run=note["words"] if note and note["kind"] == "not run" else "",
            run=note["words"] if note and note["kind"] == "run" else "",
        )
        number += 1
