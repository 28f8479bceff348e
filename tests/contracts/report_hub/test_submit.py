"""Reports that are refused whole: time, version, policy, manifest, values."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.crypto import keccak

from contracts.calls import next_at, refused, warp_to
from contracts.signing import NOT_AVAILABLE, Report
from contracts.world import DEADLINE, HEALTHY, STEP, World, policy

OTHER = keccak(text="other")


def ready(world: World, frame: int = 2) -> Report:
    """Let a frame end, anchor it, and return a report that would be taken."""
    warp_to(world.frame_end(frame))
    world.anchor(frame)
    return world.report(frame)


def refuse(world: World, error: str, report: Report, **expected: Any) -> None:
    """Assert that the hub refuses a report that two monitors signed."""
    refused(
        error, world.hub.submit, report.struct, world.sign(report, 0, 1), sender=world.stranger, **expected
    )


def test_submit__quorum__judged_healthy(world: World) -> None:
    report = ready(world)
    world.submit(report)
    record = world.hub.frameOf(1, 1, 2, report.policy)
    assert (record.judged, record.breached, record.agreement, record.reported) == (True, False, 2, 0b11)


def test_submit__before_frame_end__refused(world: World) -> None:
    warp_to(world.frame_end(2) - 1)
    report = world.report(2).but(manifest=OTHER)
    refuse(world, "ReportOutOfTime", report, frame=2, until=world.frame_end(2) + DEADLINE)


def test_submit__last_second_of_deadline__taken(world: World) -> None:
    report = ready(world)
    next_at(world.frame_end(2) + DEADLINE)
    receipt = world.submit(report)
    assert receipt.timestamp == world.frame_end(2) + DEADLINE


def test_submit__after_deadline__refused(world: World) -> None:
    report = ready(world)
    warp_to(world.frame_end(2) + DEADLINE + 1)
    refuse(world, "ReportOutOfTime", report)


def test_submit__frames_out_of_order__both_judged(world: World) -> None:
    world.policies.setPolicy(1, policy(world.monitors, deadline=5 * STEP), sender=world.admin)
    world.judge(4)
    world.anchor(3)
    older = world.report(3)
    world.submit(older)
    assert world.hub.frameOf(1, 1, 3, older.policy).judged


def test_submit__wrong_version__refused(world: World) -> None:
    report = ready(world).but(version=2)
    refuse(world, "ReportWrongVersion", report, given=2, expected=1)


def test_submit__version_zero_before_activation__refused(world: World) -> None:
    warp_to(world.frame_end(1))
    report = world.report(2).but(frame=1, version=0)
    refuse(world, "ReportWrongVersion", report, expected=0)


def test_submit__frame_of_the_version_before__taken_late(world: World) -> None:
    world.next_version()
    assert world.switch.statusOf(1).version == 2
    report = ready(world)
    world.submit(report)
    assert world.hub.frameOf(1, 1, 2, report.policy).judged


def test_submit__new_version_for_an_older_frame__refused(world: World) -> None:
    world.next_version()
    report = ready(world).but(version=2)
    refuse(world, "ReportWrongVersion", report, given=2, expected=1)


def test_submit__other_policy__refused(world: World) -> None:
    report = ready(world).but(policy=OTHER)
    refuse(world, "ReportWrongPolicy", report, given=OTHER)


def test_submit__policy_set_meanwhile__judged_by_the_one_at_the_start(world: World) -> None:
    world.policies.setPolicy(1, policy(world.monitors, suspension=1), sender=world.admin)
    old = bytes(world.policies.policyAt(1, 0)[1])
    new = bytes(world.policies.policyAt(1, 1)[1])
    report = ready(world).but(policy=new)
    refuse(world, "ReportWrongPolicy", report, given=new, expected=old)
    world.submit(report.but(policy=old))


def test_submit__first_frame_of_a_new_policy__needs_the_new(world: World) -> None:
    world.policies.setPolicy(1, policy(world.monitors, suspension=1), sender=world.admin)
    new = bytes(world.policies.policyAt(1, 1)[1])
    report = ready(world, 3)
    assert report.policy == new
    world.submit(report)


def test_submit__not_anchored__refused(world: World) -> None:
    warp_to(world.frame_end(2))
    refuse(world, "ReportWrongManifest", world.report(2), given=bytes(32), expected=bytes(32))


def test_submit__other_manifest__refused(world: World) -> None:
    report = ready(world).but(manifest=OTHER)
    refuse(world, "ReportWrongManifest", report, given=OTHER)


@pytest.mark.parametrize("values", [HEALTHY[:3], (*HEALTHY, 0), ()])
def test_submit__too_few_or_too_many_values__refused(world: World, values: tuple[int, ...]) -> None:
    report = ready(world).but(values=values)
    refuse(world, "ReportValueCount", report, given=len(values), expected=4)


@pytest.mark.parametrize(
    ("index", "value"), [(0, 1_000_001), (0, -1_000_001), (3, -1), (3, NOT_AVAILABLE + 1), (2, 2**63 - 1)]
)
def test_submit__value_out_of_range__refused(world: World, index: int, value: int) -> None:
    values = tuple(value if place == index else good for place, good in enumerate(HEALTHY))
    report = ready(world).but(values=values)
    refuse(world, "ReportValueOutOfRange", report, index=index, value=value)


@pytest.mark.parametrize(("index", "value"), [(0, -1_000_000), (2, 1_000_000), (3, 1_000_000)])
def test_submit__value_at_its_bound__taken(world: World, index: int, value: int) -> None:
    values = tuple(value if place == index else good for place, good in enumerate(HEALTHY))
    report = ready(world).but(values=values)
    world.submit(report)
    assert world.hub.frameOf(1, 1, 2, report.policy).judged


def test_submit__unknown_model__refused(world: World) -> None:
    report = ready(world).but(model=99)
    refuse(world, "PolicyMissing", report, modelId=99)


def test_submit__frame_number_beyond_48_bits__refused(world: World) -> None:
    report = ready(world).but(frame=2**48 + 2)
    refuse(world, "PolicyFrameTooFar", report, frame=2**48 + 2)


def test_submit__evidence_differs__another_report(world: World) -> None:
    report = ready(world)
    world.hub.submit(report.struct, world.sign(report, 0), sender=world.stranger)
    other = report.but(evidence=OTHER)
    world.hub.submit(other.struct, world.sign(other, 1), sender=world.stranger)
    assert not world.hub.frameOf(1, 1, 2, report.policy).judged


def test_submit__no_signatures__counts_nothing(world: World) -> None:
    report = ready(world)
    world.hub.submit(report.struct, [], sender=world.stranger)
    assert world.hub.frameOf(1, 1, 2, report.policy).reported == 0


def test_submit__anyone_may_pass_on__taken(world: World) -> None:
    report = ready(world)
    world.hub.submit(report.struct, world.sign(report, 0, 1), sender=world.outsider)
    assert world.hub.frameOf(1, 1, 2, report.policy).judged
