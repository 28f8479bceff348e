"""Calls of holders for a vote, and the signatures under them."""

from __future__ import annotations

from typing import Any

from eth_utils.crypto import keccak

from contracts import signing
from contracts.calls import now, refused, warp_to
from contracts.signing import Call
from contracts.world import DELAY, World

HOLDER_PAUSE, HOLDER_RESUME = 3, 4
HARM = keccak(text="harm that no metric sees")
Signed = tuple[str, bytes]

TOO_LITTLE, ENOUGH = 4, 3
"""Holders of 8 and of 10 percent: the threshold lies between them."""


def a_call(world: World, kind: int = HOLDER_PAUSE, **changes: Any) -> Call:
    """Return the call that holders would sign now, about version 1 of model 1."""
    epoch = int(world.switch.statusOf(1).epoch)
    round_ = int(world.governor.roundOf(1, kind))
    return Call(kind, 1, 1, epoch, round_, HARM, now() + 500).but(**changes)


def signed(world: World, call: Call, *holders: int, **changes: Any) -> list[Signed]:
    """Return these holders' signatures, in the order of their addresses."""
    chosen = [world.holders[index] for index in holders]
    where = {"chain_id": world.chain_id, "governor": world.governor.address} | changes
    made = [
        (str(who), signing.call(who.private_key, where["governor"], call, chain_id=where["chain_id"]))
        for who in chosen
    ]
    return in_order(made)


def in_order(signatures: list[Signed]) -> list[Signed]:
    """Return signatures in the order of their signers' addresses."""
    return sorted(signatures, key=lambda one: int(one[0], 16))


def call_pause(world: World, *holders: int, **changes: Any) -> Any:
    """Let these holders call for a pause; return the receipt."""
    call = a_call(world, **changes)
    return world.governor.callPause(call.struct, signed(world, call, *holders), sender=world.stranger)


def opened(world: World) -> tuple[int, int]:
    """Return the newest case and its vote, once its voting delay has passed."""
    case = int(world.switch.caseCount())
    warp_to(now() + DELAY + 1)
    return case, world.proposal(case)


def refuse(world: World, error: str, call: Call, signatures: list[Any], **expected: Any) -> None:
    """Expect that a call for a pause is refused."""
    refused(error, world.governor.callPause, call.struct, signatures, sender=world.stranger, **expected)
