"""`verify_roles` on a real chain: silent about the plan, loud about anything beside it."""

from __future__ import annotations

from typing import Any

import ape
import pytest

from contracts.world import World
from scripts.deployment.ape_key import connected
from scripts.deployment.plan import selector
from scripts.deployment.record import Record
from scripts.deployment.verify import UnsafeDeploymentError, verify


def record(world: World, **changes: Any) -> Record:
    addresses = {name: contract.address for name, contract in world.contracts.items()}
    fields = {"executive": world.timelock.address, "guardian": None, "addresses": addresses} | changes
    return Record(chain_id=world.chain_id, block=0, **fields)


def check(world: World, **changes: Any) -> str:
    said: list[str] = []
    verify(connected(), record(world, **changes), said.append)
    return "\n".join(said)


def other_manager(world: World) -> Any:
    return world.stranger.deploy(ape.project.TribuneAccessManager, world.stranger)


def test_verify__fresh_deployment__passes(world: World) -> None:
    assert "Keys with admin rights: none" in check(world)


def test_verify__small_parameters__warned_of_beside_the_defaults(world: World) -> None:
    said = check(world)
    assert "WARNING: voting period is 1000 s: outside 10 min to 7 d" not in said
    assert "WARNING: suspension budget is 20000 s: outside 1 d to 30 d" in said
    assert "WARNING: longest suspension may be set down to 100 s, for good" in said
    assert "default      7 d, real networks 1 d to 30 d" in said


@pytest.mark.parametrize("role", [0, 1, 2, 3, 4])
def test_verify__role_granted_beside_the_plan__fails(world: World, role: int) -> None:
    world.access.grantRole(role, world.stranger, 0, sender=world.admin)
    with pytest.raises(UnsafeDeploymentError, match=str(world.stranger)):
        check(world)


def test_verify__role_granted_and_taken_back__passes(world: World) -> None:
    world.access.grantRole(1, world.stranger, 0, sender=world.admin)
    world.access.revokeRole(1, world.stranger, sender=world.admin)
    check(world)


def test_verify__governor_lost_its_role__fails(world: World) -> None:
    world.access.revokeRole(1, world.governor, sender=world.admin)
    with pytest.raises(UnsafeDeploymentError, match="PAUSE is not held by PauseGovernor"):
        check(world)


def test_verify__function_opened_to_all__fails(world: World) -> None:
    world.access.setTargetFunctionRole(
        world.switch, [selector("retire(uint256)")], 2**64 - 1, sender=world.admin
    )
    with pytest.raises(UnsafeDeploymentError, match="may be called by anyone"):
        check(world)


def test_verify__timelock_given_another_proposer__fails(world: World) -> None:
    world.timelock.grantRole(world.timelock.PROPOSER_ROLE(), world.stranger, sender=world.admin)
    with pytest.raises(UnsafeDeploymentError, match="timelock role"):
        check(world)


def test_verify__switch_not_told_the_span__fails(world: World) -> None:
    world.switch.setVoteSpan(0, sender=world.as_governor)
    with pytest.raises(UnsafeDeploymentError, match="pushVoteSpan"):
        check(world)


def test_verify__guardian_of_the_record__passes(world: World) -> None:
    world.access.grantRole(3, world.stranger, 0, sender=world.admin)
    assert str(world.stranger) in check(world, guardian=str(world.stranger))


def test_verify__execution_delay__fails(world: World) -> None:
    world.access.grantRole(1, world.governor, 60, sender=world.admin)
    with pytest.raises(UnsafeDeploymentError, match="execution delay of 60 s"):
        check(world)


def test_verify__grant_delay__fails(world: World) -> None:
    world.access.setGrantDelay(1, 86400, sender=world.admin)
    with pytest.raises(UnsafeDeploymentError, match="granting PAUSE waits 86400 s"):
        check(world)


def test_verify__target_admin_delay__fails(world: World) -> None:
    world.access.setTargetAdminDelay(world.switch, 86400, sender=world.admin)
    with pytest.raises(UnsafeDeploymentError, match="changes to KillSwitch wait 86400 s"):
        check(world)


def test_verify__target_closed__fails(world: World) -> None:
    world.access.setTargetClosed(world.hub, True, sender=world.admin)
    with pytest.raises(UnsafeDeploymentError, match="ReportHub is closed"):
        check(world)


def test_verify__role_with_another_admin__fails(world: World) -> None:
    world.access.setRoleAdmin(1, 3, sender=world.admin)
    with pytest.raises(UnsafeDeploymentError, match="the admin of PAUSE is GUARDIAN"):
        check(world)


def test_verify__role_with_a_guardian__fails(world: World) -> None:
    world.access.setRoleGuardian(1, 3, sender=world.admin)
    with pytest.raises(UnsafeDeploymentError, match="the guardian of PAUSE is GUARDIAN"):
        check(world)


def test_verify__operation_scheduled__fails(world: World) -> None:
    world.access.grantRole(0, world.stranger, 60, sender=world.admin)
    call = bytes(world.switch.retire.encode_input(1))
    world.access.schedule(world.switch, call, 0, sender=world.stranger)
    with pytest.raises(UnsafeDeploymentError, match="an operation on KillSwitch is scheduled"):
        check(world)


def test_verify__authority_changed__fails(world: World) -> None:
    world.access.updateAuthority(world.switch, other_manager(world), sender=world.admin)
    with pytest.raises(UnsafeDeploymentError, match="KillSwitch takes its permissions from"):
        check(world)


def test_verify__authority_changed_and_back__fails(world: World) -> None:
    other = other_manager(world)
    world.access.updateAuthority(world.hub, other, sender=world.admin)
    other.updateAuthority(world.hub, world.access, sender=world.stranger)
    with pytest.raises(UnsafeDeploymentError, match="ReportHub took its permissions from elsewhere"):
        check(world)


def test_verify__hub_of_the_registry_changed__fails(world: World) -> None:
    world.registry.setHub(world.stranger, sender=world.admin)
    with pytest.raises(UnsafeDeploymentError, match=f"ModelRegistry.hub is {world.stranger}"):
        check(world)


def test_verify__executive_is_a_key__fails(world: World) -> None:
    world.access.grantRole(0, world.stranger, 0, sender=world.admin)
    world.access.revokeRole(0, world.timelock, sender=world.admin)
    with pytest.raises(UnsafeDeploymentError, match="is a KEY: it has no code"):
        check(world, executive=str(world.stranger))
