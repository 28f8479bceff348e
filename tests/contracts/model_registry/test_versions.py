"""Models and versions: registered by their steward, in force only after evaluation, at a boundary."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.crypto import keccak

from contracts.calls import events, next_at, now, refused, warp_to
from contracts.world import STEP, World, hit, policy, version


def test_register_model__anyone__becomes_steward(world: World) -> None:
    receipt = world.registry.registerModel("second", sender=world.outsider)
    said = events(receipt, "ModelRegistered")[0]
    assert (said["modelId"], said["steward"], said["name"]) == (2, world.outsider, "second")
    assert world.registry.stewardOf(2) == world.outsider
    assert (world.registry.modelCount(), world.registry.nameOf(2)) == (2, "second")


def test_register_model__without_name__refused(world: World) -> None:
    refused("ModelNameEmpty", world.registry.registerModel, "", sender=world.outsider)


def test_steward_of__unknown_model__refused(world: World) -> None:
    refused("ERC721NonexistentToken", world.registry.stewardOf, 9, sender=world.stranger)


def test_register_version__steward__kept_with_its_time(world: World) -> None:
    receipt = world.registry.registerVersion(1, version(parent=1, uri="ipfs://x"), sender=world.steward)
    found = world.registry.versionOf(1, 2)
    assert events(receipt, "VersionRegistered")[0]["version"] == 2
    assert (found.parent, found.uri, found.registeredAt) == (1, "ipfs://x", receipt.timestamp)
    assert bytes(world.registry.evaluationSetOf(1, 2)) == keccak(text="evaluation set")
    assert world.registry.versionCount(1) == 2


def test_register_version__time_given_by_the_steward__ignored(world: World) -> None:
    receipt = world.registry.registerVersion(1, version(registered_at=5), sender=world.steward)
    assert world.registry.versionOf(1, 2).registeredAt == receipt.timestamp


@pytest.mark.parametrize(
    "changes",
    [{"artifact": bytes(32)}, {"profile": bytes(32)}, {"evaluation_set": bytes(32)}, {"parent": 2}],
)
def test_register_version__incomplete__refused(world: World, changes: dict[str, Any]) -> None:
    refused(
        "ModelVersionInvalid", world.registry.registerVersion, 1, version(**changes), sender=world.steward
    )


def test_register_version__not_the_steward__refused(world: World) -> None:
    for sender in (world.stranger, world.admin, world.deployer):
        refused("ModelNotSteward", world.registry.registerVersion, 1, version(), sender=sender, modelId=1)


def test_register_version__after_transfer__new_steward_only(world: World) -> None:
    world.registry.transferFrom(world.steward, world.outsider, 1, sender=world.steward)
    refused("ModelNotSteward", world.registry.registerVersion, 1, version(), sender=world.steward)
    world.registry.registerVersion(1, version(), sender=world.outsider)
    assert world.registry.versionCount(1) == 2


def test_version_of__unknown__refused(world: World) -> None:
    for number in (0, 2):
        refused("ModelVersionUnknown", world.registry.versionOf, 1, number, sender=world.stranger)


def test_activate__not_evaluated__refused(world: World) -> None:
    world.registry.registerVersion(1, version(), sender=world.steward)
    refused("ModelNotEvaluated", world.registry.activate, 1, 2, sender=world.steward, version=2)


def test_activate__evaluation_failed__refused(world: World) -> None:
    world.registry.registerVersion(1, version(), sender=world.steward)
    world.evaluate(2, values=hit(0))
    refused("ModelNotEvaluated", world.registry.activate, 1, 2, sender=world.steward)


def test_activate__unknown_version__refused(world: World) -> None:
    refused("ModelVersionUnknown", world.registry.activate, 1, 2, sender=world.steward)


def test_activate__not_the_steward__refused(world: World) -> None:
    world.next_version(activate=False)
    refused("ModelNotSteward", world.registry.activate, 1, 2, sender=world.stranger)


def test_activate__retired_model__refused(world: World) -> None:
    world.next_version(activate=False)
    world.switch.retire(1, sender=world.admin)
    refused("ReportModelRetired", world.registry.activate, 1, 2, sender=world.steward, modelId=1)


def test_activate__mid_frame__in_force_at_the_boundary(world: World) -> None:
    world.next_version(activate=False)
    receipt = world.registry.activate(1, 2, sender=world.steward)
    said = events(receipt, "VersionActivated")[0]
    assert (said["version"], said["previous"], said["from"]) == (2, 1, world.frame_end(2))
    warp_to(world.frame_end(2) - 1)
    assert world.registry.activeVersion(1) == 1
    warp_to(world.frame_end(2))
    assert world.registry.activeVersion(1) == 2
    assert world.registry.versionAt(1, world.frame_end(2) - 1) == 1


def test_activate__while_one_is_pending__refused(world: World) -> None:
    world.next_version(activate=False)
    world.next_version(activate=False)
    world.registry.activate(1, 2, sender=world.steward)
    refused(
        "ModelActivationPending",
        world.registry.activate,
        1,
        3,
        sender=world.steward,
        **{"from": world.frame_end(2)},
    )


def test_activate__twice_at_the_very_boundary__refused(world: World) -> None:
    world.next_version(activate=False)
    next_at(world.frame_end(2))
    world.registry.activate(1, 2, sender=world.steward)
    assert now() == world.frame_end(2)
    refused("ModelActivationPending", world.registry.activate, 1, 1, sender=world.steward)


def test_activate__earlier_version_again__back_in_force(world: World) -> None:
    world.next_version()
    world.registry.activate(1, 1, sender=world.steward)
    warp_to(now() + STEP)
    assert world.registry.activeVersion(1) == 1


def test_activate__model_without_policy__refused(world: World) -> None:
    world.registry.registerModel("second", sender=world.steward)
    world.registry.registerVersion(2, version(), sender=world.steward)
    refused("PolicyMissing", world.registry.activate, 2, 1, sender=world.steward)


def test_activate__policy_change_at_the_same_boundary__frame_has_one_version(world: World) -> None:
    world.next_version(activate=False)
    world.policies.setPolicy(1, policy(world.monitors, step=300, length=300), sender=world.admin)
    world.registry.activate(1, 2, sender=world.steward)
    base = int(world.policies.policyAt(1, 1)[3])
    assert world.registry.versionAt(1, base - 1) == 1
    assert world.registry.versionAt(1, base) == 2


def test_active_version__nothing_activated__zero(world: World) -> None:
    world.registry.registerModel("second", sender=world.steward)
    assert (world.registry.activeVersion(2), world.registry.activeVersion(99)) == (0, 0)


def test_set_hub__admin__said(world: World) -> None:
    receipt = world.registry.setHub(world.switch, sender=world.admin)
    assert events(receipt, "HubChanged")[0]["current"] == world.switch
    assert world.registry.hub() == world.switch


def test_set_hub__stranger__refused(world: World) -> None:
    refused("AccessManagedUnauthorized", world.registry.setHub, world.stranger, sender=world.stranger)


def test_transfer__not_the_steward__refused(world: World) -> None:
    refused(
        "ERC721InsufficientApproval",
        world.registry.transferFrom,
        world.steward,
        world.stranger,
        1,
        sender=world.stranger,
    )
