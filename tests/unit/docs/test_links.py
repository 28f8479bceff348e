"""Links of README, CONTRIBUTING and CHANGELOG lead somewhere; `make docs` checks those of the pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.anvil import ROOT

LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(#[^)\s]*)?\)")


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as both the site and code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_link__of_a_file_beside_the_docs__leads_to_a_file_and_a_heading(name: str) -> None:
    lost = []
    for path, anchor in LINK.findall((ROOT / name).read_text("utf-8")):
        there = ROOT / (path or name)
        if not there.exists() or (anchor and anchor[1:] not in anchors(there)):
            lost.append(f"{path}{anchor}")
    assert not lost
