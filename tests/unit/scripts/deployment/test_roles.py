from __future__ import annotations

import pytest

from scripts.deployment.plan import ADMIN, GUARDIAN, HOLDERS, PAUSE, REGISTRY, selector
from scripts.deployment.roles import PUBLIC_ROLE, RoleEvent, check
from unit.scripts.deployment.samples import DEPLOYER, STRANGER, granted, history, opened_to, revoked, where

PAUSE_CALL = selector("pause(uint256,uint256,uint64)")
PARAMETERS = selector("setParameters((uint48,uint32,uint48,uint48,uint48,uint48))")


def problems(*more: RoleEvent, code_size: int = 0) -> list[str]:
    return check([*history(), *more], where(), {STRANGER: code_size}).problems


def test_check__as_planned__nothing_to_say_and_one_holder_each() -> None:
    findings = check(history(), where(), {})
    assert findings.problems == []
    held = {role: accounts for role, accounts in findings.holders.items() if accounts}
    assert held == {role: {where()[name]} for role, name in HOLDERS.items()}


@pytest.mark.parametrize("role", [ADMIN, PAUSE, REGISTRY, GUARDIAN, 77])
def test_check__a_key_beside_the_plan__named(role: int) -> None:
    (found,) = problems(granted(role, STRANGER))
    assert found.endswith(f"is held by {STRANGER}, a KEY, beside the plan")


def test_check__a_contract_beside_the_plan__named_as_one() -> None:
    (found,) = problems(granted(ADMIN, STRANGER), code_size=9)
    assert "a contract, beside the plan" in found


def test_check__granted_and_taken_away__nothing_to_say() -> None:
    assert problems(granted(ADMIN, STRANGER), revoked(ADMIN, STRANGER)) == []


def test_check__deployer_keeps_admin__named() -> None:
    kept = [event for event in history() if event != revoked(ADMIN, DEPLOYER)]
    assert [DEPLOYER in found for found in check(kept, where(), {}).problems] == [True]


def test_check__role_taken_from_its_holder__named() -> None:
    assert problems(revoked(PAUSE, where()["PauseGovernor"])) == ["PAUSE is not held by PauseGovernor"]


@pytest.mark.parametrize("role", HOLDERS)
def test_check__role_never_granted__named(role: int) -> None:
    events = [e for e in history() if e != granted(role, where()[HOLDERS[role]])]
    assert [HOLDERS[role] in found for found in check(events, where(), {}).problems] == [True]


@pytest.mark.parametrize("function", [PAUSE_CALL, PARAMETERS])
def test_check__function_open_to_anyone__named(function: bytes) -> None:
    (found,) = problems(opened_to(PUBLIC_ROLE, where()["KillSwitch"], function))
    assert found.startswith(f"KillSwitch 0x{function.hex()} may be called by anyone")


def test_check__function_given_to_another_role__named() -> None:
    (found,) = problems(opened_to(GUARDIAN, where()["KillSwitch"], PAUSE_CALL))
    assert found.endswith("may be called by GUARDIAN, not by PAUSE")


def test_check__function_never_assigned__named() -> None:
    events = [e for e in history() if e.arguments.get("selector") != PAUSE_CALL]
    (found,) = check(events, where(), {}).problems
    assert found.endswith("may be called by ADMIN, not by PAUSE")


def test_check__selector_as_text__read_alike() -> None:
    events = [
        RoleEvent(e.name, {**e.arguments, "selector": "0x" + bytes(e.arguments["selector"]).hex()})  # type: ignore[call-overload]
        if "selector" in e.arguments
        else e
        for e in history()
    ]
    assert check(events, where(), {}).problems == []


def test_check__closed_target__named() -> None:
    closed = RoleEvent("TargetClosed", {"target": where()["KillSwitch"], "closed": True})
    assert problems(closed) == ["KillSwitch is closed"]


@pytest.mark.parametrize("event", ["RoleAdminChanged", "RoleGuardianChanged"])
def test_check__admin_or_guardian_of_a_role_changed__named(event: str) -> None:
    assert problems(RoleEvent(event, {"roleId": PAUSE})) == [f"{event} for PAUSE: not part of the plan"]
