"""Panels beside the fixture's three keys: larger ones, and monitors that are contracts."""

from __future__ import annotations

from typing import Any

from contracts import signing
from contracts.calls import warp_to
from contracts.signing import Report
from contracts.world import HEALTHY, World, policy

FRAME = 3
"""First frame under a policy that is set in the fixture's first second."""


def seat(world: World, accounts: list[Any], k: int, **changes: Any) -> None:
    """Admit accounts that are no monitors yet, and set a policy with this panel, in force with FRAME."""
    for account in accounts:
        if not world.monitor_registry.isAdmitted(account):
            world.monitor_registry.admit(account, "further monitor", "", sender=world.admin)
    world.policies.setPolicy(1, policy(accounts, k=k, **changes), sender=world.admin)


def sealed(world: World, frame: int = FRAME, values: tuple[int, ...] = HEALTHY) -> Report:
    """Let a frame end and be anchored; return a report on it."""
    warp_to(world.frame_end(frame))
    world.anchor(frame)
    return world.report(frame, values)


def attestation(world: World, report: Report, index: int, key: str) -> tuple[int, bytes, bytes]:
    """Return the attestation of the panel's member `index`, signed with a key."""
    return signing.attestation(key, world.hub.address, report, index, chain_id=world.chain_id)


def pass_on(world: World, report: Report, *attestations: Any) -> Any:
    """Submit a report with these attestations; return the receipt."""
    return world.hub.submit(report.struct, list(attestations), sender=world.stranger)


def record(world: World, report: Report) -> Any:
    """What the hub knows of the report's frame."""
    return world.hub.frameOf(report.model, report.version, report.frame, report.policy)
