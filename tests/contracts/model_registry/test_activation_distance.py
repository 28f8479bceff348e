"""The least time between two versions of a model taking force, and when its first one did."""

from __future__ import annotations

from contracts.calls import events, now, refused, refused_deployment, warp_to
from contracts.world import STEP, World, hit, policy, version

DAY = 24 * 3600


def distance(world: World, seconds: int) -> None:
    world.registry.setActivationDistance(seconds, sender=world.admin)


def test_activate__within_the_distance__refused_with_the_earliest_time(world: World) -> None:
    distance(world, 5 * STEP)
    number = world.next_version(activate=False)
    refused(
        "ModelActivationTooSoon",
        world.registry.activate,
        1,
        number,
        sender=world.steward,
        earliest=world.frame_end(1) + 5 * STEP,
        **{"from": world.frame_end(2)},
    )


def test_activate__boundary_exactly_at_the_distance__accepted(world: World) -> None:
    distance(world, 3 * STEP)
    number = world.next_version(activate=False)
    warp_to(world.frame_end(3) + 1)  # version 1 took force at the end of frame 1
    receipt = world.registry.activate(1, number, sender=world.steward)
    assert events(receipt, "VersionActivated")[0]["from"] == world.frame_end(4)


def test_activate__boundary_just_short_of_the_distance__refused(world: World) -> None:
    distance(world, 3 * STEP + 1)
    number = world.next_version(activate=False)
    warp_to(world.frame_end(3) + 1)
    refused("ModelActivationTooSoon", world.registry.activate, 1, number, sender=world.steward)


def test_activate__first_version_of_a_model__free(world: World) -> None:
    distance(world, 30 * DAY)
    world.registry.registerModel("second", sender=world.steward)
    world.registry.registerVersion(2, version(), sender=world.steward)
    world.policies.setPolicy(2, policy(world.monitors), sender=world.admin)
    world.evaluate(1, model=2)
    world.registry.activate(2, 1, sender=world.steward)
    warp_to(now() + STEP)
    assert world.registry.activeVersion(2) == 1


def test_activate__rotation_while_a_case_stands__waits_for_the_distance(world: World) -> None:
    """What the distance is for: no second version in the time in which the first one's case is decided."""
    distance(world, 10 * STEP)
    number = world.next_version(activate=False)
    world.judge(2, hit(0))
    refused("ModelActivationTooSoon", world.registry.activate, 1, number, sender=world.steward)
    assert (world.state(), world.registry.activeVersion(1)) == ("Suspended", 1)


def test_set_activation_distance__admin__said_with_old_and_new(world: World) -> None:
    distance(world, 5)
    receipt = world.registry.setActivationDistance(30 * DAY, sender=world.admin)
    said = events(receipt, "ActivationDistanceChanged")[0]
    assert (said["previous"], said["current"]) == (5, 30 * DAY)
    assert world.registry.activationDistance() == 30 * DAY


def test_set_activation_distance__above_30_days__refused(world: World) -> None:
    refused(
        "ModelActivationDistanceTooLong",
        world.registry.setActivationDistance,
        30 * DAY + 1,
        sender=world.admin,
        distance=30 * DAY + 1,
        most=30 * DAY,
    )


def test_set_activation_distance__not_admin__refused(world: World) -> None:
    for sender in (world.stranger, world.steward, world.deployer):
        refused("AccessManagedUnauthorized", world.registry.setActivationDistance, 1, sender=sender)


def test_constructor__distance_above_30_days__refused(world: World) -> None:
    refused_deployment(
        "ModelActivationDistanceTooLong",
        "ModelRegistry",
        world.access,
        world.policies,
        30 * DAY + 1,
        sender=world.stranger,
    )


def test_active_since__first_version__its_boundary_whatever_follows(world: World) -> None:
    assert world.registry.activeSince(1) == world.frame_end(1)
    world.next_version()
    assert world.registry.activeSince(1) == world.frame_end(1)


def test_active_since__activation_under_way__its_boundary(world: World) -> None:
    world.registry.registerModel("second", sender=world.steward)
    world.registry.registerVersion(2, version(), sender=world.steward)
    world.policies.setPolicy(2, policy(world.monitors), sender=world.admin)
    base = int(world.policies.policyAt(2, 0)[3])
    warp_to(base + 1)
    world.evaluate(1, model=2)
    world.registry.activate(2, 1, sender=world.steward)
    assert (world.registry.activeSince(2), world.registry.activeVersion(2)) == (base + STEP, 0)


def test_active_since__nothing_activated__zero(world: World) -> None:
    world.registry.registerModel("second", sender=world.steward)
    assert (world.registry.activeSince(2), world.registry.activeSince(99)) == (0, 0)


def test_version_at__three_versions__each_in_its_time(world: World) -> None:
    for _ in range(2):
        world.next_version()
    found = [world.registry.versionAt(1, world.frame_end(frame)) for frame in range(4)]
    assert found == [0, 1, 2, 3]


def test_version_at__activation_under_way__the_one_before(world: World) -> None:
    world.next_version()
    world.registry.activate(1, world.next_version(activate=False), sender=world.steward)
    assert world.registry.activeVersion(1) == 2
    assert world.registry.versionAt(1, world.frame_end(1)) == 1


def test_steward_and_version_at__any_time__as_the_single_views_say(world: World) -> None:
    world.next_version()
    for time in (0, world.frame_end(1), now(), now() + 10 * STEP):
        both = world.registry.stewardAndVersionAt(1, time)
        assert tuple(both) == (world.registry.stewardOf(1), world.registry.versionAt(1, time))


def test_steward_and_version_at__unknown_model__nothing(world: World) -> None:
    steward, number = world.registry.stewardAndVersionAt(9, now())
    assert (int(steward, 16), number) == (0, 0)


def world_policy(world: World) -> tuple[object, ...]:
    """The world's policy, for a further model."""
    from contracts.world import policy

    return policy(world.monitors)
