"""Every piece of `tribune.toml` that a page shows can be used as it stands: no setting that there is not."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from support import pages
from tribune.settings import Settings
from tribune.settings.loading import load_settings

SHOWN = [block for page in pages.pages() for block in pages.blocks(page) if block.language == "toml"]
OURS = [block for block in SHOWN if set(tomllib.loads(block.text)) & set(Settings.model_fields)]
OTHERS = {"source"}
"""Tables of other files that pages show: model.toml."""


@pytest.mark.parametrize("block", OURS, ids=[f"{block.page}:{block.line}" for block in OURS])
def test_settings__as_a_page_shows_them__are_taken(block: pages.Block, tmp_path: Path) -> None:
    path = tmp_path / "tribune.toml"
    path.write_text(block.text, "utf-8")
    load_settings(path)


def test_toml__whole__is_ours_or_of_a_file_that_we_know() -> None:
    assert len(OURS) > 8
    for block in SHOWN:
        tables = set(tomllib.loads(block.text))
        assert tables <= set(Settings.model_fields) | OTHERS, f"{block.page}:{block.line}"
