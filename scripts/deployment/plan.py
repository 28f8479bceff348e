"""The steps of a deployment, in order, as data.

A step names its contract and its arguments; `Ref("X")` stands for the address of a contract of the plan, also
of one that comes later: addresses follow from the deployer's nonce. The last step takes the deployer's rights
away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import rlp  # type: ignore[import-untyped]
from eth_utils.address import to_checksum_address
from eth_utils.conversions import to_bytes
from eth_utils.crypto import keccak

from scripts.deployment.config import DeploymentConfig

ADMIN, PAUSE, HUB, GUARDIAN, REGISTRY = range(5)
ROLE_NAMES = {ADMIN: "ADMIN", PAUSE: "PAUSE", HUB: "HUB", GUARDIAN: "GUARDIAN", REGISTRY: "REGISTRY"}
ZERO = "0x" + "00" * 20
UNIT = 10**18

RESTRICTED: dict[int, dict[str, tuple[str, ...]]] = {
    PAUSE: {
        "KillSwitch": (
            "pause(uint256,uint256,uint64)",
            "resume(uint256,uint32,uint64)",
            "openHolderCase(uint256,uint8,uint32,bytes32)",
            "markVote(uint256,uint256)",
            "setVoteSpan(uint48)",
        )
    },
    HUB: {
        "KillSwitch": (
            "trip((uint256,uint32,uint64,uint16,int64,int64,bytes32,bytes32,uint32))",
            "openBreachCase((uint256,uint32,uint64,uint16,int64,int64,bytes32,bytes32,uint32))",
        )
    },
    REGISTRY: {"ReportHub": ("onActivate(uint256,uint32,uint48)",)},
}
"""Functions of each role; every other restricted function is ADMIN's."""

HOLDERS = {ADMIN: "TribuneTimelock", PAUSE: "PauseGovernor", HUB: "ReportHub", REGISTRY: "ModelRegistry"}
"""The one holder of each role after a deployment; GUARDIAN has none until governance grants it."""


@dataclass(frozen=True)
class Ref:
    """The address of a contract of the plan."""

    name: str


@dataclass(frozen=True)
class Deploy:
    """Create a contract."""

    name: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Call:
    """Call a function of a contract of the plan; `why` is for people."""

    name: str
    function: str
    arguments: tuple[Any, ...]
    why: str


Step = Deploy | Call


def selector(signature: str) -> bytes:
    """First four bytes of a function signature's hash."""
    return keccak(text=signature)[:4]


def steps(config: DeploymentConfig, deployer: str) -> tuple[Step, ...]:
    """Return all steps of a deployment by `deployer`, contracts first."""
    slow, fast = config.slow_lane, config.fast_lane
    manager, timelock = Ref("TribuneAccessManager"), Ref("TribuneTimelock")
    token, policies, registry = Ref("TribuneToken"), Ref("PolicyBook"), Ref("ModelRegistry")
    switch, hub = Ref("KillSwitch"), Ref("ReportHub")
    lane = (
        fast.voting_delay_s,
        fast.voting_period_s,
        fast.late_extension_s,
        fast.execution_grace_s,
        fast.quorum_percent,
        fast.super_quorum_percent,
        fast.least_period_s,
        fast.most_period_s,
    )
    contracts: tuple[Step, ...] = (
        Deploy("TribuneAccessManager", (deployer,)),
        Deploy(
            "TribuneToken",
            (
                config.token_name,
                config.token_symbol,
                [holder.address for holder in config.holders],
                [holder.tokens * UNIT for holder in config.holders],
            ),
        ),
        # Executor zero: anyone may carry out what was decided. No admin: it administers itself.
        Deploy("TribuneTimelock", (slow.timelock_delay_s, [Ref("OversightGovernor")], [ZERO])),
        Deploy(
            "OversightGovernor",
            (
                token,
                timelock,
                slow.voting_delay_s,
                slow.voting_period_s,
                slow.threshold_tokens * UNIT,
                slow.quorum_percent,
                slow.late_extension_s,
            ),
        ),
        Deploy("MonitorRegistry", (manager,)),
        Deploy("PolicyBook", (manager, Ref("MonitorRegistry"))),
        Deploy("ModelRegistry", (manager, policies)),
        Deploy("DecisionLog", (registry, policies)),
        Deploy(
            "KillSwitch",
            (
                manager,
                registry,
                policies,
                config.switch_least.as_tuple(),
                config.switch.as_tuple(),
                config.switch_most.as_tuple(),
            ),
        ),
        Deploy("ReportHub", (manager, policies, registry, Ref("DecisionLog"), switch)),
        Deploy("PauseGovernor", (token, switch, registry, timelock, lane)),
    )
    roles: list[Step] = [
        Call("ModelRegistry", "setHub", (hub,), "the registry asks this hub about evaluations")
    ]
    for role, targets in RESTRICTED.items():
        roles.append(Call("TribuneAccessManager", "labelRole", (role, ROLE_NAMES[role]), "names the role"))
        for target, functions in targets.items():
            selectors = [selector(function) for function in functions]
            roles.append(
                Call(
                    "TribuneAccessManager",
                    "setTargetFunctionRole",
                    (Ref(target), selectors, role),
                    f"{ROLE_NAMES[role]} may call {', '.join(f.split('(')[0] for f in functions)}",
                )
            )
    for role, holder in HOLDERS.items():
        if role != ADMIN:
            roles.append(
                Call(
                    "TribuneAccessManager",
                    "grantRole",
                    (role, Ref(holder), 0),
                    f"{holder} gets {ROLE_NAMES[role]}",
                )
            )
    return (
        *contracts,
        *roles,
        Call("PauseGovernor", "pushVoteSpan", (), "the switch learns how long a vote can take"),
        Call("TribuneAccessManager", "grantRole", (ADMIN, timelock, 0), "the timelock gets ADMIN"),
        Call("TribuneAccessManager", "renounceRole", (ADMIN, deployer), "the deployer gives up ADMIN"),
    )


def addresses(plan: tuple[Step, ...], deployer: str, nonce: int) -> dict[str, str]:
    """Return name → address of each contract, given the deployer's next nonce."""
    found: dict[str, str] = {}
    for offset, step in enumerate(plan):
        if isinstance(step, Deploy):
            encoded = rlp.encode([to_bytes(hexstr=deployer), nonce + offset])
            found[step.name] = to_checksum_address(keccak(encoded)[12:])
    return found


def resolved(value: Any, address_of: Callable[[str], str]) -> Any:
    """Return `value` with every `Ref` in it replaced by an address."""
    if isinstance(value, Ref):
        return address_of(value.name)
    if isinstance(value, (list, tuple)):
        return type(value)(resolved(item, address_of) for item in value)
    return value
