"""The check of a live deployment: roles, authorities, hubs, the executive's own roles, parameters.

Fails on anything that the record and the table of roles do not name. What an `executive` of the DAO's own
allows inside itself is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from scripts.deployment.bounds import compared
from scripts.deployment.node import Node
from scripts.deployment.parameters import in_force, loose_bounds
from scripts.deployment.record import Record
from scripts.deployment.role_table import MANAGED, PAUSE, ROLE_NAMES, holders
from scripts.deployment.roles import Findings, RoleEvent, check
from tribune.exceptions import ChainError, TribuneError

ZERO = "0x" + "00" * 20
_TIMELOCK_ROLES = ("DEFAULT_ADMIN_ROLE", "PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE")


class UnsafeDeploymentError(TribuneError):
    """A deployment that gives somebody a right that it should not, or lacks a part."""


def verify(node: Node, record: Record, say: Callable[[str], None]) -> None:
    """Say who holds each role of a deployment and with which parameters it runs.

    Raises:
        UnsafeDeploymentError: something is not as the record and the table of roles have it.
    """
    findings = _roles(node, record)
    problems = [
        *findings.problems,
        *_replaced(findings, record),
        *_authorities(node, record),
        *_wiring(node, record),
        *_timelock(node, record),
    ]
    names = {address: name for name, address in record.addresses.items()}
    names |= {record.executive: names.get(record.executive, f"executive {record.executive}")}
    for role, accounts in sorted(findings.holders.items()):
        held = ", ".join(sorted(names.get(account, account) for account in accounts)) or "nobody"
        say(f"{ROLE_NAMES.get(role, role):9} {held}")
    for line in _parameters(node, record):
        say(line)
    if problems:
        raise UnsafeDeploymentError("; ".join(problems) + ".")
    say("Keys with admin rights: none")


def _roles(node: Node, record: Record) -> Findings:
    manager = record.addresses["TribuneAccessManager"]
    events = [
        RoleEvent(event.name, event.args)
        for event in node.events("TribuneAccessManager", manager, record.block)
    ]
    accounts = {str(event.arguments["account"]) for event in events if "account" in event.arguments}
    sizes = {account: len(node.code(account)) for account in accounts}
    wanted = holders(record.addresses, record.executive, record.guardian)
    findings = check(events, record.addresses, wanted, sizes)
    if not sizes.get(record.executive):
        findings.problems.append(f"the executive {record.executive} is a KEY: it has no code")
    return findings


def _replaced(findings: Findings, record: Record) -> list[str]:
    if record.addresses["PauseGovernor"] in findings.holders[PAUSE] or not findings.holders[PAUSE]:
        return []
    return ["if the PauseGovernor was replaced by vote, use the record that `replace_governor` wrote"]


def _authorities(node: Node, record: Record) -> list[str]:
    """Every managed contract asks our access manager, and has never asked another."""
    manager, found = record.addresses["TribuneAccessManager"], []
    for name in MANAGED:
        address = record.addresses[name]
        authority = node.read(name, address, "authority")
        if authority != manager:
            found.append(f"{name} takes its permissions from {authority}, not from the access manager")
        elif any(
            event.args["authority"] != manager
            for event in node.events(name, address, record.block)
            if event.name == "AuthorityUpdated"
        ):
            found.append(f"{name} took its permissions from elsewhere for some time")
    return found


def _wiring(node: Node, record: Record) -> list[str]:
    where = record.addresses
    wanted: list[tuple[str, str, str]] = [
        ("ModelRegistry", "hub", where["ReportHub"]),
        ("KillSwitch", "hub", where["ReportHub"]),
        ("PauseGovernor", "executive", record.executive),
        ("PauseGovernor", "killSwitch", where["KillSwitch"]),
        ("PauseGovernor", "registry", where["ModelRegistry"]),
        ("PauseGovernor", "token", where["TribuneToken"]),
        ("ReportHub", "killSwitch", where["KillSwitch"]),
    ]
    found = []
    for contract, function, expected in wanted:
        try:
            answer = node.read(contract, where[contract], function)
        except ChainError as fault:
            found.append(f"{contract}.{function} does not answer ({fault.message})")
            continue
        if answer != expected:
            found.append(f"{contract}.{function} is {answer}, not {expected}")
    governor = where["PauseGovernor"]
    span = sum(
        node.read("PauseGovernor", governor, name)
        for name in ("votingDelay", "votingPeriod", "lateQuorumVoteExtension")
    )
    if node.read("KillSwitch", where["KillSwitch"], "voteSpan") != span:
        found.append("the switch does not know how long a vote can take: call PauseGovernor.pushVoteSpan")
    return found


def _timelock(node: Node, record: Record) -> list[str]:
    """Our own timelock: only the governor proposes and cancels, anyone executes, it alone is its admin."""
    timelock = record.addresses.get("TribuneTimelock")
    if timelock is None:
        return []
    governor = record.addresses["OversightGovernor"]
    roles = [bytes(node.read("TribuneTimelock", timelock, name)) for name in _TIMELOCK_ROLES]
    wanted = dict(zip(roles, ({timelock}, {governor}, {governor}, {ZERO}), strict=True))
    held: dict[bytes, set[str]] = {role: set() for role in wanted}
    for event in node.events("TribuneTimelock", timelock, record.block):
        if event.name in {"RoleGranted", "RoleRevoked"}:
            accounts = held.setdefault(bytes(event.args["role"]), set())
            (accounts.add if event.name == "RoleGranted" else accounts.discard)(event.args["account"])
    return [
        f"timelock role 0x{role.hex()[:8]} is held by {sorted(accounts)}"
        for role, accounts in held.items()
        if accounts != wanted.get(role, set())
    ]


def _parameters(node: Node, record: Record) -> list[str]:
    values: Mapping[str, int] = in_force(node, record.addresses)
    lines, warnings = compared(values)
    warnings += loose_bounds(node, record.addresses)
    return ["Parameters:", *lines, *(f"WARNING: {warning}" for warning in warnings)]
