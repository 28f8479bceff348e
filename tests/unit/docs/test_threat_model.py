"""The threat model names its tests: every one of them exists, and every row has one."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MODEL = (ROOT / "docs" / "threat-model.md").read_text("utf-8")
NAMES = sorted(set(re.findall(r"`(\w+__\w+)`", MODEL)))
PATHS = sorted(set(re.findall(r"`(tests/[\w./-]+\.(?:py|sol))`", MODEL)))
TABLES = MODEL[: MODEL.index("\n## Known")]
ATTEMPTS = [line for line in TABLES.splitlines() if line.startswith("| ") and not line.startswith("| ---")]


@cache
def defined() -> frozenset[str]:
    """Names of all tests and invariants in the repository."""
    found: set[str] = set()
    for path in (ROOT / "tests").rglob("*"):
        if path.suffix in (".py", ".sol"):
            text = path.read_text("utf-8")
            found.update(re.findall(r"^\s*(?:async )?(?:def|function) (\w+)\(", text, re.MULTILINE))
    return frozenset(found)


@pytest.mark.parametrize("name", NAMES)
def test_threat_model__test_that_it_names__exists(name: str) -> None:
    assert name in defined()


@pytest.mark.parametrize("path", PATHS)
def test_threat_model__file_that_it_names__exists(path: str) -> None:
    assert (ROOT / path).is_file()


@pytest.mark.parametrize("row", ATTEMPTS, ids=[row.split("|")[1].strip()[:60] for row in ATTEMPTS])
def test_threat_model__each_row__names_a_test(row: str) -> None:
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    header = cells[0] in ("attempt", "invariant")
    assert len(cells) == 3
    assert header or re.search(r"`(\w+__\w+|tests/[\w./-]+)`", cells[2])


def test_threat_model__whole__has_attempts_and_every_invariant() -> None:
    """The two tables were found at all: the tests above could not fail on an empty page."""
    fuzzed = (ROOT / "tests/forge/invariants/Oversight.t.sol").read_text("utf-8")
    invariants = re.findall(r"function (\w+__\w+)\(\) public view", fuzzed)
    assert len(invariants) >= 12
    assert set(invariants) <= set(NAMES)
    assert len(ATTEMPTS) > 40
