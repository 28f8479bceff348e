"""Attempts through versions, policies, anchors and signatures over reports."""

from __future__ import annotations

import pytest
from eth_utils.crypto import keccak

from contracts.calls import events, next_at, now, refused, warp_to
from contracts.signing import NOT_AVAILABLE
from contracts.world import (
    EVALUATION_SET,
    GRACE,
    HEALTHY,
    ROOT,
    ROWS,
    STEP,
    TRIP,
    World,
    hit,
    policy,
    rule,
    version,
)

ZERO = bytes(32)


# Versions


def test_register_version__its_own_parent__refused(world: World) -> None:
    refused("ModelVersionInvalid", world.registry.registerVersion, 1, version(parent=2), sender=world.steward)
    world.registry.registerVersion(1, version(parent=1), sender=world.steward)
    assert world.registry.versionOf(1, 2).parent == 1


def test_activate__while_suspended_then_a_late_frame_of_the_old__joins_and_prolongs_nothing(
    world: World,
) -> None:
    number = world.next_version(activate=False)
    warp_to(world.frame_end(2) + 200)  # so that frame 3 comes well within the case's open window
    world.breach()
    until = world.switch.statusOf(1).until
    world.registry.activate(1, number, sender=world.steward)
    warp_to(world.frame_end(3))
    world.anchor(3)
    world.submit(world.report(3, hit(TRIP)))
    status = world.switch.statusOf(1)
    assert (status.version, status.until, status.caseId, world.state()) == (number, until, 1, "Suspended")
    assert world.switch.caseCount() == 1


def test_activate__new_version_while_the_old_is_in_breach__its_cooldown_is_not_inherited(
    world: World,
) -> None:
    number = world.next_version()
    policy_digest = world.policy_digest()
    assert world.switch.coolingUntil(1, number, policy_digest, TRIP) == 0


def test_submit__evaluation_under_a_policy_not_yet_in_force__refused(world: World) -> None:
    warp_to(world.frame_end(2) + 10)
    world.policies.setPolicy(1, policy(world.monitors, k=3), sender=world.admin)
    pending = bytes(world.policies.policyAt(1, 1)[1])
    world.registry.registerVersion(1, version(), sender=world.steward)
    report = world.report(0, HEALTHY, 2).but(policy=pending)
    refused(
        "ReportWrongPolicy", world.hub.submit, report.struct, world.sign(report, 0, 1), sender=world.stranger
    )


def test_activate__evaluated_under_the_policy_that_ends_at_the_boundary__one_frame_one_version(
    world: World,
) -> None:
    number = world.next_version(activate=False)
    warp_to(world.frame_end(2) + 10)
    world.policies.setPolicy(1, policy(world.monitors, k=3), sender=world.admin)
    world.registry.activate(1, number, sender=world.steward)
    boundary = world.frame_end(3)
    assert world.policies.policyAt(1, 1)[3] == boundary
    assert (world.registry.versionAt(1, boundary - 1), world.registry.versionAt(1, boundary)) == (1, number)


# Policies


def test_set_policy__many_in_a_row_before_they_take_force__frames_already_over_keep_their_terms(
    world: World,
) -> None:
    warp_to(world.frame_end(4) + 1)
    before = [bytes(world.policies.termsOf(1, frame).digest) for frame in range(1, 5)]
    for step in (10, 7, 4000, 999):
        world.policies.setPolicy(1, policy(world.monitors, step=step, length=step + 1), sender=world.admin)
    assert world.policies.policyCount(1) == 2
    assert [bytes(world.policies.termsOf(1, frame).digest) for frame in range(1, 5)] == before


def test_set_policy__replaced_in_the_second_it_takes_force__stands_beside_it(world: World) -> None:
    world.policies.setPolicy(1, policy(world.monitors, k=3), sender=world.admin)
    base = int(world.policies.policyAt(1, 1)[3])
    next_at(base)
    world.policies.setPolicy(1, policy(world.monitors, suspension=1), sender=world.admin)
    assert world.policies.policyCount(1) == 3
    last = world.policies.policyAt(1, 2)
    assert (int(last[3]), bytes(last[1])) == (base, world.policy_digest())
    assert world.policies.lastFrameAt(1, base) == int(last[2]) - 1


def test_submit__panel_in_another_order_under_the_next_policy__old_signatures_count_for_nobody(
    world: World,
) -> None:
    world.policies.setPolicy(1, policy(world.monitors[::-1]), sender=world.admin)
    warp_to(world.frame_end(3))
    world.anchor(3)
    report = world.report(3)
    signed = world.sign(report, 0, 2)
    world.hub.submit(report.struct, signed, sender=world.stranger)
    assert world.hub.frameOf(1, 1, 3, report.policy).agreement == 0
    swapped = [(2 - index, witness, signature) for index, witness, signature in signed]
    world.hub.submit(report.struct, swapped, sender=world.stranger)
    assert world.hub.frameOf(1, 1, 3, report.policy).judged


# Reports


