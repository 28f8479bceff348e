"""Attempts to escape a halt or a case by other versions, other models, another steward or another policy."""

from __future__ import annotations

import pytest

from contracts.calls import now, refused, warp_to
from contracts.kill_switch.breaches import trip
from contracts.pause_governor.holder_calls import HOLDER_PAUSE, a_call, signed
from contracts.signing import AGAINST
from contracts.world import STEP, TRIP, VOTE, World, hit, policy, rule, version


def activate(world: World, number: int) -> None:
    """Let the steward put a version in force, and wait for it."""
    world.registry.activate(1, number, sender=world.steward)
    warp_to(int(world.policies.boundaryAtOrAfter(1, now())) + 1)


# Version churn


def test_version_churn__case_is_about_another_version__its_vote_pauses_the_model(world: World) -> None:
    case = world.breach(VOTE)
    proposal = world.open(case)
    number = world.next_version()
    world.vote(proposal, 0, 1)
    world.governor.executeCase(case, sender=world.stranger)
    assert (world.state(), world.registry.activeVersion(1)) == ("Paused", number)


def test_version_churn__back_and_forth_while_suspended__free_at_the_bound_and_not_before(
    world: World,
) -> None:
    number = world.next_version(activate=False)
    world.breach(TRIP)
    until = int(world.switch.statusOf(1).until)
    for version_ in (number, 1):
        activate(world, version_)
        assert not world.switch.isOperational(1)
        assert not world.switch.isOperational(1, version_)
    assert world.switch.statusOf(1).until == until


def test_version_churn__paused__only_a_vote_that_names_the_version_in_force_frees(world: World) -> None:
    world.pause()
    case, proposal = world.call_resume(1)
    world.vote(proposal, 0, 1)
    number = world.next_version()
    world.end_vote(proposal)
    refused(
        "VersionNotActive", world.governor.executeCase, case, sender=world.stranger, given=1, active=number
    )
    assert world.state() == "Paused"


def test_version_churn__a_call_names_the_version_before__opened_all_the_same(world: World) -> None:
    call = a_call(world, HOLDER_PAUSE).but(deadline=now() + 10 * STEP)
    signatures = signed(world, call, 0)
    world.next_version()
    world.governor.callPause(call.struct, signatures, sender=world.stranger)
    assert world.switch.caseOf(1).version == 1


def test_version_churn__last_frame_of_the_version_before__trips_the_model(world: World) -> None:
    number = world.next_version()
    world.judge(2, hit(TRIP), version=1)
    assert (world.state(), world.registry.activeVersion(1)) == ("Suspended", number)


def test_version_churn__faster_than_governance_allows__refused(world: World) -> None:
    world.registry.setActivationDistance(10 * STEP, sender=world.admin)
    number = world.next_version(activate=False)
    refused("ModelActivationTooSoon", world.registry.activate, 1, number, sender=world.steward)


# Registered anew


def test_registered_anew__same_artifact_as_another_model__runs_for_nobody(world: World) -> None:
    world.pause()
    world.registry.registerModel("the same again", sender=world.steward)
    world.registry.registerVersion(2, version(), sender=world.steward)
    refused("PolicyMissing", world.registry.activate, 2, 1, sender=world.steward)
    assert (world.state(2), world.switch.isOperational(2), world.state(1)) == ("Inactive", False, "Paused")


def test_registered_anew__governance_gave_it_a_policy__still_needs_an_evaluation(world: World) -> None:
    world.registry.registerModel("the same again", sender=world.steward)
    world.registry.registerVersion(2, version(), sender=world.steward)
    world.policies.setPolicy(2, policy(world.monitors), sender=world.admin)
    warp_to(now() + 5)
    refused("ModelNotEvaluated", world.registry.activate, 2, 1, sender=world.steward)


def test_registered_anew__reports_of_the_first_model__count_for_nothing_there(world: World) -> None:
    world.registry.registerModel("the same again", sender=world.steward)
    world.registry.registerVersion(2, version(), sender=world.steward)
    world.policies.setPolicy(2, policy(world.monitors), sender=world.admin)
    warp_to(now() + 5)
    signatures = world.sign(world.report(0), 0, 1)
    there = world.report(0, model=2)
    world.hub.submit(there.struct, signatures, sender=world.stranger)
    assert not world.hub.evaluationPassed(2, 1)


