"""The token: given out once, counts in seconds, counts only what is delegated."""

from __future__ import annotations

from contracts.calls import now, refused_deployment
from contracts.world import SHARES, World

UNIT = 10**18


def test_constructor__allocation__all_given_out(world: World) -> None:
    found = [world.token.balanceOf(holder) // UNIT for holder in world.holders]
    assert tuple(found) == SHARES
    assert world.token.totalSupply() == sum(SHARES) * UNIT


def test_constructor__holders_and_amounts_differ__refused(world: World) -> None:
    refused_deployment(
        "TokenAllocationInvalid",
        "TribuneToken",
        "x",
        "X",
        [str(world.stranger)],
        [1, 2],
        sender=world.stranger,
        holders=1,
        amounts=2,
    )


def test_constructor__nobody__refused(world: World) -> None:
    refused_deployment("TokenAllocationInvalid", "TribuneToken", "x", "X", [], [], sender=world.stranger)


def test_clock__seconds__of_the_block(world: World) -> None:
    assert world.token.clock() == now()
    assert world.token.CLOCK_MODE() == "mode=timestamp"


def test_get_votes__not_delegated__none(world: World) -> None:
    world.token.transfer(world.stranger, UNIT, sender=world.holders[0])
    assert world.token.getVotes(world.stranger) == 0
    world.delegate(world.stranger, world.stranger)
    assert world.token.getVotes(world.stranger) == UNIT


def test_nonces__fresh__zero(world: World) -> None:
    assert world.token.nonces(world.stranger) == 0


def test_abi__no_way_to_mint(world: World) -> None:
    names = {method.name for method in world.token.contract_type.mutable_methods}
    assert names == {
        "approve",
        "delegate",
        "delegateBySig",
        "permit",
        "transfer",
        "transferFrom",
    }
