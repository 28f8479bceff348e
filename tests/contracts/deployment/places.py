"""What deployments are tried with: configurations, parties with code, and the chain as scripts read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ape

from contracts.calls import impersonated, rpc
from scripts.deployment import config as deployment_config
from scripts.deployment.ape_key import connected
from scripts.deployment.config import DeploymentConfig
from scripts.deployment.node import Node
from support.anvil import ROOT

LOCAL = ROOT / "deployments" / "local.toml"
EXECUTIVE = "0x00000000000000000000000000000000EeEeEEee"
GUARDIAN = "0x000000000000000000000000000000009AAaAAa9"
ANY_CODE = "0x60006000f3"


def party(address: str) -> Any:
    """Return an account with code: a Safe, timelock or DAO, as far as the contracts can see."""
    rpc("anvil_setCode", address, ANY_CODE)
    return impersonated(address)


def node() -> Node:
    """Return the chain that the tests are connected to."""
    return connected()


def existing_token(holders: list[Any]) -> Any:
    """Return a token that the DAO already has; the holders delegated to themselves, 100 votes each."""
    owner = ape.accounts.test_accounts[0]
    amounts = [100 * 10**18] * len(holders)
    token = owner.deploy(ape.project.TribuneToken, "DAO", "DAO", holders, amounts)
    for holder in holders:
        token.invoke_transaction("delegate", str(holder), sender=holder)
    return token


def configured(
    folder: Path, *, token: str, executive: str | None = None, guardian: str | None = None
) -> DeploymentConfig:
    """Return the local configuration with another token, executive or guardian.

    Args:
        folder: where to write it.
        token: lines of the table `[token]`.
        executive: in place of the slow lane.
        guardian: who gets GUARDIAN.
    """
    text = LOCAL.read_text()
    before, _, after = text.partition("[token]")
    _, _, rest = after.partition("[slow_lane]")
    slow, _, fast = rest.partition("[fast_lane]")
    parts = [before, "[token]\n", token, "\n"]
    parts += [f'[executive]\naddress = "{executive}"\n'] if executive else ["[slow_lane]", slow]
    parts += [f'[guardian]\naddress = "{guardian}"\n'] if guardian else []
    path = folder / "deployment.toml"
    path.write_text("".join([*parts, "[fast_lane]", fast]))
    return deployment_config.load(path)


def own_token(*holders: Any) -> str:
    """Return the lines of a token of our own."""
    listed = ", ".join(f'{{address = "{holder}", tokens = 100}}' for holder in holders)
    return f'name = "Own"\nsymbol = "OWN"\nholders = [{listed}]'
