"""What governance may set as a policy, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from contracts.calls import events, refused
from contracts.world import World, policy, rule

TYPE = (
    "(uint48,uint32,uint32,uint32,uint32,uint32,bool,uint8,address[],"
    "(string,uint8,uint8,uint8,uint8,uint8,uint8,uint32,int64,int64,int64)[])"
)


def refuse(world: World, error: str, changes: dict[str, Any], **expected: Any) -> None:
    wanted = policy(world.monitors, **changes)
    refused(error, world.policies.setPolicy, 1, wanted, sender=world.admin, **expected)


def test_policy_at__as_set__whole_and_by_its_digest(world: World) -> None:
    found, digest, first_frame, base = world.policies.policyAt(1, 0)
    wanted = policy(world.monitors)
    assert bytes(digest) == keccak(encode([TYPE], [wanted]))
    assert (first_frame, base, world.policies.policyCount(1)) == (1, world.base, 1)
    assert [item[0] for item in found[9]] == [item[0] for item in wanted[-1]]
    assert [str(member) for member in found[8]] == [str(monitor) for monitor in world.monitors]


def test_policy_at__no_such_index__refused(world: World) -> None:
    refused("PolicyMissing", world.policies.policyAt, 1, 1, sender=world.stranger)


def test_terms_of__as_set__what_the_hub_needs(world: World) -> None:
    terms = world.policies.termsOf(1, 5)
    assert (terms.start, terms.end) == (world.frame_end(4), world.frame_end(5))
    assert terms.acceptUntil == world.frame_end(5) + 500
    assert (terms.k, terms.panelSize, terms.ruleCount, terms.suspension) == (2, 3, 4, 3000)


def test_set_policy__said(world: World) -> None:
    receipt = world.policies.setPolicy(1, policy(world.monitors, k=3), sender=world.admin)
    said = events(receipt, "PolicySet")[0]
    assert (said["modelId"], said["index"]) == (1, 1)
    assert said["digest"] == world.policies.policyAt(1, 1)[1]


@pytest.mark.parametrize("count", [0, 25])
def test_set_policy__too_few_or_too_many_rules__refused(world: World, count: int) -> None:
    refuse(world, "PolicyRuleCountInvalid", {"rules": [rule()] * count}, count=count)


def test_set_policy__24_rules__accepted(world: World) -> None:
    world.policies.setPolicy(1, policy(world.monitors, rules=[rule()] * 24), sender=world.admin)
    assert world.policies.termsOf(1, 9).ruleCount == 24


def test_set_policy__no_panel__refused(world: World) -> None:
    refuse(world, "PolicyPanelInvalid", {"panel": [], "k": 1}, size=0)


@pytest.mark.parametrize("k", [0, 1, 4])
def test_set_policy__k_not_a_majority_of_the_panel__refused(world: World, k: int) -> None:
    refuse(world, "PolicyPanelInvalid", {"k": k}, size=3, k=k)


def test_set_policy__k_half_of_an_even_panel__refused(world: World) -> None:
    panel = [str(monitor) for monitor in world.monitors[:2]]
    refuse(world, "PolicyPanelInvalid", {"panel": panel, "k": 1})


def test_set_policy__97_monitors__refused(world: World) -> None:
    panel = [str(world.monitors[0])] * 97
    refuse(world, "PolicyPanelInvalid", {"panel": panel, "k": 60}, size=97)


def test_set_policy__monitor_not_admitted__refused(world: World) -> None:
    panel = [str(world.monitors[0]), str(world.monitors[1]), str(world.outsider)]
    refuse(world, "PolicyMonitorInvalid", {"panel": panel}, monitor=str(world.outsider).lower())


def test_set_policy__monitor_dismissed__refused(world: World) -> None:
    world.monitor_registry.dismiss(world.monitors[2], sender=world.admin)
    refuse(world, "PolicyMonitorInvalid", {})


def test_set_policy__monitor_twice__refused(world: World) -> None:
    panel = [str(world.monitors[0]), str(world.monitors[1]), str(world.monitors[0])]
    refuse(world, "PolicyMonitorInvalid", {"panel": panel}, monitor=str(world.monitors[0]).lower())


@pytest.mark.parametrize(
    "changes",
    [
        {"step": 0},
        {"step": 0, "length": 0},
        {"length": 999},
        {"grace": 500},
        {"grace": 501},
        {"grace": 0, "deadline": 0},
    ],
)
def test_set_policy__times_that_do_not_fit__refused(world: World, changes: dict[str, int]) -> None:
    refuse(world, "PolicyTimesInvalid", changes)


@pytest.mark.parametrize(
    "broken",
    [
        rule(""),
        rule(m=0),
        rule(m=3, w=2),
        rule(w=0),
        rule(limit=-1_000_001),
        rule(limit=1_000_001),
        rule(lo=5, hi=4, limit=5),
        rule(lo=-(2**63)),
    ],
)
def test_set_policy__broken_rule__refused(world: World, broken: tuple[Any, ...]) -> None:
    refuse(world, "PolicyRuleInvalid", {"rules": [rule(), broken]}, index=1)


@pytest.mark.parametrize("broken", [rule(op=2), rule(severity=3)])
def test_set_policy__no_such_choice__refused(world: World, broken: tuple[Any, ...]) -> None:
    refuse(world, "", {"rules": [broken]})


def test_set_policy__limit_at_its_range__accepted(world: World) -> None:
    rules = [rule(limit=-1_000_000), rule(limit=1_000_000)]
    world.policies.setPolicy(1, policy(world.monitors, rules=rules), sender=world.admin)
    assert world.policies.policyCount(1) == 2


def test_set_policy__document_larger_than_code_may_be__refused(world: World) -> None:
    refuse(world, "PolicyCodeWriteFailed", {"rules": [rule("x" * 25_000)]})
