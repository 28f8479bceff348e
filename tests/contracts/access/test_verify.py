"""`verify_roles` on a real chain: silent about the plan, loud about anything beside it."""

from __future__ import annotations

import click
import pytest

from contracts.world import World
from scripts.deployment.plan import selector
from scripts.deployment.verify import verify


def check(world: World) -> None:
    verify({name: contract.address for name, contract in world.contracts.items()}, 0)


def test_verify__fresh_deployment__passes(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    check(world)
    assert "Keys with admin rights: none" in capsys.readouterr().out


@pytest.mark.parametrize("role", [0, 1, 2, 3, 4])
def test_verify__role_granted_beside_the_plan__fails(world: World, role: int) -> None:
    world.access.grantRole(role, world.stranger, 0, sender=world.admin)
    with pytest.raises(click.ClickException, match=str(world.stranger)):
        check(world)


def test_verify__role_granted_and_taken_back__passes(world: World) -> None:
    world.access.grantRole(1, world.stranger, 0, sender=world.admin)
    world.access.revokeRole(1, world.stranger, sender=world.admin)
    check(world)


def test_verify__governor_lost_its_role__fails(world: World) -> None:
    world.access.revokeRole(1, world.governor, sender=world.admin)
    with pytest.raises(click.ClickException, match="PAUSE is not held by PauseGovernor"):
        check(world)


def test_verify__function_opened_to_all__fails(world: World) -> None:
    world.access.setTargetFunctionRole(
        world.switch, [selector("retire(uint256)")], 2**64 - 1, sender=world.admin
    )
    with pytest.raises(click.ClickException, match="may be called by anyone"):
        check(world)


def test_verify__timelock_given_another_proposer__fails(world: World) -> None:
    world.timelock.grantRole(world.timelock.PROPOSER_ROLE(), world.stranger, sender=world.admin)
    with pytest.raises(click.ClickException, match="timelock role"):
        check(world)


def test_verify__switch_not_told_the_span__fails(world: World) -> None:
    world.switch.setVoteSpan(0, sender=world.as_governor)
    with pytest.raises(click.ClickException, match="pushVoteSpan"):
        check(world)
