"""Another governor in the place of the first."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

import ape

from contracts.world import LANE, World

PAUSE = 1


def successor(world: World, token: Any = None) -> Any:
    """Deploy another governor and move PAUSE to it, as one proposal of the slow lane would."""
    new = world.stranger.deploy(
        ape.project.PauseGovernor,
        token or world.token,
        world.switch,
        world.registry,
        world.timelock,
        astuple(LANE),
    )
    world.access.grantRole(PAUSE, new, 0, sender=world.admin)
    world.access.revokeRole(PAUSE, world.governor, sender=world.admin)
    return new
