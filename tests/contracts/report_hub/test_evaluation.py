"""Frame 0: the report on a version's evaluation set, which lets it be activated and never halts anything."""

from __future__ import annotations

import pytest
from eth_utils.crypto import keccak

from contracts.calls import events, now, refused, warp_to
from contracts.signing import NOT_AVAILABLE
from contracts.world import BELOW, HEALTHY, STEP, TRIP, VOTE, WARN, World, hit, policy, version


def registered(world: World) -> int:
    """Register version 2 of model 1, not evaluated."""
    world.registry.registerVersion(1, version(), sender=world.steward)
    return 2


def passed(world: World, number: int = 2) -> bool:
    return bool(world.hub.evaluationPassed(1, number))


def test_evaluation_passed__nothing_reported__false(world: World) -> None:
    assert not passed(world, registered(world))


def test_evaluation_passed__quorum_met_all_rules__true(world: World) -> None:
    world.evaluate(registered(world))
    assert passed(world)


def test_evaluation_passed__fewer_than_k__false(world: World) -> None:
    report = world.report(0, version=registered(world))
    world.submit(report, 2)
    assert not passed(world)


@pytest.mark.parametrize("rule", [TRIP, VOTE, BELOW])
def test_evaluation_passed__rule_hit__false(world: World, rule: int) -> None:
    world.evaluate(registered(world), values=hit(rule))
    assert not passed(world)


def test_evaluation_passed__warn_hit__true(world: World) -> None:
    world.evaluate(registered(world), values=hit(WARN))
    assert passed(world)


@pytest.mark.parametrize("rule", [TRIP, VOTE, BELOW])
def test_evaluation_passed__value_not_available__false(world: World, rule: int) -> None:
    values = tuple(NOT_AVAILABLE if place == rule else good for place, good in enumerate(HEALTHY))
    world.evaluate(registered(world), values=values)
    assert not passed(world)


def test_evaluation_passed__nothing_could_be_looked_at__false(world: World) -> None:
    world.evaluate(registered(world), values=(NOT_AVAILABLE,) * 4)
    assert not passed(world)


def test_submit__evaluation_hits_trip_rule__halts_nothing(world: World) -> None:
    receipt = world.submit(world.report(0, hit(TRIP), registered(world)))
    assert (world.state(), world.switch.caseCount()) == ("Active", 0)
    assert events(receipt, "ReportJudged")[0]["hits"] == 1 << TRIP


def test_submit__second_evaluation_after_judgement__first_stands(world: World) -> None:
    world.evaluate(registered(world), values=hit(TRIP))
    better = world.report(0, version=2)
    world.submit(better, 0, 1, 2)
    assert not passed(world)


def test_submit__evaluation_of_unknown_version__refused(world: World) -> None:
    report = world.report(0, version=9)
    refused(
        "ModelVersionUnknown",
        world.hub.submit,
        report.struct,
        world.sign(report, 0, 1),
        sender=world.stranger,
    )


def test_submit__evaluation_on_another_set__refused(world: World) -> None:
    report = world.report(0, version=registered(world)).but(manifest=keccak(text="easier set"))
    refused(
        "ReportWrongManifest",
        world.hub.submit,
        report.struct,
        world.sign(report, 0, 1),
        sender=world.stranger,
    )


def test_submit__evaluation_after_activation__refused(world: World) -> None:
    report = world.report(0)
    refused(
        "ReportEvaluationClosed",
        world.hub.submit,
        report.struct,
        world.sign(report, 2),
        sender=world.stranger,
        version=1,
    )


def test_submit__evaluation_before_any_policy__refused(world: World) -> None:
    world.registry.registerModel("second", sender=world.steward)
    world.registry.registerVersion(2, version(), sender=world.steward)
    report = world.report(0, version=1).but(model=2)
    refused("PolicyMissing", world.hub.submit, report.struct, world.sign(report, 0, 1), sender=world.stranger)


def test_evaluation_passed__policy_changed_since__false(world: World) -> None:
    world.evaluate(registered(world))
    world.policies.setPolicy(1, policy(world.monitors, suspension=1), sender=world.admin)
    assert passed(world)
    warp_to(int(world.policies.policyAt(1, 1)[3]))
    assert not passed(world)


def test_submit__evaluation_replayed_under_a_new_policy__refused(world: World) -> None:
    report = world.report(0, version=registered(world))
    world.submit(report, 0)
    world.policies.setPolicy(1, policy(world.monitors, suspension=1), sender=world.admin)
    warp_to(int(world.policies.policyAt(1, 1)[3]))
    refused(
        "ReportWrongPolicy",
        world.hub.submit,
        report.struct,
        world.sign(report, 1),
        sender=world.stranger,
        given=report.policy,
    )


def test_activate__evaluated_under_an_older_policy__refused(world: World) -> None:
    world.evaluate(registered(world))
    world.policies.setPolicy(1, policy(world.monitors, suspension=1), sender=world.admin)
    warp_to(int(world.policies.policyAt(1, 1)[3]))
    refused("ModelNotEvaluated", world.registry.activate, 1, 2, sender=world.steward, version=2)


def test_submit__evaluation_long_after_registration__taken(world: World) -> None:
    number = registered(world)
    warp_to(now() + 50 * STEP)
    world.evaluate(number)
    assert passed(world)
