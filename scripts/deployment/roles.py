"""Who holds which right, replayed from events, since AccessManager cannot list its roles.

Pure: takes the events and the plan's addresses, returns findings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from scripts.deployment.plan import ADMIN, HOLDERS, RESTRICTED, ROLE_NAMES, selector

PUBLIC_ROLE = 2**64 - 1


@dataclass(frozen=True)
class RoleEvent:
    """One event of the access manager, with its arguments by name."""

    name: str
    arguments: Mapping[str, object]


@dataclass
class Findings:
    """What the history says: holders of each role, and everything that should not be."""

    holders: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    problems: list[str] = field(default_factory=list)


def check(
    events: Iterable[RoleEvent], addresses: Mapping[str, str], code_size: Mapping[str, int]
) -> Findings:
    """Replay the events of a deployment and compare the outcome with the table of roles.

    Args:
        events: all events of the access manager from its creation, in order.
        addresses: contract name → address.
        code_size: account → bytes of code, for every account that an event grants a role to.
    """
    findings = Findings()
    assigned: dict[tuple[str, str], int] = {}
    names = {address: name for name, address in addresses.items()}
    for event in events:
        role = int(str(event.arguments.get("roleId", ADMIN)))
        account = str(event.arguments.get("account", ""))
        if event.name == "RoleGranted":
            findings.holders[role].add(account)
        elif event.name == "RoleRevoked":
            findings.holders[role].discard(account)
        elif event.name in {"RoleAdminChanged", "RoleGuardianChanged"}:
            findings.problems.append(f"{event.name} for {ROLE_NAMES.get(role, role)}: not part of the plan")
        elif event.name == "TargetClosed" and event.arguments.get("closed"):
            findings.problems.append(f"{names.get(str(event.arguments['target']), 'a target')} is closed")
        elif event.name == "TargetFunctionRoleUpdated":
            target = names.get(str(event.arguments["target"]), str(event.arguments["target"]))
            found = event.arguments["selector"]
            assigned[
                (target, bytes(found).hex() if isinstance(found, bytes) else str(found).removeprefix("0x"))
            ] = role
    expected = {
        (target, selector(function).hex()): role
        for role, targets in RESTRICTED.items()
        for target, functions in targets.items()
        for function in functions
    }
    for key in sorted(set(assigned) | set(expected)):
        if assigned.get(key, ADMIN) != expected.get(key, ADMIN):
            have = assigned.get(key, ADMIN)
            have_name = "anyone" if have == PUBLIC_ROLE else ROLE_NAMES.get(have, str(have))
            findings.problems.append(
                f"{key[0]} 0x{key[1]} may be called by {have_name}, not by "
                f"{ROLE_NAMES[expected.get(key, ADMIN)]}"
            )
    for role in sorted({*findings.holders, *HOLDERS}):
        held = findings.holders[role]
        wanted = {addresses[HOLDERS[role]]} if role in HOLDERS else set()
        for account in sorted(held - wanted):
            kind = "a contract" if code_size.get(account) else "a KEY"
            findings.problems.append(
                f"{ROLE_NAMES.get(role, role)} is held by {account}, {kind}, beside the plan"
            )
        for account in sorted(wanted - held):
            findings.problems.append(f"{ROLE_NAMES[role]} is not held by {names[account]}")
    return findings
