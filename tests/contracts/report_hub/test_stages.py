"""Rules that are judged before deployment only, in service only, or always."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.calls import events, warp_to
from contracts.report_hub.panels import FRAME, seat
from contracts.signing import NOT_AVAILABLE
from contracts.world import World, rule, version

ALWAYS, PRODUCTION, EVALUATION = range(3)
GOOD, BAD = 0, 50_000
FIRST = rule("quality.invalid_rate", severity=2, stage=ALWAYS, na=255)


def staged(world: World, stage: int, **changes: Any) -> None:
    """Set a policy of one rule that is always judged and one of this stage, and let it take force."""
    fields: dict[str, Any] = {"severity": 2, "stage": stage} | changes
    seat(world, world.monitors, 2, rules=[FIRST, rule("fairness.bias_test", **fields)])
    warp_to(world.frame_end(FRAME - 1))


def passes(world: World, value: int) -> bool:
    """Whether a version with this value on its evaluation set may be activated."""
    world.registry.registerVersion(1, version(), sender=world.steward)
    number = int(world.registry.versionCount(1))
    world.evaluate(number, values=(GOOD, value))
    return bool(world.hub.evaluationPassed(1, number))


@pytest.mark.parametrize(
    ("stage", "value", "passed"),
    [
        (ALWAYS, BAD, False),
        (ALWAYS, NOT_AVAILABLE, False),
        (PRODUCTION, BAD, True),
        (PRODUCTION, NOT_AVAILABLE, True),
        (EVALUATION, GOOD, True),
        (EVALUATION, BAD, False),
        (EVALUATION, NOT_AVAILABLE, False),
    ],
)
def test_evaluation_passed__by_stage__only_rules_of_the_evaluation_count(
    world: World, stage: int, value: int, passed: bool
) -> None:
    staged(world, stage)
    assert passes(world, value) is passed


@pytest.mark.parametrize(
    ("stage", "state"), [(ALWAYS, "Suspended"), (PRODUCTION, "Suspended"), (EVALUATION, "Active")]
)
def test_submit__hit_in_service__only_rules_of_service_trip(world: World, stage: int, state: str) -> None:
    staged(world, stage)
    receipt = world.judge(FRAME, (GOOD, BAD))
    assert (world.state(), bool(events(receipt, "ReportJudged")[0]["hits"])) == (state, state == "Suspended")


def test_submit__rule_of_the_evaluation_never_available_in_service__no_hit(world: World) -> None:
    staged(world, EVALUATION, na=0)
    for frame in (FRAME, FRAME + 1, FRAME + 2):
        receipt = world.judge(frame, (GOOD, NOT_AVAILABLE))
        assert events(receipt, "ReportJudged")[0]["hits"] == 0
    assert world.state() == "Active"


def test_submit__rule_of_service_not_available__its_budget_counts(world: World) -> None:
    staged(world, PRODUCTION, na=1)
    found = [
        events(world.judge(frame, (GOOD, NOT_AVAILABLE)), "ReportJudged")[0]["hits"]
        for frame in (FRAME, FRAME + 1)
    ]
    assert found == [0, 2]


def test_submit__rule_of_the_evaluation_beside_a_hit__the_case_is_of_the_other(world: World) -> None:
    staged(world, EVALUATION)
    world.judge(FRAME, (BAD, BAD))
    assert world.switch.caseOf(1).rule == 0


def test_set_policy__stage__kept_and_given_back(world: World) -> None:
    staged(world, EVALUATION)
    kept = world.policies.policyAt(1, 1)[0]
    assert [tuple(each)[3] for each in kept[-1]] == [ALWAYS, EVALUATION]
