"""Who may call what, as DESIGN section 5 has it: what a deployment sets up and `verify_roles` holds it to."""

from __future__ import annotations

from collections.abc import Mapping

from eth_utils.crypto import keccak

ADMIN, PAUSE, HUB, GUARDIAN, REGISTRY = range(5)
ROLE_NAMES = {ADMIN: "ADMIN", PAUSE: "PAUSE", HUB: "HUB", GUARDIAN: "GUARDIAN", REGISTRY: "REGISTRY"}

RESTRICTED: dict[int, dict[str, tuple[str, ...]]] = {
    PAUSE: {
        "KillSwitch": (
            "pause(uint256,uint256,uint64)",
            "resume(uint256,uint32,uint64)",
            "openHolderCase(uint256,uint8,uint32,bytes32)",
            "markVote(uint256,uint256)",
            "setVoteSpan(uint48)",
        )
    },
    HUB: {
        "KillSwitch": (
            "trip((uint8,uint256,uint32,uint64,uint16,int64,int64,bytes32,bytes32,uint32))",
            "openBreachCase((uint8,uint256,uint32,uint64,uint16,int64,int64,bytes32,bytes32,uint32))",
        )
    },
    GUARDIAN: {"KillSwitch": ("guardianSuspend(uint256,bytes32)", "guardianHalt()")},
    REGISTRY: {"ReportHub": ("onActivate(uint256,uint32,uint48)",)},
}
"""Functions of each role; every other restricted function is ADMIN's."""

HOLDERS = {ADMIN: "TribuneTimelock", PAUSE: "PauseGovernor", HUB: "ReportHub", REGISTRY: "ModelRegistry"}
"""The one holder of each role after a deployment; an `executive` holds ADMIN in the timelock's place."""

MANAGED = ("MonitorRegistry", "PolicyBook", "ModelRegistry", "KillSwitch", "ReportHub")
"""Contracts that ask the access manager; the others have no restricted function."""


def holders(addresses: Mapping[str, str], executive: str, guardian: str | None) -> dict[int, str]:
    """Return role → the one account that is to hold it; GUARDIAN only where somebody is named."""
    found = {role: addresses[name] for role, name in HOLDERS.items() if role != ADMIN}
    return {ADMIN: executive, **found, **({GUARDIAN: guardian} if guardian else {})}


def selector(signature: str) -> bytes:
    """First four bytes of a function signature's hash."""
    return keccak(text=signature)[:4]
