"""Who may call what: the table of section 5, every restricted function tried by everybody else."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.calls import refused
from contracts.kill_switch.breaches import breach, trip
from contracts.kill_switch.guardians import appoint
from contracts.world import INITIAL, World, policy, rule
from scripts.deployment.plan import HOLDERS, RESTRICTED, ROLE_NAMES, selector

Call = tuple[str, str, tuple[Any, ...]]
ADMIN_CALLS: list[Call] = [
    ("policies", "setPolicy", (1, policy([], panel=[], rules=[rule()]))),
    ("monitor_registry", "admit", ("0x" + "11" * 20, "x", "")),
    ("monitor_registry", "dismiss", ("0x" + "11" * 20,)),
    ("policies", "setLog", ("0x" + "11" * 20,)),
    ("registry", "setHub", ("0x" + "11" * 20,)),
    ("registry", "setActivationDistance", (1,)),
    ("switch", "retire", (1,)),
    ("switch", "halt", (0,)),
    ("switch", "rearm", ([1],)),
    ("switch", "setHub", ("0x" + "11" * 20,)),
    ("switch", "setParameters", (INITIAL.as_tuple(),)),
]
PAUSE_CALLS: list[Call] = [
    ("switch", "pause", (1, 1, 0)),
    ("switch", "resume", (1, 1, 0)),
    ("switch", "openHolderCase", (1, 4, 1, bytes(32))),
    ("switch", "markVote", (1, 1)),
    ("switch", "setVoteSpan", (100,)),
]
GUARDIAN_CALLS: list[Call] = [
    ("switch", "guardianSuspend", (1, bytes(31) + b"1")),
    ("switch", "guardianHalt", ()),
]
HUB_CALLS: list[Call] = [("switch", "trip", ()), ("switch", "openBreachCase", ())]
REGISTRY_CALLS: list[Call] = [("hub", "onActivate", (1, 1, 0))]
ALL = ADMIN_CALLS + PAUSE_CALLS + HUB_CALLS + REGISTRY_CALLS + GUARDIAN_CALLS
ACTORS = ("stranger", "steward", "deployer", "monitor", "holder", "hub", "governor", "registry", "admin")
OWNER = {
    **{name: "admin" for _, name, _ in ADMIN_CALLS},
    **{name: "governor" for _, name, _ in PAUSE_CALLS},
    **{name: "hub" for _, name, _ in HUB_CALLS},
    "onActivate": "registry",
    **{name: "guardian" for _, name, _ in GUARDIAN_CALLS},
}
"""Nobody is guardian unless a deployment names one."""


def actor(world: World, name: str) -> Any:
    from contracts.calls import impersonated

    return {
        "stranger": world.stranger,
        "steward": world.steward,
        "deployer": world.deployer,
        "monitor": world.monitors[0],
        "holder": world.holders[0],
        "hub": world.as_hub,
        "governor": world.as_governor,
        "registry": impersonated(world.registry.address),
        "admin": world.admin,
    }[name]


@pytest.mark.parametrize(("contract", "name", "arguments"), ALL, ids=[name for _, name, _ in ALL])
def test_restricted__anyone_but_its_role__refused(
    world: World, contract: str, name: str, arguments: tuple[Any, ...]
) -> None:
    method = getattr(getattr(world, contract), name)
    given = (breach(world),) if name in ("trip", "openBreachCase") else arguments
    for who in ACTORS:
        if who != OWNER[name]:
            sender = actor(world, who)
            refused("AccessManagedUnauthorized", method, *given, sender=sender)


def test_restricted__every_function_that_says_so__tried(world: World) -> None:
    """The list above is whole: every other function that changes state is public on purpose."""
    public = {
        "switch": {"poke"},
        "hub": {"submit", "pokeStale"},
        "policies": set(),
        "monitor_registry": set(),
        "registry": {
            "activate",
            "approve",
            "attest",
            "registerModel",
            "registerVersion",
            "safeTransferFrom",
            "setAgent",
            "setApprovalForAll",
            "transferFrom",
            "withdrawStatement",
        },
    }
    for contract, names in public.items():
        found = {method.name for method in getattr(world, contract).contract_type.mutable_methods}
        tried = {name for where, name, _ in ALL if where == contract}
        # setAuthority can be called by the access manager alone, which only ADMIN can make do so.
        assert found == names | tried | {"setAuthority"}, contract


@pytest.mark.parametrize("contract", ["policies", "monitor_registry", "registry", "hub", "switch"])
def test_set_authority__anyone_but_the_manager__refused(world: World, contract: str) -> None:
    for who in ACTORS:
        method = getattr(world, contract).setAuthority
        refused("AccessManagedUnauthorized", method, world.stranger, sender=actor(world, who))


def test_get_target_function_role__every_selector__as_the_table(world: World) -> None:
    for role, targets in RESTRICTED.items():
        for target, functions in targets.items():
            for function in functions:
                found = world.access.getTargetFunctionRole(world.contracts[target], selector(function))
                assert found == role, (function, ROLE_NAMES[role])


def test_has_role__after_deployment__exactly_its_holder(world: World) -> None:
    everybody = [contract.address for contract in world.contracts.values()]
    everybody += [str(actor(world, who)) for who in ACTORS]
    for role, holder in HOLDERS.items():
        members = {who for who in everybody if world.access.hasRole(role, who)[0]}
        assert members == {world.contracts[holder].address}
        assert world.access.hasRole(role, world.contracts[holder])[1] == 0


def test_has_role__guardian__nobody_yet(world: World) -> None:
    assert not world.access.hasRole(3, world.deployer)[0]
    assert not world.access.hasRole(3, world.timelock)[0]


@pytest.mark.parametrize("name", ["grantRole", "setTargetFunctionRole", "setTargetClosed", "execute"])
def test_access_manager__anyone_but_the_timelock__refused(world: World, name: str) -> None:
    arguments: dict[str, tuple[Any, ...]] = {
        "grantRole": (1, world.stranger, 0),
        "setTargetFunctionRole": (world.switch, [selector("retire(uint256)")], 2**64 - 1),
        "setTargetClosed": (world.switch, True),
        "execute": (world.switch, bytes(world.switch.retire.encode_input(1))),
    }
    error = "AccessManagerUnauthorizedCall" if name == "execute" else "AccessManagerUnauthorizedAccount"
    for who in ACTORS:
        if who != "admin":
            refused(error, getattr(world.access, name), *arguments[name], sender=actor(world, who))


def test_timelock__roles__governor_proposes_anyone_executes_nobody_administers(world: World) -> None:
    timelock, governor = world.timelock, world.oversight
    zero = "0x" + "00" * 20
    assert timelock.hasRole(timelock.PROPOSER_ROLE(), governor)
    assert timelock.hasRole(timelock.CANCELLER_ROLE(), governor)
    assert timelock.hasRole(timelock.EXECUTOR_ROLE(), zero)
    assert timelock.hasRole(timelock.DEFAULT_ADMIN_ROLE(), timelock)
    for who in (world.deployer, world.stranger, world.as_governor):
        for role in (timelock.PROPOSER_ROLE(), timelock.CANCELLER_ROLE(), timelock.DEFAULT_ADMIN_ROLE()):
            assert not timelock.hasRole(role, who)


def test_timelock__schedule_by_a_key__refused(world: World) -> None:
    call = bytes(world.switch.retire.encode_input(1))
    zero = bytes(32)
    for who in (world.deployer, world.stranger, world.steward):
        refused(
            "AccessControlUnauthorizedAccount",
            world.timelock.schedule,
            world.switch.address,
            0,
            call,
            zero,
            zero,
            1000,
            sender=who,
        )


@pytest.mark.parametrize(("contract", "name", "arguments"), ALL, ids=[name for _, name, _ in ALL])
def test_restricted__the_guardian__its_own_two_functions_and_no_other(
    world: World, contract: str, name: str, arguments: tuple[Any, ...]
) -> None:
    guardian = appoint(world)
    method = getattr(getattr(world, contract), name)
    given = (breach(world),) if name in ("trip", "openBreachCase") else arguments
    if (contract, name, arguments) in GUARDIAN_CALLS:
        method(*given, sender=guardian)
        assert not world.switch.isOperational(1)
    else:
        refused("AccessManagedUnauthorized", method, *given, sender=guardian)


@pytest.mark.parametrize("name", ["grantRole", "setTargetClosed"])
def test_access_manager__the_guardian__refused(world: World, name: str) -> None:
    guardian = appoint(world)
    arguments = (3, world.stranger, 0) if name == "grantRole" else (world.switch, True)
    method = getattr(world.access, name)
    refused("AccessManagerUnauthorizedAccount", method, *arguments, sender=guardian)


def test_trip__role_given_to_a_new_hub__old_one_refused(world: World) -> None:
    world.access.revokeRole(2, world.hub, sender=world.admin)
    refused("AccessManagedUnauthorized", world.switch.trip, breach(world), sender=world.as_hub)
    world.access.grantRole(2, world.outsider, 0, sender=world.admin)
    world.switch.trip(breach(world), sender=world.outsider)
    assert world.state() == "Suspended"


def test_trip__hub__allowed(world: World) -> None:
    trip(world)
    assert world.state() == "Suspended"
