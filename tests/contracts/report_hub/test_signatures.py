"""Whose signatures count, once a monitor and frame, and only for this chain, hub, report."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.crypto import keccak

from contracts import signing
from contracts.calls import events, warp_to
from contracts.signing import Report
from contracts.world import TRIP, World, hit

SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@pytest.fixture
def report(world: World) -> Report:
    """A report on an ended and anchored frame that hits the TRIP rule."""
    warp_to(world.frame_end(2))
    world.anchor(2)
    return world.report(2, hit(TRIP))


def pass_on(world: World, report: Report, attestations: list[Any]) -> Any:
    return world.hub.submit(report.struct, attestations, sender=world.stranger)


def judged(world: World, report: Report) -> bool:
    return bool(world.hub.frameOf(1, 1, 2, report.policy).judged)


def test_hash_report__same_as_the_design__equal(world: World, report: Report) -> None:
    assert bytes(world.hub.hashReport(report.struct)) == report.digest


def test_submit__k_in_one_call__judged(world: World, report: Report) -> None:
    receipt = pass_on(world, report, world.sign(report, 0, 2))
    assert judged(world, report)
    assert [str(event["monitor"]) for event in events(receipt, "Attested")] == [
        str(world.monitors[0]),
        str(world.monitors[2]),
    ]


def test_submit__k_over_two_calls__judged_at_the_second(world: World, report: Report) -> None:
    pass_on(world, report, world.sign(report, 1))
    assert not judged(world, report)
    pass_on(world, report, world.sign(report, 0))
    assert judged(world, report)


def test_submit__fewer_than_k__nothing_happens(world: World, report: Report) -> None:
    pass_on(world, report, world.sign(report, 1))
    assert (world.state(), world.switch.caseCount()) == ("Active", 0)


def test_submit__third_after_judgement__counted_and_not_judged_again(world: World, report: Report) -> None:
    pass_on(world, report, world.sign(report, 0, 1))
    receipt = pass_on(world, report, world.sign(report, 2))
    assert not events(receipt, "ReportJudged")
    assert world.hub.frameOf(1, 1, 2, report.policy).agreement == 3


def test_submit__same_signature_twice_in_a_call__counts_once(world: World, report: Report) -> None:
    receipt = pass_on(world, report, world.sign(report, 0, 0))
    assert not judged(world, report)
    assert [event["index"] for event in events(receipt, "AttestationSkipped")] == [0]


def test_submit__replayed__counts_once(world: World, report: Report) -> None:
    pass_on(world, report, world.sign(report, 0))
    receipt = pass_on(world, report, world.sign(report, 0))
    assert [event["index"] for event in events(receipt, "AttestationSkipped")] == [0]
    assert world.hub.frameOf(1, 1, 2, report.policy).agreement == 1


def test_submit__replayed_beside_a_new_one__skipped(world: World, report: Report) -> None:
    pass_on(world, report, world.sign(report, 0))
    receipt = pass_on(world, report, world.sign(report, 0, 1))
    assert judged(world, report)
    assert len(events(receipt, "AttestationSkipped")) == 1


def test_submit__monitor_signs_two_reports__only_its_first_counts(world: World, report: Report) -> None:
    pass_on(world, report, world.sign(report, 0))
    other = world.report(2)
    receipt = pass_on(world, other, world.sign(other, 0, 1))
    assert not judged(world, report)
    assert world.hub.frameOf(1, 1, 2, report.policy).agreement == 1
    assert len(events(receipt, "AttestationSkipped")) == 1


def test_submit__same_monitor_other_witness__counts_once(world: World, report: Report) -> None:
    again = signing.attestation(
        world.monitors[0].private_key,
        world.hub.address,
        report,
        0,
        chain_id=world.chain_id,
        witness=keccak(text="again"),
    )
    pass_on(world, report, [*world.sign(report, 0), again])
    assert not judged(world, report)


def test_submit__three_disagree__not_judged(world: World, report: Report) -> None:
    for index in range(3):
        own = report.but(evidence=keccak(text=f"own {index}"))
        pass_on(world, own, world.sign(own, index))
    assert not judged(world, report)
    assert world.hub.frameOf(1, 1, 2, report.policy).reported == 0b111


def test_submit__two_agree_against_one__judged(world: World, report: Report) -> None:
    other = world.report(2)
    pass_on(world, other, world.sign(other, 2))
    pass_on(world, report, world.sign(report, 0, 1))
    assert world.state() == "Suspended"


def strangers(world: World, report: Report, **changes: Any) -> tuple[int, bytes, bytes]:
    """An attestation in the name of monitor 0, made some other way."""
    arguments = {
        "key": world.monitors[0].private_key,
        "hub": world.hub.address,
        "report": report,
        "index": 0,
        "chain_id": world.chain_id,
    }
    return signing.attestation(**arguments | changes)


def skipped_alone(world: World, report: Report, attestation: Any) -> None:
    receipt = pass_on(world, report, [attestation])
    assert [event["index"] for event in events(receipt, "AttestationSkipped")] == [attestation[0]]
    assert world.hub.frameOf(1, 1, 2, report.policy).reported == 0


def test_submit__strangers_signature__skipped(world: World, report: Report) -> None:
    forged = strangers(world, report, key=world.stranger.private_key)
    receipt = pass_on(world, report, [forged, *world.sign(report, 0, 1)])
    assert events(receipt, "AttestationSkipped")[0]["index"] == 0
    assert judged(world, report)


def test_submit__strangers_signature_alone__skipped(world: World, report: Report) -> None:
    skipped_alone(world, report, strangers(world, report, key=world.stranger.private_key))


def test_submit__another_monitors_index__skipped(world: World, report: Report) -> None:
    skipped_alone(world, report, strangers(world, report, index=1))


@pytest.mark.parametrize("index", [3, 95, 96, 255])
def test_submit__index_beyond_the_panel__skipped(world: World, report: Report, index: int) -> None:
    skipped_alone(world, report, strangers(world, report, index=index))


def test_submit__other_chain__skipped(world: World, report: Report) -> None:
    skipped_alone(world, report, strangers(world, report, chain_id=1))


def test_submit__other_hub__skipped(world: World, report: Report) -> None:
    skipped_alone(world, report, strangers(world, report, hub=world.switch.address))


@pytest.mark.parametrize(
    "change",
    [
        {"model": 2},
        {"version": 2},
        {"frame": 3},
        {"policy": bytes(32)},
        {"manifest": bytes(32)},
        {"evidence": bytes(32)},
        {"values": (1, 0, 0, 900_000)},
    ],
)
def test_submit__signed_for_another_report__skipped(
    world: World, report: Report, change: dict[str, Any]
) -> None:
    skipped_alone(world, report, strangers(world, report.but(**change)))


def test_submit__other_witness_than_signed__skipped(world: World, report: Report) -> None:
    index, _, signature = world.sign(report, 0)[0]
    skipped_alone(world, report, (index, bytes(32), signature))


def test_submit__high_s__skipped(world: World, report: Report) -> None:
    index, witness, signature = world.sign(report, 0)[0]
    s = SECP256K1_ORDER - int.from_bytes(signature[32:64], "big")
    flipped = signature[:32] + s.to_bytes(32, "big") + bytes([27 + 28 - signature[64]])
    skipped_alone(world, report, (index, witness, flipped))


@pytest.mark.parametrize("signature", [b"", b"\x00" * 65, b"\xff" * 64, b"\x01" * 1000])
def test_submit__rubbish_signature__skipped(world: World, report: Report, signature: bytes) -> None:
    rubbish = (0, bytes(32), signature)
    pass_on(world, report, [rubbish, *world.sign(report, 0, 1)])
    assert judged(world, report)


def test_submit__dismissed_monitor_still_in_the_panel__counts(world: World, report: Report) -> None:
    world.monitor_registry.dismiss(world.monitors[0], sender=world.admin)
    pass_on(world, report, world.sign(report, 0, 1))
    assert judged(world, report)
