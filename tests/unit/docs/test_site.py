"""The documentation as a site: every link leads somewhere, and no page asks another host for anything."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.anvil import ROOT
from support.processes import environment

LOADED = re.compile(
    r"<(?:script|link|img|iframe|source)\b[^>]*?\b(?:src|href)=[\"']?(?:https?:)?//", re.IGNORECASE
)
STYLED = re.compile(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", re.IGNORECASE)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", str(folder)],
        cwd=ROOT, env=environment(NO_MKDOCS_2_WARNING="1", HOME=str(folder)), capture_output=True, text=True,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    return folder


def test_site__strict__is_built_with_a_search_and_a_page_for_each_of_ours(site: Path) -> None:
    assert (site / "search" / "search_index.json").is_file()
    ours = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").glob("*.md")}
    assert ours <= {path.relative_to(site) for path in site.rglob("*.html")}


def test_site__every_page_and_style__loads_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert pages
    for path in pages:
        assert not LOADED.search(path.read_text("utf-8")), path.name
    for path in site.rglob("*.css"):
        assert not STYLED.search(path.read_text("utf-8")), path.name


def test_site__link_to_a_file_of_the_project__leads_to_a_copy(site: Path) -> None:
    assert 'href="source/examples/serving/fastapi_app.py"' in (site / "gate.html").read_text("utf-8")
    copy = site / "source" / "examples" / "serving" / "fastapi_app.py"
    assert copy.read_bytes() == (ROOT / "examples" / "serving" / "fastapi_app.py").read_bytes()
