"""Models and versions as their steward registers them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from contracts.acts.conftest import Desk
from contracts.world import World
from scripts.acts import models
from scripts.acts.models import digest_of
from tribune.chain.model_registry import VersionDetails
from tribune.exceptions import ConfigurationError, RevertedError
from tribune.ids import Digest, ModelId, VersionNumber

DETAILS = VersionDetails(Digest(b"\1" * 32), Digest(b"\2" * 32), Digest(b"\3" * 32), "https://x.example")


def test_register_model__a_name__makes_the_sender_its_steward(desk: Desk, world: World) -> None:
    number = models.register_model(desk.session, desk.key(world.outsider), "credit")
    assert number == 2
    assert world.registry.stewardOf(2) == world.outsider
    assert desk.said[-1] == "It is model 2."


def test_register_model__answer_no__registers_nothing(desk: Desk, world: World) -> None:
    desk.answer = False
    assert models.register_model(desk.session, desk.key(world.outsider), "credit") is None
    assert world.registry.modelCount() == 1


def test_register_version__by_the_steward__registered(desk: Desk, world: World) -> None:
    assert models.register_version(desk.session, desk.key(world.steward), ModelId(1), DETAILS) == 2
    assert world.registry.versionOf(1, 2).artifact == DETAILS.artifact


def test_register_version__by_a_stranger__names_the_mend(desk: Desk, world: World) -> None:
    with pytest.raises(RevertedError, match="Only the model's steward may do this"):
        models.register_version(desk.session, desk.key(world.stranger), ModelId(1), DETAILS)


def test_activate__evaluated__takes_force(desk: Desk, world: World) -> None:
    number = world.next_version(activate=False)
    models.activate(desk.session, desk.key(world.steward), ModelId(1), VersionNumber(number))
    assert world.registry.versionAt(1, 2**40) == number


def test_activate__not_evaluated__names_the_mend(desk: Desk, world: World) -> None:
    models.register_version(desk.session, desk.key(world.steward), ModelId(1), DETAILS)
    with pytest.raises(RevertedError, match="Monitors must report on the version's evaluation set first"):
        models.activate(desk.session, desk.key(world.steward), ModelId(1), VersionNumber(2))


def test_digest_of__a_file__its_sha256(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"weights")
    assert digest_of(str(path), "artifact") == hashlib.sha256(b"weights").digest()


@pytest.mark.parametrize("prefix", ["", "0x"])
def test_digest_of__hex__as_it_is(prefix: str) -> None:
    assert digest_of(prefix + "ab" * 32, "artifact") == b"\xab" * 32


def test_digest_of__nothing__zero() -> None:
    assert digest_of(None, "configuration") == bytes(32)


@pytest.mark.parametrize("given", ["ab" * 31, "nowhere.bin"])
def test_digest_of__neither_file_nor_digest__refused(given: str) -> None:
    with pytest.raises(ConfigurationError, match="no file and no digest"):
        digest_of(given, "artifact")
