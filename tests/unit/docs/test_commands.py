"""Every command that a page names would be taken as it stands: by `tribune`, `ape run`, `make`, `python`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import pages
from support.anvil import ROOT
from support.commands import fault

PROGRAMS = r"(?:tribune|ape|make|python -m) "
BEFORE = r"(?:[A-Z_]+=\S+ )*(?:[\w./]*/)?"
INLINE = re.compile(rf"(?<!`)`{BEFORE}({PROGRAMS}[^`]+)`")
TYPED = re.compile(rf"(?:^|&& |\| |'tribune ){BEFORE}({PROGRAMS}[^|&>]+)", re.MULTILINE)
PAGES = [*pages.pages(), ROOT / "CONTRIBUTING.md"]


def named(page: Path) -> Iterator[tuple[int, str, bool]]:
    """Yield line and text of each command that a page names, and whether it is shown as it is typed."""
    text = page.read_text("utf-8")
    for said in INLINE.finditer(text):
        yield text.count("\n", 0, said.start()) + 1, " ".join(said[1].split()), False
    for block in pages.blocks(page):
        if block.language == "console":
            for command in block.commands:
                for typed in TYPED.finditer(command.typed):
                    yield command.line, typed[1].strip(), not command.typed.endswith("…")
        else:
            for number, line in enumerate(block.text.splitlines(), block.line + 1):
                for typed in TYPED.finditer(line.strip()):
                    yield number, typed[1].strip(), False


COMMANDS = [(page, *one) for page in PAGES for one in named(page)]


@pytest.mark.parametrize("page", PAGES, ids=pages.named)
def test_page__every_command_that_it_names__would_be_taken(page: Path) -> None:
    faults = []
    for number, text, whole in named(page):
        found = fault(text, whole=whole)
        if found:
            faults.append(f"{pages.named(page)}:{number}: `{text}`: {found}")
    assert not faults, "\n".join(faults)


def test_pages__whole__name_many_commands_of_each_program() -> None:
    """The commands were found at all: the test above could not fail on pages that it cannot read."""
    found = [text.split()[0] for _, _, text, _ in COMMANDS]
    assert found.count("tribune") > 50
    assert found.count("ape") > 10
    assert found.count("make") > 10
    assert found.count("python") > 1
    assert sum(whole for *_, whole in COMMANDS) > 30


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("tribune measure log.parquet --policy policy.toml", None),
        ("tribune measure --engine spark", None),
        ("tribune measure --engine sparks", "Invalid value for '--engine'"),
        ("tribune measure --polcy policy.toml", "No such option: --polcy"),
        ("tribune measure a.parquet b.parquet", "too many arguments: b.parquet"),
        ("tribune messure log.parquet", "no command messure"),
        ("tribune", None),
        ("tribune verify", None),
        ("tribune verify nothing x", "no command nothing"),
        ("tribune verify --nothing", "No such option: --nothing"),
        ("tribune measure --output", "Option '--output' requires an argument"),
        ("tribune decisions erase --model MODEL --version <n> --older-than DAYS", None),
        ("tribune decisions erase --model one", "Invalid value for '--model'"),
        ("ape run deploy --network … --config deployments/yours.toml --dry-run", None),
        ("ape run deploy --dryrun", "No such option: --dryrun"),
        ("ape run set_policy 1 policy.toml --panel 0x… --panel 0x…", None),
        ("ape run set_policy first policy.toml", "'first' is not a valid integer"),
        ("ape run poke --case 0", "0 is not in the range"),
        ("ape run nothing", "no script nothing"),
        ("ape accounts import ops", None),
        ("make demo KEEP=1", None),
        ("make demo KEPT=1", "no variable KEPT"),
        ("make docs KEEP=1", "no variable KEEP"),
        ("make nothing", "no target nothing"),
        ("make bench NAME=gas", None),
        ("make bench NAME=nothing", "no benchmark nothing"),
        ("python -m scripts.catalogues", None),
        ("python -m scripts.nothing", "no module scripts.nothing"),
    ],
)
def test_fault__of_a_command__says_what_would_not_be_taken(typed: str, why: str | None) -> None:
    found = fault(typed)
    assert found == why or (why is not None and found is not None and why in found)


def test_fault__of_a_whole_command__says_what_it_lacks() -> None:
    assert fault("tribune decisions erase 7", whole=True) == "without model"
    assert fault("ape run set_policy 1", whole=True) == "without policy"
    assert fault("ape run set_policy 1 policy.toml", whole=True) is None
