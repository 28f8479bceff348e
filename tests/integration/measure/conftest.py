"""What the measuring commands work on: a model, a reference of 2,000 people and its profile."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from integration.measure.commands import tribune
from support.people import MODEL, people, write


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, a reference and a profile."""
    folder = tmp_path_factory.mktemp("prepared")
    model, profile = folder / "model.toml", folder / "profile.json"
    model.write_text(MODEL)
    reference = write(people(2000, seed=7), folder / "reference.parquet")
    made = tribune("profile", reference, "--spec", model, "-o", profile)
    assert made.exit_code == 0, made.output
    return folder


@pytest.fixture
def bench(prepared: Path, tmp_path: Path) -> Path:
    """The same in a folder of the test's own."""
    return Path(shutil.copytree(prepared, tmp_path / "bench"))
