"""Who holds which right, replayed from events, since AccessManager cannot list its roles.

Pure: takes the events and the plan's addresses, returns findings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scripts.deployment.role_table import ADMIN, RESTRICTED, ROLE_NAMES, selector

PUBLIC_ROLE = 2**64 - 1


@dataclass(frozen=True)
class RoleEvent:
    """One event of the access manager, with its arguments by name in snake_case."""

    name: str
    arguments: Mapping[str, Any]


@dataclass
class Findings:
    """What the history says: holders of each role, and everything that should not be."""

    holders: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    problems: list[str] = field(default_factory=list)


@dataclass
class _Replay:
    """The access manager's state, as its events tell it."""

    holders: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    execution_delay: dict[tuple[int, str], int] = field(default_factory=dict)
    role_settings: dict[tuple[str, int], int] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    admin_delay: dict[str, int] = field(default_factory=dict)
    functions: dict[tuple[str, bytes], int] = field(default_factory=dict)
    scheduled: dict[bytes, str] = field(default_factory=dict)

    def take(self, event: RoleEvent) -> None:
        given = event.arguments
        match event.name:
            case "RoleGranted":
                self.holders[given["role_id"]].add(given["account"])
                self.execution_delay[given["role_id"], given["account"]] = given["delay"]
            case "RoleRevoked":
                self.holders[given["role_id"]].discard(given["account"])
                self.execution_delay.pop((given["role_id"], given["account"]), None)
            case "RoleAdminChanged":
                self.role_settings["admin", given["role_id"]] = given["admin"]
            case "RoleGuardianChanged":
                self.role_settings["guardian", given["role_id"]] = given["guardian"]
            case "RoleGrantDelayChanged":
                self.role_settings["grant delay", given["role_id"]] = given["delay"]
            case "TargetClosed":
                (self.closed.add if given["closed"] else self.closed.discard)(given["target"])
            case "TargetAdminDelayUpdated":
                self.admin_delay[given["target"]] = given["delay"]
            case "TargetFunctionRoleUpdated":
                self.functions[given["target"], bytes(given["selector"])] = given["role_id"]
            case "OperationScheduled":
                self.scheduled[given["operation_id"]] = given["target"]
            case "OperationExecuted" | "OperationCanceled":
                self.scheduled.pop(given["operation_id"], None)


def check(
    events: Iterable[RoleEvent],
    addresses: Mapping[str, str],
    wanted: Mapping[int, str],
    code_size: Mapping[str, int],
) -> Findings:
    """Replay the events of a deployment and compare the outcome with the table of roles.

    Args:
        events: all events of the access manager from its creation, in order.
        addresses: contract name → address.
        wanted: role → the one account that is to hold it.
        code_size: account → bytes of code, for every account that an event grants a role to.
    """
    state = _Replay()
    for event in events:
        state.take(event)
    names = {address: name for name, address in addresses.items()}
    problems = [
        *_functions(state, addresses, names),
        *_holders(state, wanted, code_size, names),
        *_delays(state, names),
    ]
    return Findings(state.holders, problems)


def _functions(state: _Replay, addresses: Mapping[str, str], names: Mapping[str, str]) -> list[str]:
    expected = {
        (addresses[target], selector(function)): role
        for role, targets in RESTRICTED.items()
        for target, functions in targets.items()
        for function in functions
    }
    found = []
    for target, function in sorted({*state.functions, *expected}):
        have = state.functions.get((target, function), ADMIN)
        want = expected.get((target, function), ADMIN)
        if have != want:
            who = "anyone" if have == PUBLIC_ROLE else _role(have)
            found.append(
                f"{names.get(target, target)} 0x{function.hex()} may be called by {who}, not by {_role(want)}"
            )
    return found


def _holders(
    state: _Replay, wanted: Mapping[int, str], code_size: Mapping[str, int], names: Mapping[str, str]
) -> list[str]:
    found = []
    for role in sorted({*state.holders, *wanted}):
        planned = {wanted[role]} if role in wanted else set()
        for account in sorted(state.holders[role] - planned):
            kind = "a contract" if code_size.get(account) else "a KEY"
            found.append(f"{_role(role)} is held by {account}, {kind}, beside the plan")
        for account in sorted(planned - state.holders[role]):
            found.append(f"{_role(role)} is not held by {names.get(account, account)}")
    return found


def _delays(state: _Replay, names: Mapping[str, str]) -> list[str]:
    """Return everything that would make a right wait, or give another the power over it."""
    found = [
        f"{names.get(account, account)} holds {_role(role)} with an execution delay of {delay} s, not 0"
        for (role, account), delay in sorted(state.execution_delay.items())
        if delay
    ]
    for (what, role), value in sorted(state.role_settings.items()):
        if value and what == "grant delay":
            found.append(f"granting {_role(role)} waits {value} s, not 0")
        elif value:
            found.append(f"the {what} of {_role(role)} is {_role(value)}, not ADMIN")
    found += [f"{names.get(target, target)} is closed" for target in sorted(state.closed)]
    found += [
        f"changes to {names.get(target, target)} wait {delay} s, not 0"
        for target, delay in sorted(state.admin_delay.items())
        if delay
    ]
    return found + [
        f"an operation on {names.get(target, target)} is scheduled in the access manager"
        for target in sorted(state.scheduled.values())
    ]


def _role(role: int) -> str:
    return ROLE_NAMES.get(role, str(role))
