"""Signatures add up over calls, also where monitors sign for different digests."""

from __future__ import annotations

from typing import Any

import ape
import pytest
from eth_utils.crypto import keccak

from contracts.calls import events, refused, warp_to
from contracts.report_hub.panels import FRAME, attestation, pass_on, record, sealed, seat
from contracts.signing import Report
from contracts.world import DEADLINE, TRIP, World, hit


@pytest.fixture
def five(world: World) -> list[Any]:
    """A panel of five of whom three must agree, in force with FRAME."""
    panel = [*world.monitors, *world.holders[:2]]
    seat(world, panel, 3)
    return panel


def other(report: Report, number: int = 1) -> Report:
    return report.but(evidence=keccak(text=f"other {number}"))


def sign(world: World, panel: list[Any], report: Report, *members: int) -> Any:
    """Pass on a report with these members' signatures; return the receipt."""
    made = [attestation(world, report, index, panel[index].private_key) for index in members]
    return pass_on(world, report, *made)


def test_submit__one_a_call__judged_with_the_third(world: World, five: list[Any]) -> None:
    report = sealed(world, values=hit(TRIP))
    for index in (4, 0):
        sign(world, five, report, index)
        assert not record(world, report).judged
    sign(world, five, report, 2)
    assert (record(world, report).agreement, world.state()) == (3, "Suspended")


def test_submit__liars_come_first__the_true_digest_still_reaches_k(world: World, five: list[Any]) -> None:
    report = sealed(world, values=hit(TRIP))
    sign(world, five, other(report), 0, 1)
    assert record(world, report).agreement == 2
    sign(world, five, report, 2)
    sign(world, five, report, 3)
    assert not record(world, report).judged
    sign(world, five, report, 4)
    assert (record(world, report).agreement, world.state()) == (3, "Suspended")


def test_submit__two_digests_in_turn__each_counts_its_own(world: World, five: list[Any]) -> None:
    report = sealed(world)
    for member, digest in ((0, report), (1, other(report)), (2, report), (3, other(report))):
        sign(world, five, digest, member)
    assert record(world, report).agreement == 2
    receipt = sign(world, five, other(report), 4)
    assert bytes(events(receipt, "ReportJudged")[0]["digest"]) == other(report).digest


def test_submit__three_digests__the_largest_is_the_agreement(world: World, five: list[Any]) -> None:
    report = sealed(world)
    for member, digest in ((0, report), (1, other(report)), (2, other(report, 2)), (3, other(report, 2))):
        sign(world, five, digest, member)
    assert record(world, report).agreement == 2
    receipt = sign(world, five, other(report, 2), 4)
    assert bytes(events(receipt, "ReportJudged")[0]["digest"]) == other(report, 2).digest


def test_submit__dissenter_signs_the_first_digest_too__helps_only_its_own(
    world: World, five: list[Any]
) -> None:
    report = sealed(world)
    sign(world, five, report, 0, 1)
    sign(world, five, other(report), 2)
    receipt = sign(world, five, report, 2)
    assert [event["index"] for event in events(receipt, "AttestationSkipped")] == [2]
    assert (record(world, report).agreement, record(world, report).judged) == (2, False)


def test_submit__after_judgement_for_another_digest__noted_and_undoes_nothing(
    world: World, five: list[Any]
) -> None:
    report = sealed(world, values=hit(TRIP))
    sign(world, five, report, 0, 1, 2)
    receipt = sign(world, five, other(report), 3, 4)
    assert not events(receipt, "ReportJudged")
    found = record(world, report)
    assert (found.agreement, found.judged, found.disputed, found.reported) == (3, True, False, 0b11111)


def test_submit__two_thirds_lie_after_judgement__the_judgement_stands(world: World) -> None:
    report = sealed(world, 2, hit(TRIP))
    world.submit(report, 0, 1)
    world.submit(world.report(2), 0, 1, 2)
    assert (world.state(), record(world, report).breached) == ("Suspended", True)


def test_submit__signatures_split_over_the_deadline__the_later_come_too_late(
    world: World, five: list[Any]
) -> None:
    report = sealed(world)
    sign(world, five, report, 0, 1)
    warp_to(world.frame_end(FRAME) + DEADLINE + 1)
    late = [attestation(world, report, 2, five[2].private_key)]
    refused("ReportOutOfTime", world.hub.submit, report.struct, late, sender=world.stranger)
    world.hub.pokeStale(1, FRAME, sender=world.stranger)
    assert world.switch.caseOf(1).kind == 2


def test_submit__other_digest_without_a_valid_signature__changes_nothing(
    world: World, five: list[Any]
) -> None:
    report = sealed(world)
    sign(world, five, report, 0, 1)
    forged = attestation(world, other(report), 2, world.stranger.private_key)
    pass_on(world, other(report), forged)
    assert (record(world, report).agreement, record(world, report).reported) == (2, 0b11)
    sign(world, five, report, 2)
    assert record(world, report).judged


def test_submit__largest_panel__all_counted(world: World) -> None:
    """96 monitors: the last bit of the record is one too."""
    accounts = [ape.accounts.test_accounts.generate_test_account() for _ in range(93)]
    panel = [*world.monitors, *accounts]
    seat(world, panel, 49)
    report = sealed(world)
    for start in range(0, 96, 24):
        sign(world, panel, report, *range(start, start + 24))
    found = record(world, report)
    assert (found.agreement, found.reported, found.judged) == (96, 2**96 - 1, True)
