"""The distributions, built once, and environments, made once each."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from packages.environments import Environment, uv
from support.anvil import ROOT


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("built")
    uv("build", "-q", "-o", str(folder), str(ROOT))
    return folder


@pytest.fixture(scope="session")
def wheel(built: Path) -> Path:
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def sdist(built: Path) -> Path:
    (found,) = built.glob("*.tar.gz")
    return found


@pytest.fixture(scope="session")
def environment_of(
    wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Environment]]:
    """Environments by extra; those that are no longer asked for are removed at the end."""
    folder = tmp_path_factory.mktemp("environments")
    made: dict[str, Environment] = {}

    def of(extra: str) -> Environment:
        if extra not in made:
            made[extra] = Environment.make(folder / (extra or "none"), wheel, extra)
        return made[extra]

    yield of
    shutil.rmtree(folder, ignore_errors=True)
