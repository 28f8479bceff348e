from __future__ import annotations

from typing import Any

import pytest

from scripts.deployment.plan import ADMIN, GUARDIAN, HOLDERS, PAUSE, REGISTRY, selector
from scripts.deployment.role_table import holders
from scripts.deployment.roles import PUBLIC_ROLE, Findings, RoleEvent, check
from unit.scripts.deployment.samples import DEPLOYER, STRANGER, granted, history, opened_to, revoked, where

PAUSE_CALL = selector("pause(uint256,uint256,uint64)")
RETIRE = selector("retire(uint256)")
OPERATION = {"operation_id": b"\1" * 32, "nonce": 1}


def wanted(guardian: str | None = None) -> dict[int, str]:
    return holders(where(), where()["TribuneTimelock"], guardian)


def replayed(events: list[RoleEvent], code_size: int = 0, guardian: str | None = None) -> Findings:
    return check(events, where(), wanted(guardian), {STRANGER: code_size})


def problems(*more: RoleEvent, code_size: int = 0) -> list[str]:
    return replayed([*history(), *more], code_size).problems


def scheduled() -> RoleEvent:
    return RoleEvent("OperationScheduled", {**OPERATION, "target": where()["KillSwitch"]})


def test_check__as_planned__nothing_to_say_and_one_holder_each() -> None:
    findings = replayed(history())
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


def test_check__guardian_of_the_record__nothing_to_say() -> None:
    assert replayed([*history(), granted(GUARDIAN, STRANGER)], guardian=STRANGER).problems == []


def test_check__guardian_of_the_record_without_its_role__named() -> None:
    assert replayed(history(), guardian=STRANGER).problems == [f"GUARDIAN is not held by {STRANGER}"]


def test_check__granted_and_taken_away__nothing_to_say() -> None:
    assert problems(granted(ADMIN, STRANGER, 5), revoked(ADMIN, STRANGER)) == []


def test_check__deployer_keeps_admin__named() -> None:
    kept = [event for event in history() if event != revoked(ADMIN, DEPLOYER)]
    assert [DEPLOYER in found for found in replayed(kept).problems] == [True]


def test_check__role_taken_from_its_holder__named() -> None:
    assert problems(revoked(PAUSE, where()["PauseGovernor"])) == ["PAUSE is not held by PauseGovernor"]


@pytest.mark.parametrize("role", HOLDERS)
def test_check__role_never_granted__named(role: int) -> None:
    events = [e for e in history() if e != granted(role, where()[HOLDERS[role]])]
    assert [HOLDERS[role] in found for found in replayed(events).problems] == [True]


@pytest.mark.parametrize("function", [PAUSE_CALL, RETIRE])
def test_check__function_open_to_anyone__named(function: bytes) -> None:
    (found,) = problems(opened_to(PUBLIC_ROLE, where()["KillSwitch"], function))
    assert found.startswith(f"KillSwitch 0x{function.hex()} may be called by anyone")


def test_check__function_given_to_another_role__named() -> None:
    (found,) = problems(opened_to(GUARDIAN, where()["KillSwitch"], PAUSE_CALL))
    assert found.endswith("may be called by GUARDIAN, not by PAUSE")


def test_check__function_never_assigned__named() -> None:
    events = [e for e in history() if e.arguments.get("selector") != PAUSE_CALL]
    (found,) = replayed(events).problems
    assert found.endswith("may be called by ADMIN, not by PAUSE")


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("TargetClosed", {"closed": True}, "KillSwitch is closed"),
        ("TargetAdminDelayUpdated", {"delay": 60}, "changes to KillSwitch wait 60 s, not 0"),
    ],
)
def test_check__target_closed_or_slowed__named(name: str, arguments: dict[str, Any], words: str) -> None:
    assert problems(RoleEvent(name, {"target": where()["KillSwitch"], **arguments})) == [words]


@pytest.mark.parametrize(
    ("name", "arguments"), [("TargetClosed", {"closed": False}), ("TargetAdminDelayUpdated", {"delay": 0})]
)
def test_check__target_opened_or_not_slowed__nothing_to_say(name: str, arguments: dict[str, Any]) -> None:
    target = {"target": where()["KillSwitch"]}
    before = RoleEvent(name, {**target, "closed": True, "delay": 60})
    assert problems(before) != []
    assert problems(before, RoleEvent(name, {**target, **arguments})) == []


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("RoleAdminChanged", {"admin": GUARDIAN}, "the admin of PAUSE is GUARDIAN"),
        ("RoleGuardianChanged", {"guardian": GUARDIAN}, "the guardian of PAUSE is GUARDIAN"),
        ("RoleGrantDelayChanged", {"delay": 9}, "granting PAUSE waits 9 s"),
    ],
)
def test_check__power_over_a_role_changed__named(name: str, arguments: dict[str, Any], words: str) -> None:
    (found,) = problems(RoleEvent(name, {"role_id": PAUSE, **arguments}))
    assert found.startswith(words)


def test_check__execution_delay__named() -> None:
    (found,) = problems(granted(PAUSE, where()["PauseGovernor"], 30))
    assert found == "PauseGovernor holds PAUSE with an execution delay of 30 s, not 0"


def test_check__operation_scheduled__named() -> None:
    (found,) = problems(scheduled())
    assert found == "an operation on KillSwitch is scheduled in the access manager"


@pytest.mark.parametrize("ended", ["OperationExecuted", "OperationCanceled"])
def test_check__operation_over__nothing_to_say(ended: str) -> None:
    assert problems(scheduled(), RoleEvent(ended, OPERATION)) == []