@pytest.mark.parametrize("state", ["Suspended", "Paused", "Retired"])
def test_sold_model__new_steward_starts_another_version__still_halted(world: World, state: str) -> None:
    number = world.next_version(activate=False)
    if state == "Suspended":
        world.breach(TRIP)
    elif state == "Paused":
        world.pause()
    world.registry.transferFrom(world.steward, world.outsider, 1, sender=world.steward)
    if state == "Retired":
        world.switch.retire(1, sender=world.admin)
        refused("ReportModelRetired", world.registry.activate, 1, number, sender=world.outsider)
    else:
        world.registry.activate(1, number, sender=world.outsider)
        warp_to(int(world.policies.boundaryAtOrAfter(1, now())) + 1)
    assert (world.state(), world.switch.isOperational(1)) == (state, False)


# A policy changed in flight


def test_policy_in_flight__laxer_one_decided_after_the_harm__frame_is_judged_by_the_stricter(
    world: World,
) -> None:
    warp_to(world.frame_end(2) - 100)
    before = world.policy_digest()
    lax = policy(world.monitors, rules=[rule("quality.invalid_rate", severity=0, limit=900_000)])
    world.policies.setPolicy(1, lax, sender=world.admin)
    warp_to(world.frame_end(2))
    world.anchor(2)
    world.submit(world.report(2, hit(TRIP)).but(policy=before))
    assert world.state() == "Suspended"


def test_policy_in_flight__panel_replaced_after_the_frame_began__the_old_panel_judges_it(
    world: World,
) -> None:
    before = world.policy_digest()
    tame = [*world.holders[:3]]
    for account in tame:
        world.monitor_registry.admit(account, "tame", "", sender=world.admin)
    world.policies.setPolicy(1, policy(tame), sender=world.admin)
    warp_to(world.frame_end(2))
    world.anchor(2)
    world.submit(world.report(2, hit(TRIP)).but(policy=before))
    assert world.state() == "Suspended"


def test_policy_in_flight__monitor_dismissed_meanwhile__still_counts_until_the_next_policy(
    world: World,
) -> None:
    world.monitor_registry.dismiss(world.monitors[0], sender=world.admin)
    world.judge(2, hit(TRIP))
    assert world.state() == "Suspended"


def test_policy_in_flight__shorter_suspension__the_running_one_and_its_vote_stand(world: World) -> None:
    case = world.breach(TRIP)
    until = world.switch.statusOf(1).until
    world.policies.setPolicy(1, policy(world.monitors, suspension=1), sender=world.admin)
    proposal = world.open(case)
    warp_to(world.frame_end(4))
    assert world.switch.statusOf(1).until == until
    assert world.vote_state(proposal) in ("Active", "Defeated")


def test_policy_in_flight__rejected_under_the_old__the_new_ones_rule_does_not_cool(world: World) -> None:
    case = world.breach(TRIP)
    world.policies.setPolicy(1, policy(world.monitors, suspension=1), sender=world.admin)
    proposal = world.open(case)
    world.vote(proposal, 0, support=AGAINST)
    world.end_vote(proposal)
    world.switch.poke(case, sender=world.stranger)
    world.judge((now() - world.base) // STEP + 2, hit(TRIP))
    assert world.state() == "Suspended"


def test_policy_in_flight__evaluated_under_the_old__not_activated_under_the_new(world: World) -> None:
    number = world.next_version(activate=False)
    world.policies.setPolicy(1, policy(world.monitors, suspension=1), sender=world.admin)
    warp_to(int(world.policies.policyAt(1, 1)[3]))
    refused("ModelNotEvaluated", world.registry.activate, 1, number, sender=world.steward)


def test_trip__model_far_beyond_the_registered__nothing_opened(world: World) -> None:
    """A case stores its model in 64 bits: no number beyond may pass for a registered one."""
    trip(world, model=2**64 + 1)
    assert (world.switch.caseCount(), world.state()) == (0, "Active")
