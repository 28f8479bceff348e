"""The demo's model world, made once a run: both versions trained, the first one's reference sealed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from examples.acs_employment.model import Model, load_model
from examples.acs_employment.reference import Reference, make_reference
from examples.acs_employment.train import train
from tribune.ids import ModelId, VersionNumber


@dataclass(frozen=True)
class World:
    """Cards of the trained versions."""

    v1: Path
    v2: Path


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("artifacts")
    return World(train("v1", folder), train("v2", folder))


@pytest.fixture(scope="session")
def v1(world: World) -> Model:
    return load_model(world.v1)


@pytest.fixture(scope="session")
def v2(world: World) -> Model:
    return load_model(world.v2)


@pytest.fixture(scope="session")
def reference(world: World, tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return make_reference(world.v1, tmp_path_factory.mktemp("log"), ModelId(1), VersionNumber(1))
