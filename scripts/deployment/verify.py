"""The check of `roles.py` on a live chain, through ape, with the timelock's own roles beside it."""

from __future__ import annotations

from typing import Any

import ape
import click
from ape.types import LogFilter

from scripts.deployment.plan import ROLE_NAMES, ZERO
from scripts.deployment.roles import RoleEvent, check


def verify(addresses: dict[str, str], start: int) -> None:
    """Print who holds each role of a deployment.

    Args:
        addresses: contract name → address.
        start: block of the deployment.

    Raises:
        click.ClickException: somebody holds a right that the plan does not give.
    """
    contracts = {name: getattr(ape.project, name).at(address) for name, address in addresses.items()}
    events = _events(contracts["TribuneAccessManager"], start)
    accounts = {str(event.arguments["account"]) for event in events if "account" in event.arguments}
    sizes = {account: len(ape.chain.provider.get_code(account)) for account in accounts}
    findings = check(events, addresses, sizes)
    findings.problems += _timelock(contracts, start)
    governor = contracts["PauseGovernor"]
    span = governor.votingDelay() + governor.votingPeriod() + governor.lateQuorumVoteExtension()
    if contracts["KillSwitch"].voteSpan() != span:
        findings.problems.append(
            "the switch does not know how long a vote can take: call PauseGovernor.pushVoteSpan"
        )
    names = {address: name for name, address in addresses.items()}
    for role, holders in sorted(findings.holders.items()):
        held = ", ".join(sorted(names.get(account, account) for account in holders)) or "nobody"
        click.echo(f"{ROLE_NAMES.get(role, role):9} {held}")
    if findings.problems:
        raise click.ClickException("; ".join(findings.problems))
    click.echo("Keys with admin rights: none")


def _events(contract: Any, start: int) -> list[RoleEvent]:
    logs = ape.chain.provider.get_contract_logs(
        LogFilter(
            addresses=[contract.address],
            events=list(contract.contract_type.events),
            start_block=start,
            stop_block=ape.chain.blocks.head.number,
        )
    )
    return [RoleEvent(log.event_name, log.event_arguments) for log in logs]


def _timelock(contracts: dict[str, Any], start: int) -> list[str]:
    """Return what is wrong with the timelock's own roles.

    Only the governor proposes and cancels, anyone executes, and the timelock alone is its admin.
    """
    timelock, governor = contracts["TribuneTimelock"], contracts["OversightGovernor"].address
    wanted = {
        bytes(timelock.DEFAULT_ADMIN_ROLE()): {timelock.address},
        bytes(timelock.PROPOSER_ROLE()): {governor},
        bytes(timelock.CANCELLER_ROLE()): {governor},
        bytes(timelock.EXECUTOR_ROLE()): {ZERO},
    }
    held: dict[bytes, set[str]] = {role: set() for role in wanted}
    for event in _events(timelock, start):
        if event.name in {"RoleGranted", "RoleRevoked"}:
            holders = held.setdefault(bytes(event.arguments["role"]), set())  # type: ignore[call-overload]
            change = holders.add if event.name == "RoleGranted" else holders.discard
            change(str(event.arguments["account"]))
    return [
        f"timelock role 0x{role.hex()[:8]} is held by {sorted(held[role])}"
        for role in held
        if held[role] != wanted.get(role, set())
    ]
