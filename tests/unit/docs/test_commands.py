"""Every command that a page names exists, with its options: `tribune`, `ape run` and `make`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from support import pages
from support.anvil import ROOT
from tribune.cli import app

INLINE = re.compile(r"(?<!`)`(?:[A-Z_]+=\S+ )*(?:\S*/)?((?:tribune|ape|make) [^`]+)`")
BEFORE = r"(?:^|&& |\| |'tribune )\s*(?:\$ )?(?:[A-Z_]+=\S+ )*(?:\S*/)?"
TYPED = re.compile(BEFORE + r"((?:tribune|ape|make) [^|&>]+)")
PAGES = [*pages.pages(), ROOT / "CONTRIBUTING.md"]
SHARED = (ROOT / "scripts" / "acts" / "command.py").read_text("utf-8")
OF_APE = {"--network", "--help", "--verbosity"}


def named(page: Path) -> Iterator[tuple[int, str]]:
    """Yield line and text of each command that a page names, in a sentence or in a block."""
    text = page.read_text("utf-8")
    for said in INLINE.finditer(text):
        yield text.count("\n", 0, said.start()) + 1, " ".join(said[1].split())
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif (fenced or line.startswith("    ")) and (found := TYPED.search(line)):
            yield number, found[1].split(" #")[0].strip()


COMMANDS = [(page, number, text) for page in PAGES for number, text in named(page)]


def words(text: str) -> list[str]:
    """Split a command as a shell does; what a page leaves out (`…`) is left out."""
    try:
        return [word for word in shlex.split(text) if word != "…"]
    except ValueError:  # an apostrophe in a sentence
        return text.split()


def tribune_fault(typed: list[str]) -> str | None:
    """Say what of a `tribune` command does not exist; None: all of it does."""
    command: Any = get_command(app)
    while hasattr(command, "commands"):
        if not typed or typed[0].startswith("-"):
            known: tuple[list[str], ...] = ([], ["--help"], ["--install-completion"], ["--show-completion"])
            return None if typed in known else f"no option {typed[0]}"
        if typed[0] not in command.commands:
            return f"no command {typed[0]}"
        command = command.commands[typed.pop(0)]
    options = {name: one for one in command.params for name in (*one.opts, *one.secondary_opts)}
    places = [one for one in command.params if not one.opts[0].startswith("-")]
    room = 10**6 if any(one.nargs == -1 for one in places) else sum(one.nargs for one in places)
    while typed:
        word, _, given = typed.pop(0).partition("=")
        if not word.startswith("-") or word == "-":
            room -= 1
        elif word != "--help" and word not in options:
            return f"no option {word}"
        elif word != "--help" and not options[word].is_flag and not given:
            if not typed:
                return f"{word} without a value"
            typed.pop(0)
    return None if room >= 0 else "too many arguments"


def ape_fault(typed: list[str]) -> str | None:
    """Say what of an `ape run` command does not exist; ape's own commands are ape's."""
    if typed[0] != "run":
        return None
    script = ROOT / "scripts" / f"{typed[1]}.py"
    if not script.is_file():
        return f"no script {typed[1]}"
    known = set(re.findall(r'"(--[a-z-]+)', script.read_text("utf-8") + SHARED)) | OF_APE
    return next((f"no option {word}" for word in typed if word.startswith("--") and word not in known), None)


def make_fault(typed: list[str]) -> str | None:
    """Say which target `make` does not know."""
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    return next((f"no target {word}" for word in typed if "=" not in word and word not in targets), None)


FAULTS = {"tribune": tribune_fault, "ape": ape_fault, "make": make_fault}


@pytest.mark.parametrize("page", PAGES, ids=pages.named)
def test_page__every_command_that_it_names__exists(page: Path) -> None:
    faults = []
    for number, text in named(page):
        program, *typed = words(text)
        fault = FAULTS[program](typed)
        if fault:
            faults.append(f"{pages.named(page)}:{number}: `{text}`: {fault}")
    assert not faults, "\n".join(faults)


def test_pages__whole__name_many_commands_of_each_program() -> None:
    """The commands were found at all: the test above could not fail on pages that it cannot read."""
    found = [text.split()[0] for _, _, text in COMMANDS]
    assert found.count("tribune") > 50
    assert found.count("ape") > 10
    assert found.count("make") > 10


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("tribune measure log.parquet --policy policy.toml", None),
        ("tribune measure --polcy policy.toml", "no option --polcy"),
        ("tribune measure a.parquet b.parquet", "too many arguments"),
        ("tribune messure log.parquet", "no command messure"),
        ("tribune verify", None),
        ("tribune verify nothing x", "no command nothing"),
        ("tribune measure --output", "--output without a value"),
        ("ape run deploy --network … --config deployments/yours.toml --dry-run", None),
        ("ape run deploy --dry", "no option --dry"),
        ("ape run nothing", "no script nothing"),
        ("make demo KEEP=1", None),
        ("make nothing", "no target nothing"),
    ],
)
def test_fault__of_a_command__says_what_does_not_exist(typed: str, fault: str | None) -> None:
    program, *rest = words(typed)
    assert FAULTS[program](rest) == fault
