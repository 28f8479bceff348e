"""Which monitors may be named in panels."""

from __future__ import annotations

from contracts.calls import events, refused
from contracts.world import World

ZERO = "0x" + "00" * 20


def test_admit__admin__admitted_and_named(world: World) -> None:
    receipt = world.monitor_registry.admit(world.outsider, "fourth", "ipfs://x", sender=world.admin)
    assert events(receipt, "MonitorAdmitted")[0]["account"] == world.outsider
    found = world.monitor_registry.monitorOf(world.outsider)
    assert (found.admitted, found.name, found.uri) == (True, "fourth", "ipfs://x")
    assert world.monitor_registry.isAdmitted(world.outsider)


def test_admit__again__renamed(world: World) -> None:
    world.monitor_registry.admit(world.monitors[0], "renamed", "", sender=world.admin)
    assert world.monitor_registry.monitorOf(world.monitors[0]).name == "renamed"


def test_admit__zero_address_or_no_name__refused(world: World) -> None:
    refused("MonitorInvalid", world.monitor_registry.admit, ZERO, "x", "", sender=world.admin)
    refused("MonitorInvalid", world.monitor_registry.admit, world.outsider, "", "", sender=world.admin)


def test_dismiss__admitted__barred(world: World) -> None:
    receipt = world.monitor_registry.dismiss(world.monitors[0], sender=world.admin)
    assert events(receipt, "MonitorDismissed")[0]["account"] == world.monitors[0]
    assert not world.monitor_registry.isAdmitted(world.monitors[0])


def test_dismiss__not_admitted__refused(world: World) -> None:
    refused("MonitorUnknown", world.monitor_registry.dismiss, world.outsider, sender=world.admin)
    world.monitor_registry.dismiss(world.monitors[0], sender=world.admin)
    refused("MonitorUnknown", world.monitor_registry.dismiss, world.monitors[0], sender=world.admin)
