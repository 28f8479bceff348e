"""The ERC-8004 agent that a model is known as: the steward's word, which nothing that halts reads."""

from __future__ import annotations

import pytest

from contracts.calls import events, refused
from contracts.world import World

IDENTITY = "0x" + "80" * 20
NOBODY = "0x" + "00" * 20


def test_set_agent__steward__kept_and_said(world: World) -> None:
    receipt = world.registry.setAgent(1, IDENTITY, 22, 8453, sender=world.steward)
    said = events(receipt, "AgentChanged")[0]
    assert tuple(said["current"]) == (8453, IDENTITY, 22)
    assert tuple(said["previous"]) == (0, NOBODY, 0)
    assert tuple(world.registry.agentOf(1)) == (8453, IDENTITY, 22)


def test_set_agent__first_agent_of_a_registry__number_zero_is_one(world: World) -> None:
    world.registry.setAgent(1, IDENTITY, 0, 1, sender=world.steward)
    assert tuple(world.registry.agentOf(1)) == (1, IDENTITY, 0)


def test_set_agent__all_zero__reference_taken_back(world: World) -> None:
    world.registry.setAgent(1, IDENTITY, 22, 8453, sender=world.steward)
    receipt = world.registry.setAgent(1, NOBODY, 0, 0, sender=world.steward)
    assert tuple(events(receipt, "AgentChanged")[0]["previous"]) == (8453, IDENTITY, 22)
    assert tuple(world.registry.agentOf(1)) == (0, NOBODY, 0)


@pytest.mark.parametrize("agent", [(IDENTITY, 1, 0), (NOBODY, 0, 1), (NOBODY, 1, 0)])
def test_set_agent__half_named__refused(world: World, agent: tuple[str, int, int]) -> None:
    refused("AgentInvalid", world.registry.setAgent, 1, *agent, sender=world.steward, modelId=1)


def test_set_agent__not_the_steward__refused(world: World) -> None:
    for sender in (world.stranger, world.admin, world.deployer):
        refused("ModelNotSteward", world.registry.setAgent, 1, IDENTITY, 1, 1, sender=sender)


def test_set_agent__unknown_model__refused(world: World) -> None:
    refused("ERC721NonexistentToken", world.registry.setAgent, 9, IDENTITY, 1, 1, sender=world.steward)


def test_agent_of__none_named__all_zero(world: World) -> None:
    assert tuple(world.registry.agentOf(1)) == (0, NOBODY, 0)
