"""The grid of frames: where policies begin, how frames go on counting, how a pending policy is replaced."""

from __future__ import annotations

from typing import Any

from contracts.calls import next_at, now, refused, warp_to
from contracts.world import STEP, World, policy


def set_policy(world: World, **changes: Any) -> None:
    world.policies.setPolicy(1, policy(world.monitors, **changes), sender=world.admin)


def begins(world: World, index: int) -> tuple[int, int]:
    """First frame of a policy and when its step begins."""
    _, _, first_frame, base = world.policies.policyAt(1, index)
    return int(first_frame), int(base)


def digest(world: World, index: int) -> bytes:
    return bytes(world.policies.policyAt(1, index)[1])


def second_model(world: World, **changes: Any) -> None:
    world.registry.registerModel("second", sender=world.steward)
    world.policies.setPolicy(2, policy(world.monitors, **changes), sender=world.admin)


def test_set_policy__first__in_force_at_once(world: World) -> None:
    second_model(world)
    assert world.policies.hasPolicy(2)
    assert begins_of(world, 2) == (1, now())


def begins_of(world: World, model: int) -> tuple[int, int]:
    _, _, first_frame, base = world.policies.policyAt(model, 0)
    return int(first_frame), int(base)


def test_set_policy__first_with_start__in_force_then(world: World) -> None:
    start = now() + 5000
    second_model(world, start=start)
    assert not world.policies.hasPolicy(2)
    refused("PolicyMissing", world.policies.currentTerms, 2, sender=world.stranger)
    warp_to(start)
    assert world.policies.hasPolicy(2)
    assert begins_of(world, 2) == (1, start)


def test_set_policy__first_with_past_start__in_force_at_once(world: World) -> None:
    second_model(world, start=now() - 5000)
    assert begins_of(world, 2) == (1, now())


def test_set_policy__start_by_mistake_far_away__replaced(world: World) -> None:
    second_model(world, start=2**48 - 1)
    world.policies.setPolicy(2, policy(world.monitors), sender=world.admin)
    assert world.policies.policyCount(2) == 1
    assert begins_of(world, 2) == (1, now())
    assert world.policies.hasPolicy(2)


def test_set_policy__second__at_the_next_boundary(world: World) -> None:
    warp_to(world.frame_end(2) + 1)
    set_policy(world, k=3)
    assert begins(world, 1) == (4, world.frame_end(3))


def test_set_policy__exactly_at_a_boundary__at_once(world: World) -> None:
    next_at(world.frame_end(2))
    set_policy(world, k=3)
    assert begins(world, 1) == (3, world.frame_end(2))
    assert bytes(world.policies.currentTerms(1).digest) == digest(world, 1)


def test_set_policy__other_step__frames_go_on_counting(world: World) -> None:
    warp_to(world.frame_end(2) + 1)
    set_policy(world, step=300, length=300, deadline=100)
    base = world.frame_end(3)
    assert world.policies.termsOf(1, 3).end == base
    ends = [world.policies.termsOf(1, frame).end - base for frame in (4, 5, 6)]
    assert ends == [300, 600, 900]
    assert world.policies.termsOf(1, 4).start == base


def test_terms_of__frame_before_the_change__older_policy(world: World) -> None:
    old = digest(world, 0)
    set_policy(world, k=3)
    assert begins(world, 1)[0] == 3
    assert bytes(world.policies.termsOf(1, 2).digest) == old
    assert bytes(world.policies.termsOf(1, 3).digest) == digest(world, 1)
    warp_to(world.frame_end(6))
    assert bytes(world.policies.termsOf(1, 2).digest) == old


def test_current_terms__pending__still_the_older(world: World) -> None:
    old = digest(world, 0)
    set_policy(world, k=3)
    assert bytes(world.policies.currentTerms(1).digest) == old
    warp_to(begins(world, 1)[1])
    assert bytes(world.policies.currentTerms(1).digest) == digest(world, 1)


def test_set_policy__while_one_is_pending__replaces_it(world: World) -> None:
    set_policy(world, k=3)
    set_policy(world, suspension=7)
    assert world.policies.policyCount(1) == 2
    assert begins(world, 1) == (3, world.frame_end(2))
    assert world.policies.termsOf(1, 3).suspension == 7


def test_set_policy__twice_at_one_boundary__the_later(world: World) -> None:
    next_at(world.frame_end(2))
    set_policy(world, k=3)
    next_at(world.frame_end(2))
    set_policy(world, suspension=7)
    assert now() == world.frame_end(2)
    assert world.policies.policyCount(1) == 3
    assert begins(world, 2) == (3, world.frame_end(2))
    assert world.policies.termsOf(1, 3).suspension == 7


def test_set_policy__frames_longer_than_their_step__waits_for_one_that_begins_later(world: World) -> None:
    set_at = now() + 5
    next_at(set_at)
    set_policy(world, length=2500)
    frame, base = begins(world, 1)
    assert world.policies.termsOf(1, frame).start >= set_at
    assert (base - world.base) % STEP == 0
    assert base - set_at < 1500 + STEP
    assert bytes(world.policies.termsOf(1, frame - 1).digest) == digest(world, 0)


def test_terms_of__frames_longer_than_their_step__overlap(world: World) -> None:
    second_model(world, length=2500)
    base = begins_of(world, 2)[1]
    terms = world.policies.termsOf(2, 4)
    assert (terms.start, terms.end) == (base + 1500, base + 4000)


def test_terms_of__length_beyond_all_time__begins_at_zero(world: World) -> None:
    second_model(world, length=2**32 - 1)
    assert world.policies.termsOf(2, 1).start == 0


def test_terms_of__frame_zero__refused(world: World) -> None:
    refused("PolicyMissing", world.policies.termsOf, 1, 0, sender=world.stranger)


def test_terms_of__model_without_policy__refused(world: World) -> None:
    refused("PolicyMissing", world.policies.termsOf, 7, 1, sender=world.stranger, modelId=7)


def test_terms_of__frame_number_that_wraps__refused(world: World) -> None:
    for frame in (2**48 + 2, 2**64 - 1, 2**40):
        refused("PolicyFrameTooFar", world.policies.termsOf, 1, frame, sender=world.stranger, frame=frame)


def test_terms_of__last_frame_in_48_bits__told(world: World) -> None:
    frame = (2**48 - 1 - 500 - world.base) // STEP
    assert world.policies.termsOf(1, frame).acceptUntil < 2**48
    refused("PolicyFrameTooFar", world.policies.termsOf, 1, frame + 1, sender=world.stranger)


def test_boundary_at_or_after__on_and_off_the_grid__rounds_up(world: World) -> None:
    found = [
        world.policies.boundaryAtOrAfter(1, world.frame_end(4) + offset) - world.base for offset in (-1, 0, 1)
    ]
    assert found == [4 * STEP, 4 * STEP, 5 * STEP]


def test_boundary_at_or_after__before_any_policy__refused(world: World) -> None:
    refused("PolicyMissing", world.policies.boundaryAtOrAfter, 1, world.base - 1, sender=world.stranger)


def test_last_frame_at__through_two_policies__counts_on(world: World) -> None:
    warp_to(world.frame_end(2) + 1)
    set_policy(world, step=300, length=300, deadline=100)
    base = world.frame_end(3)
    times = (world.base, base - 1, base, base + 299, base + 300)
    found = [world.policies.lastFrameAt(1, time) for time in times]
    assert found == [0, 2, 3, 3, 4]


def test_has_policy__unknown_model__false(world: World) -> None:
    assert not world.policies.hasPolicy(7)
