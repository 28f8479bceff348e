"""A guardian, and further models for it to act on: a deployment need not name one; tests appoint theirs."""

from __future__ import annotations

from typing import Any

import ape
from eth_utils.crypto import keccak

from contracts.calls import now, warp_to
from contracts.world import World, policy, version

GUARDIAN = 3
WHY = keccak(text="what the guardian saw")


def appoint(world: World) -> Any:
    """Let governance give GUARDIAN to an account that has nothing else, and return it."""
    account = ape.accounts.test_accounts.generate_test_account()
    account.balance = 10**20
    world.access.grantRole(GUARDIAN, account, 0, sender=world.admin)
    return account


def more_models(world: World, count: int) -> list[int]:
    """Bring further models into Active; return their ids."""
    models = []
    for _ in range(count):
        world.registry.registerModel("further", sender=world.steward)
        model = int(world.registry.modelCount())
        world.registry.registerVersion(model, version(), sender=world.steward)
        world.policies.setPolicy(model, policy(world.monitors), sender=world.admin)
        models.append(model)
    warp_to(now() + 5)
    for model in models:
        world.evaluate(1, model=model)
        world.registry.activate(model, 1, sender=world.steward)
    warp_to(max(int(world.registry.activeSince(model)) for model in models))
    return models
