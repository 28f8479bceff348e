"""Breaches as the hub hands them to the switch, for tests that stand in the hub's place."""

from __future__ import annotations

from typing import Any

from eth_utils.crypto import keccak

from contracts.world import SUSPENSION, World

EVIDENCE = keccak(text="evidence")


def breach(world: World, **changes: Any) -> tuple[Any, ...]:
    """Return a breach of model 1's first rule in frame 2."""
    fields = {
        "kind": 0,
        "model": 1,
        "version": 1,
        "frame": 2,
        "rule": 0,
        "value": 50_000,
        "limit": 20_000,
        "policy": world.policy_digest(),
        "evidence": EVIDENCE,
        "suspension": SUSPENSION,
    }
    return tuple((fields | changes).values())


def trip(world: World, **changes: Any) -> Any:
    """Trip as the hub; return the receipt."""
    return world.switch.trip(breach(world, **changes), sender=world.as_hub)


def open_breach_case(world: World, **changes: Any) -> Any:
    """Open a breach case as the hub; return the receipt."""
    return world.switch.openBreachCase(breach(world, **changes), sender=world.as_hub)
