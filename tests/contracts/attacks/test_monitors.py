"""Monitors that collude, copy, contradict or keep silent, and stewards who withhold what monitors need."""

from __future__ import annotations

import pytest
from eth_utils.crypto import keccak

from contracts import signing
from contracts.calls import events, now, refused, warp_to
from contracts.kill_switch.guardians import WHY, appoint
from contracts.pause_governor.holder_calls import call_pause, opened
from contracts.report_hub.panels import FRAME, record, sealed, seat
from contracts.signing import AGAINST, NOT_AVAILABLE
from contracts.world import BELOW, DEADLINE, HEALTHY, STEP, TRIP, VOTE, World, hit, policy, version

STALE = 2


def reject(world: World, case: int) -> None:
    proposal = world.open(case)
    world.vote(proposal, 0, support=AGAINST)
    world.end_vote(proposal)
    world.switch.poke(case, sender=world.stranger)


def next_frame(world: World) -> int:
    """The first frame that begins from now on."""
    return (now() - world.base) // STEP + 2


# A cartel of k


def test_cartel_of_k__invents_a_breach__bounded_and_ended_by_a_vote(world: World) -> None:
    case = world.breach(TRIP)
    until = int(world.switch.statusOf(1).until)
    reject(world, case)
    assert (world.state(), now() < until) == ("Active", True)


def test_cartel_of_k__invents_the_same_breach_after_a_rejection__finds_its_rule_cooled(world: World) -> None:
    reject(world, world.breach(TRIP))
    world.judge(next_frame(world), hit(TRIP))
    assert (world.state(), world.switch.caseCount()) == ("Active", 1)


def test_cartel_of_k__invents_a_breach_in_every_frame__can_never_pause_for_good(world: World) -> None:
    for _ in range(12):
        world.judge(next_frame(world), hit(TRIP, VOTE, BELOW))
        assert world.state() in ("Active", "Suspended")
        assert world.switch.statusOf(1).epoch == 0
    warp_to(int(world.switch.statusOf(1).until))
    assert world.state() == "Active"


def test_cartel_of_k__hides_a_breach__holders_pause_the_model(world: World) -> None:
    world.judge(2, HEALTHY)
    call_pause(world, 0)
    case, proposal = opened(world)
    world.vote(proposal, 0, 1)
    world.governor.executeCase(case, sender=world.stranger)
    assert world.state() == "Paused"


def test_cartel_of_k__passes_a_version_without_measuring_it__its_first_true_frame_trips(world: World) -> None:
    """What an evaluation hides, service shows, to whoever of the next panel is honest."""
    number = world.next_version()
    world.policies.setPolicy(1, policy(world.monitors, suspension=1), sender=world.admin)
    frame = next_frame(world)
    report = sealed_of(world, frame, number, hit(TRIP))
    world.submit(report, 1, 2)
    assert world.state() == "Suspended"


def sealed_of(world: World, frame: int, number: int, values: tuple[int, ...]) -> signing.Report:
    """A report on an ended and anchored frame of a version."""
    warp_to(world.frame_end(frame))
    world.anchor(frame, number)
    return world.report(frame, values, number)


@pytest.mark.parametrize("liar", [0, 1, 2])
def test_fewer_than_k__one_lies__the_honest_are_judged(world: World, liar: int) -> None:
    report = sealed(world, 2)
    world.submit(world.report(2, hit(TRIP)), liar)
    world.submit(report, *{0, 1, 2} - {liar})
    assert (record(world, report).judged, world.state()) == (True, "Active")


def test_fewer_than_k__one_lies_on_every_digest_first__cannot_use_up_the_frame(world: World) -> None:
    report = sealed(world, 2, hit(TRIP))
    for number in range(5):
        world.submit(report.but(evidence=keccak(text=f"noise {number}")), 0)
    world.submit(report, 1, 2)
    assert world.state() == "Suspended"


# Copying


def test_copying_monitor__signs_what_a_peer_reported__counts(world: World) -> None:
    """What the contract cannot see: equal digests are agreement. The witness is checked off the chain."""
    report = sealed(world, 2)
    first = world.submit(report, 0)
    copied = events(first, "Attested")[0]
    assert bytes(copied["report"]) == report.digest
    world.submit(report, 1)
    assert record(world, report).judged


def test_copying_monitor__passes_a_peers_signature_off_as_its_own__skipped(world: World) -> None:
    report = sealed(world, 2)
    ((_, witness, signature),) = world.sign(report, 0)
    receipt = world.hub.submit(report.struct, [(1, witness, signature)], sender=world.monitors[1])
    assert events(receipt, "AttestationSkipped")[0]["index"] == 1
    assert record(world, report).reported == 0


def test_copying_monitor__copies_its_peers_witness_too__both_are_published(world: World) -> None:
    """Two equal witnesses cannot both be true: each is keyed with its monitor. Anybody can read both here."""
    report = sealed(world, 2)
    receipt = world.submit(report, 0, 1)
    said = [(str(event["monitor"]), bytes(event["witness"])) for event in events(receipt, "Attested")]
    assert said == [(str(world.monitors[0]), b"\x77" * 32), (str(world.monitors[1]), b"\x77" * 32)]


def test_relay__changes_a_monitors_witness__skipped(world: World) -> None:
    report = sealed(world, 2)
    ((index, _, signature),) = world.sign(report, 0)
    receipt = world.hub.submit(report.struct, [(index, b"\x78" * 32, signature)], sender=world.stranger)
    assert events(receipt, "AttestationSkipped")[0]["index"] == 0


