"""A plan's addresses, and the events that carrying it out leaves at the access manager."""

from __future__ import annotations

from pathlib import Path

from scripts.deployment import config as deployment_config
from scripts.deployment.config import DeploymentConfig, Holder
from scripts.deployment.plan import Call, Step, addresses, resolved, steps
from scripts.deployment.roles import RoleEvent
from support.anvil import ROOT

LOCAL = ROOT / "deployments" / "local.toml"
DEPLOYER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
STRANGER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
HOLDER = Holder(STRANGER, 100)


def config() -> DeploymentConfig:
    return deployment_config.load(LOCAL, (HOLDER,))


def plan() -> tuple[Step, ...]:
    return steps(config(), DEPLOYER)


def where() -> dict[str, str]:
    return addresses(plan(), DEPLOYER, 0)


def granted(role: int, account: str, delay: int = 0) -> RoleEvent:
    return RoleEvent("RoleGranted", {"role_id": role, "account": account, "delay": delay})


def revoked(role: int, account: str) -> RoleEvent:
    return RoleEvent("RoleRevoked", {"role_id": role, "account": account})


def opened_to(role: int, target: str, selector: bytes) -> RoleEvent:
    return RoleEvent("TargetFunctionRoleUpdated", {"target": target, "selector": selector, "role_id": role})


def history() -> list[RoleEvent]:
    """Return the events of a deployment by the plan, derived from its calls."""
    found = where()
    events = [granted(0, DEPLOYER)]  # the access manager's constructor
    for step in plan():
        if not isinstance(step, Call) or step.name != "TribuneAccessManager":
            continue
        arguments = resolved(step.arguments, found.__getitem__)
        if step.function == "grantRole":
            events.append(granted(arguments[0], arguments[1]))
        elif step.function == "renounceRole":
            events.append(revoked(arguments[0], arguments[1]))
        elif step.function == "setTargetFunctionRole":
            target, selectors, role = arguments
            events += [opened_to(role, target, selector) for selector in selectors]
    return events


def changed(path: Path, old: str, new: str) -> Path:
    """Write the local configuration with one text replaced; return where."""
    text = LOCAL.read_text()
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1))
    return path
