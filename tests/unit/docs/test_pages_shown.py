"""Every address that the page on the pages names is one that `tribune web` answers, and none is forgotten."""

from __future__ import annotations

import re

from support.anvil import ROOT

ROUTE = re.compile(r'\bRoute\(\s*"(/[^"]*)"')
FOR_PROGRAMS = ("/api/", "/healthz", "/link/", "/static", "/p/draft/")
NO_PAGES = (".png", "/{figure}.svg", "/evidence/{cid}")


def answered() -> set[str]:
    """Return the paths of the web's routes that people open, with `*` for what varies."""
    found = {
        path
        for file in (ROOT / "tribune" / "web").rglob("*.py")
        for path in ROUTE.findall(file.read_text("utf-8"))
        if not path.startswith(FOR_PROGRAMS) and not path.endswith(NO_PAGES)
    }
    return {re.sub(r"\{[^}]*\}", "*", path) for path in found}


def shown() -> set[str]:
    """Return the addresses in the first cells of the table, with `*` for what varies."""
    rows = re.findall(r"^\| (`/.*?) \|", (ROOT / "docs" / "pages.md").read_text("utf-8"), re.MULTILINE)
    found = [path for row in rows for path in re.findall(r"`(/[^`]*)`", row)]
    return {re.sub(r"\b\d+\b|0x…|bafkrei…", "*", path) for path in found}


def test_pages__addresses_that_they_name__are_those_that_people_can_open() -> None:
    assert shown() == answered()