# Silence


def test_withheld_reports__too_many_monitors_keep_silent__anyone_opens_a_vote(world: World) -> None:
    report = sealed(world, 2, hit(TRIP))
    world.submit(report, 0)
    warp_to(world.frame_end(2) + DEADLINE + 1)
    world.hub.pokeStale(1, 2, sender=world.outsider)
    assert (world.switch.caseOf(1).kind, world.switch.statusOf(1).oversight) == (STALE, STALE)


def test_withheld_reports__relay_keeps_a_signature_back__anyone_else_passes_it_on(world: World) -> None:
    report = sealed(world, 2, hit(TRIP))
    world.hub.submit(report.struct, world.sign(report, 0), sender=world.stranger)
    world.hub.submit(report.struct, world.sign(report, 1), sender=world.outsider)
    assert world.state() == "Suspended"


def test_withheld_log__steward_anchors_every_second_frame__each_missing_one_opens_a_vote(
    world: World,
) -> None:
    """The frames in which harm is done are left out, those between are spotless."""
    for case, frame in enumerate((2, 6, 10), start=1):
        world.judge(frame + 1)
        world.hub.pokeStale(1, frame, sender=world.stranger)
        assert (world.switch.caseOf(case).kind, world.switch.caseOf(case).frame) == (STALE, frame)


def test_withheld_log__policy_suspends_for_it__out_of_service_until_the_bound(world: World) -> None:
    seat(world, world.monitors, 2, stale_suspends=True)
    warp_to(world.frame_end(FRAME) + DEADLINE + 1)
    world.hub.pokeStale(1, FRAME, sender=world.stranger)
    assert not world.switch.isOperational(1)


def test_withheld_labels__frame_after_frame_without_a_value__a_hit_beyond_the_budget(world: World) -> None:
    values = tuple(NOT_AVAILABLE if place == BELOW else good for place, good in enumerate(HEALTHY))
    for frame in (2, 3, 4):
        world.judge(frame, values)
    assert (world.state(), world.switch.caseOf(1).rule) == ("Suspended", BELOW)
    assert world.switch.caseOf(1).value == NOT_AVAILABLE


def test_withheld_labels__every_frame_skipped_but_one_without_a_value__a_hit(world: World) -> None:
    """Silence between does not begin the count anew."""
    values = tuple(NOT_AVAILABLE if place == BELOW else good for place, good in enumerate(HEALTHY))
    world.judge(2)
    world.judge(7, values)
    assert (world.state(), world.switch.caseOf(1).rule) == ("Suspended", BELOW)


def test_withheld_labels__version_rotated_to_begin_anew__counted_on(world: World) -> None:
    values = tuple(NOT_AVAILABLE if place == BELOW else good for place, good in enumerate(HEALTHY))
    number = world.next_version(activate=False)
    world.judge(2)
    world.judge(3, values)
    world.registry.activate(1, number, sender=world.steward)
    world.judge(4, values)
    assert world.state() == "Active"
    world.judge(5, values, version=number)
    assert world.state() == "Suspended"


def test_not_available__cartel_calls_everything_so__bounded_and_ended_by_a_vote(world: World) -> None:
    world.judge(2, (NOT_AVAILABLE,) * 4)
    assert world.state() == "Suspended"
    reject(world, 1)
    assert world.state() == "Active"


def test_not_available__cannot_pass_for_a_good_value__in_an_evaluation(world: World) -> None:
    world.registry.registerVersion(1, version(), sender=world.steward)
    world.evaluate(2, values=(NOT_AVAILABLE,) * 4)
    refused("ModelNotEvaluated", world.registry.activate, 1, 2, sender=world.steward)


# Forced cooldown


def test_forced_cooldown__harmless_breach_rejected__every_other_way_to_halt_is_open(world: World) -> None:
    guardian = appoint(world)
    reject(world, world.breach(TRIP))
    world.judge(next_frame(world), hit(TRIP, BELOW))
    assert (world.state(), world.switch.caseOf(2).rule) == ("Suspended", BELOW)
    warp_to(int(world.switch.statusOf(1).until))
    world.switch.guardianSuspend(1, WHY, sender=guardian)
    assert world.state() == "Suspended"


def test_forced_cooldown__rejected_by_few__nothing_cools(world: World) -> None:
    case = world.breach(TRIP)
    proposal = world.open(case)
    world.vote(proposal, 4, support=AGAINST)
    world.end_vote(proposal)
    world.switch.poke(case, sender=world.stranger)
    assert world.outcome(case) == "Lapsed"
    warp_to(int(world.switch.statusOf(1).until))
    world.judge(next_frame(world), hit(TRIP))
    assert world.state() == "Suspended"


def test_forced_cooldown__new_version_or_policy__begins_without(world: World) -> None:
    reject(world, world.breach(TRIP))
    number = world.next_version()
    frame = next_frame(world)
    world.judge(frame, hit(TRIP), version=number)
    assert world.state() == "Suspended"


def test_forced_cooldown__sham_call_for_a_pause_rejected__a_true_call_is_not_barred(world: World) -> None:
    call_pause(world, 0)
    case, proposal = opened(world)
    world.vote(proposal, 0, support=AGAINST)
    world.end_vote(proposal)
    world.switch.poke(case, sender=world.stranger)
    assert world.outcome(case) == "Rejected"
    call_pause(world, 0)
    assert world.switch.caseCount() == case + 1
