"""A consumer refuses a model's output while the model may not run, by the real switch."""

from __future__ import annotations

from typing import Any

import ape
import pytest

from contracts.calls import now, refused, warp_to
from contracts.world import World


@pytest.fixture
def consumer(world: World) -> Any:
    return world.stranger.deploy(ape.project.GuardedConsumer, world.switch)


def refuses(world: World, consumer: Any, model: int = 1, version: int = 1) -> None:
    """Assert that neither modifier lets the output through."""
    refused("ModelNotOperational", consumer.use, model, sender=world.stranger, modelId=model)
    refused(
        "ModelVersionNotOperational",
        consumer.useVersion,
        model,
        version,
        sender=world.stranger,
        modelId=model,
        version=version,
    )


def test_when_operational__model_in_service__passes(world: World, consumer: Any) -> None:
    assert consumer.use(1)
    assert consumer.useVersion(1, 1)


def test_when_operational__suspended__refused_until_the_bound(world: World, consumer: Any) -> None:
    world.breach()
    refuses(world, consumer)
    warp_to(int(world.switch.statusOf(1).until))
    assert consumer.use(1)
    assert consumer.useVersion(1, 1)


def test_when_operational__paused_by_vote__refused_until_the_resume(world: World, consumer: Any) -> None:
    world.pause()
    refuses(world, consumer)
    world.resume()
    assert consumer.use(1)


def test_when_operational__retired__refused(world: World, consumer: Any) -> None:
    world.switch.retire(1, sender=world.admin)
    refuses(world, consumer)


def test_when_operational__global_halt__refused_until_its_end(world: World, consumer: Any) -> None:
    end = now() + 1000
    world.switch.halt(end, sender=world.admin)
    refuses(world, consumer)
    warp_to(end)
    assert consumer.use(1)


def test_when_operational__unknown_model__refused(world: World, consumer: Any) -> None:
    for model in (0, 2):
        refuses(world, consumer, model)


def test_when_version_operational__another_version_in_force__refused(world: World, consumer: Any) -> None:
    world.next_version()
    assert consumer.use(1)
    assert consumer.useVersion(1, 2)
    refused("ModelVersionNotOperational", consumer.useVersion, 1, 1, sender=world.stranger)


def test_when_operational__switch_that_is_no_contract__refused(world: World) -> None:
    """Fails closed: what does not answer says no."""
    blind = world.stranger.deploy(ape.project.GuardedConsumer, world.outsider)
    refused("", blind.use, 1, sender=world.stranger)
    refused("", blind.useVersion, 1, 1, sender=world.stranger)