def test_submit__one_monitor_signs_two_digests_in_one_frame__helps_only_the_first(world: World) -> None:
    warp_to(world.frame_end(2))
    world.anchor(2)
    good, bad = world.report(2), world.report(2, hit(TRIP))
    world.submit(good, 0)
    world.submit(bad, 0)
    world.submit(bad, 1)
    assert not world.hub.frameOf(1, 1, 2, good.policy).judged
    world.submit(bad, 2)
    assert world.state() == "Suspended"


@pytest.mark.parametrize("index", [3, 96, 255])
def test_submit__index_out_of_range_beside_good_ones__skipped(world: World, index: int) -> None:
    warp_to(world.frame_end(2))
    world.anchor(2)
    report = world.report(2)
    signed = world.sign(report, 0, 1)
    receipt = world.hub.submit(report.struct, [(index, *signed[0][1:]), *signed], sender=world.stranger)
    assert [event["index"] for event in events(receipt, "AttestationSkipped")] == [index]
    assert world.hub.frameOf(1, 1, 2, report.policy).agreement == 2


@pytest.mark.parametrize(
    ("value", "hits"), [(-(2**63) + 1, 0), (2**63 - 1, 1), (0, 0), (1, 1), (-1, 0), (NOT_AVAILABLE, 0)]
)
def test_submit__edges_of_64_bits__signed_and_compared_whole(world: World, value: int, hits: int) -> None:
    wide = rule("edge", severity=0, limit=0, lo=-(2**63) + 1, hi=2**63 - 1, na=255)
    world.policies.setPolicy(1, policy(world.monitors, rules=[wide]), sender=world.admin)
    warp_to(world.frame_end(3))
    world.anchor(3)
    receipt = world.submit(world.report(3, (value,)))
    assert events(receipt, "ReportJudged")[0]["hits"] == hits


def test_submit__not_available_budget_of_255__never_a_hit(world: World) -> None:
    endless = rule("edge", severity=2, na=255)
    world.policies.setPolicy(1, policy(world.monitors, rules=[endless]), sender=world.admin)
    for frame in (3, 4, 5):
        world.judge(frame, (NOT_AVAILABLE,))
    assert world.state() == "Active"


def test_submit__lowest_value_is_a_rules_range__refused(world: World) -> None:
    broken = rule("edge", lo=-(2**63), limit=0)
    refused(
        "PolicyRuleInvalid",
        world.policies.setPolicy,
        1,
        policy(world.monitors, rules=[broken]),
        sender=world.admin,
    )


def test_submit__others_passed_on_my_signature_first__my_call_counts_nothing_and_loses_nothing(
    world: World,
) -> None:
    warp_to(world.frame_end(2))
    world.anchor(2)
    report = world.report(2, hit(TRIP))
    world.submit(report, 0)
    world.submit(report, 0)
    assert world.hub.frameOf(1, 1, 2, report.policy).agreement == 1
    world.submit(report, 0, 1)
    assert world.state() == "Suspended"


# Anchors


def test_anchor__before_the_grace_is_over__refused(world: World) -> None:
    """A steward that cut its log off before the bad labels came."""
    warp_to(world.frame_end(2) + GRACE - 1)
    refused(
        "LogFrameNotOver",
        world.log.anchor,
        1,
        1,
        2,
        keccak(text="too early"),
        ROOT,
        ROWS,
        sender=world.steward,
    )


def test_anchor__false_log__stands_and_the_true_one_is_refused(world: World) -> None:
    """What a steward may do to its own log: no honest report, no harm to the judging of others."""
    next_at(world.frame_end(2) + GRACE)
    world.log.anchor(1, 1, 2, keccak(text="false"), ROOT, ROWS, sender=world.steward)
    refused(
        "LogAlreadyAnchored",
        world.log.anchor,
        1,
        1,
        2,
        keccak(text="true"),
        ROOT,
        ROWS,
        sender=world.steward,
    )
    true = world.report(2).but(manifest=keccak(text="true"))
    refused(
        "ReportWrongManifest", world.hub.submit, true.struct, world.sign(true, 0, 1), sender=world.stranger
    )
    world.judge(3, hit(TRIP))
    assert world.state() == "Suspended"


def test_anchor__logger_named_before_a_sale_and_the_model_bought_back__has_its_right_again(
    world: World,
) -> None:
    world.log.setLogger(1, world.outsider, sender=world.steward)
    world.registry.transferFrom(world.steward, world.stranger, 1, sender=world.steward)
    assert int(world.log.loggerOf(1), 16) == 0
    world.registry.transferFrom(world.stranger, world.steward, 1, sender=world.stranger)
    assert world.log.loggerOf(1) == world.outsider


def test_report__on_the_evaluation_set_as_a_frame__refused(world: World) -> None:
    warp_to(world.frame_end(2))
    world.anchor(2)
    report = world.report(2).but(manifest=EVALUATION_SET)
    refused(
        "ReportWrongManifest",
        world.hub.submit,
        report.struct,
        world.sign(report, 0, 1),
        sender=world.stranger,
    )


def test_report__frame_of_the_other_grid__refused(world: World) -> None:
    frame = (now() - world.base) // STEP + 2
    report = world.report(2).but(frame=frame, manifest=b"\x01" * 32)
    refused(
        "ReportOutOfTime", world.hub.submit, report.struct, world.sign(report, 0, 1), sender=world.stranger
    )
