"""The log that is told of each new grid: named once, and before any policy."""

from __future__ import annotations

import ape

from contracts.calls import refused
from contracts.world import World, policy


def test_set_log__named_already__refused(world: World) -> None:
    refused(
        "PolicyLogNamed",
        world.policies.setLog,
        world.stranger,
        sender=world.admin,
        log=world.log.address.lower(),
    )
    assert world.policies.log() == world.log.address


def test_set_policy__no_log_named_yet__refused(world: World) -> None:
    book = world.stranger.deploy(ape.project.PolicyBook, world.access, world.monitor_registry)
    refused("PolicyLogMissing", book.setPolicy, 1, policy(world.monitors), sender=world.admin)
    assert book.policyCount(1) == 0
