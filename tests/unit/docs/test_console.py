"""Commands that pages show are run, in order, in a folder of their own, and print what the page shows.

Those that need the demo beside them are run by tests/e2e. Each test below that is named after a reason names
a block that is not run at all.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from support import pages, terminal

PAGES = pages.pages()
BLOCKS = [block for page in PAGES for block in pages.blocks(page)]
TYPED = re.compile(r"^(?:\$ |\.venv/bin/|[A-Z_]+=\S+ )*(?:tribune|ape|make|pip|curl|cast|uvicorn|export) ")


def runnable(page: Path) -> list[pages.Block]:
    """Return what can be run of a page without anything beside it: its commands, and the files for them."""
    found = [block for block in pages.blocks(page) if not block.not_run and not block.run]
    return found if any(block.language == "console" for block in found) else []


RUNNABLE = [page for page in PAGES if runnable(page)]


@dataclass(frozen=True)
class Followed:
    """Where a page was followed to its end, and where it promised something else than what happened."""

    folder: Path
    faults: list[str]


@pytest.fixture(scope="module")
def follow(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Followed]:
    """Follow a page in a folder of its own, once; what goes on from another page begins with its files."""

    @cache
    def following(page: Path) -> Followed:
        folder = tmp_path_factory.mktemp(page.stem)
        before = pages.after(page)
        if before is not None:
            shutil.copytree(following(before).folder, folder, dirs_exist_ok=True)
        return Followed(folder, terminal.faults(terminal.run(runnable(page), folder)))

    return following


@pytest.mark.parametrize("page", RUNNABLE, ids=pages.named)
def test_page__its_commands__print_what_it_shows(page: Path, follow: Callable[[Path], Followed]) -> None:
    faults = follow(page).faults
    assert not faults, "\n\n".join(faults)


def test_pages__whole__have_commands_to_run() -> None:
    """The commands were found at all: the test above could not fail on none."""
    assert "docs/tutorial.md" in map(pages.named, RUNNABLE)


NOT_RUN = [block for block in BLOCKS if block.language == "console" and block.not_run]


@pytest.mark.parametrize("block", NOT_RUN, ids=[f"{b.page}:{b.line}: {b.not_run}" for b in NOT_RUN])
def test_block__not_run__has_commands_and_says_why_and_what_is_tested_instead(block: pages.Block) -> None:
    assert block.commands
    assert len(block.not_run.split()) >= 5


@pytest.mark.parametrize("page", PAGES, ids=pages.named)
def test_page__commands__stand_in_console_blocks_only(page: Path) -> None:
    """Anywhere else nobody would run them."""
    stray, fenced = [], False
    for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif line.startswith("    ") and not fenced and TYPED.match(line.strip()):
            stray.append(f"{pages.named(page)}:{number}: {line.strip()}")
    for block in pages.blocks(page):
        if block.language in ("sh", "bash", "shell", ""):
            stray += [f"{block.page}:{block.line}: {x}" for x in block.text.splitlines() if TYPED.match(x)]
        assert block.run in ("", "demo"), f"{block.page}:{block.line}"
    assert not stray, "\n".join(stray)


@pytest.mark.parametrize("page", PAGES[1:], ids=pages.named)
def test_page__its_beginning__says_for_whom_it_is(page: Path) -> None:
    said = [line for line in page.read_text("utf-8").splitlines()[1:] if line and not line.startswith("<!--")]
    assert said[0].startswith("*For ")
