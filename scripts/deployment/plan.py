"""The steps of a deployment, in order.

Whoever is `admin` at first sets the roles: the key that deploys, which hands its rights to the executive in
the last steps, or the executive itself, which then is ADMIN from the access manager's creation on.
"""

from __future__ import annotations

from scripts.deployment.config import DeploymentConfig, ExistingToken, OwnToken
from scripts.deployment.role_table import (
    ADMIN,
    GUARDIAN,
    HOLDERS,
    HUB,
    PAUSE,
    REGISTRY,
    RESTRICTED,
    ROLE_NAMES,
    selector,
)
from scripts.deployment.steps import Call, Deploy, Ref, Step, addresses, resolved

__all__ = [
    "ADMIN",
    "GUARDIAN",
    "HOLDERS",
    "HUB",
    "PAUSE",
    "REGISTRY",
    "RESTRICTED",
    "ROLE_NAMES",
    "ZERO",
    "Call",
    "Deploy",
    "Ref",
    "Step",
    "addresses",
    "resolved",
    "selector",
    "steps",
]

ZERO = "0x" + "00" * 20
UNIT = 10**18


def steps(config: DeploymentConfig, admin: str) -> tuple[Step, ...]:
    """Return all steps of a deployment whose first ADMIN is `admin`, contracts first."""
    return (*_contracts(config, admin), *_wiring(), *_roles(config), *_handover(config, admin))


def _contracts(config: DeploymentConfig, admin: str) -> tuple[Deploy, ...]:
    manager, token, executive = Ref("TribuneAccessManager"), _token(config), _executive(config)
    policies, registry, switch = Ref("PolicyBook"), Ref("ModelRegistry"), Ref("KillSwitch")
    bounds = (config.switch_least.as_tuple(), config.switch.as_tuple(), config.switch_most.as_tuple())
    return (
        Deploy("TribuneAccessManager", (admin,)),
        *_own_token(config),
        *_slow_lane(config),
        Deploy("MonitorRegistry", (manager,)),
        Deploy("PolicyBook", (manager, Ref("MonitorRegistry"))),
        Deploy("ModelRegistry", (manager, policies, config.registry.activation_distance_s)),
        Deploy("DecisionLog", (registry, policies)),
        Deploy("KillSwitch", (manager, registry, policies, *bounds)),
        Deploy(
            "ReportHub",
            (manager, policies, registry, Ref("DecisionLog"), switch, config.fast_lane.contract_gas),
        ),
        Deploy("PauseGovernor", (token, switch, registry, executive, config.fast_lane.as_tuple())),
    )


def _token(config: DeploymentConfig) -> Ref | str:
    return config.token.address if isinstance(config.token, ExistingToken) else Ref("TribuneToken")


def _executive(config: DeploymentConfig) -> Ref | str:
    return config.executive or Ref("TribuneTimelock")


def _own_token(config: DeploymentConfig) -> tuple[Deploy, ...]:
    token = config.token
    if isinstance(token, ExistingToken):
        return ()
    if isinstance(token, OwnToken):
        holders = [holder.address for holder in token.holders]
        amounts = [holder.tokens * UNIT for holder in token.holders]
        return (Deploy("TribuneToken", (token.name, token.symbol, holders, amounts)),)
    return (Deploy("TribuneToken", (token.underlying, token.name, token.symbol), kind="TribuneWrappedToken"),)


def _slow_lane(config: DeploymentConfig) -> tuple[Deploy, ...]:
    slow = config.slow_lane
    if slow is None:
        return ()
    settings = (slow.voting_delay_s, slow.voting_period_s, slow.threshold_tokens * UNIT, slow.quorum_percent)
    return (
        # Executor zero: anyone may carry out what was decided. No admin: it administers itself.
        Deploy("TribuneTimelock", (slow.timelock_delay_s, [Ref("OversightGovernor")], [ZERO])),
        Deploy(
            "OversightGovernor", (_token(config), Ref("TribuneTimelock"), *settings, slow.late_extension_s)
        ),
    )


def _wiring() -> tuple[Call, ...]:
    return (
        Call("PolicyBook", "setLog", (Ref("DecisionLog"),), "the book tells this log when frames are sealed"),
        Call("ModelRegistry", "setHub", (Ref("ReportHub"),), "the registry asks this hub about evaluations"),
        Call(
            "KillSwitch",
            "setHub",
            (Ref("ReportHub"),),
            "the switch asks this hub how well a model is watched",
        ),
    )


def _roles(config: DeploymentConfig) -> tuple[Call, ...]:
    """Functions to roles, then roles to holders; the span comes last, since it needs PAUSE."""
    made: list[Call] = []
    for role, targets in RESTRICTED.items():
        made.append(_manager("labelRole", role, ROLE_NAMES[role], why="names the role"))
        for target, functions in targets.items():
            selectors = [selector(function) for function in functions]
            why = f"{ROLE_NAMES[role]} may call {', '.join(f.split('(')[0] for f in functions)}"
            made.append(_manager("setTargetFunctionRole", Ref(target), selectors, role, why=why))
    for role, holder in HOLDERS.items():
        if role != ADMIN:
            made.append(_manager("grantRole", role, Ref(holder), 0, why=f"{holder} gets {ROLE_NAMES[role]}"))
    if config.guardian:
        made.append(_manager("grantRole", GUARDIAN, config.guardian, 0, why="the guardian gets GUARDIAN"))
    span = Call("PauseGovernor", "pushVoteSpan", (), "the switch learns how long a vote can take")
    return (*made, span)


def _handover(config: DeploymentConfig, admin: str) -> tuple[Call, ...]:
    """Return the deployer's last two steps; none where the executive itself was ADMIN from the start."""
    if config.executive == admin:
        return ()
    return (
        _manager("grantRole", ADMIN, _executive(config), 0, why="the executive gets ADMIN"),
        _manager("renounceRole", ADMIN, admin, why="the deployer gives up ADMIN"),
    )


def _manager(function: str, *arguments: object, why: str) -> Call:
    return Call("TribuneAccessManager", function, arguments, why)
