"""Whose signatures count under a call of holders, and when their votes suffice."""

from __future__ import annotations

from typing import Any

import ape
import pytest
from eth_account import Account

from contracts import signing
from contracts.calls import events, now, refused, rpc, warp_to
from contracts.pause_governor.holder_calls import (
    ENOUGH,
    HOLDER_RESUME,
    TOO_LITTLE,
    a_call,
    call_pause,
    in_order,
    refuse,
    signed,
)
from contracts.pause_governor.successors import successor
from contracts.signing import Call
from contracts.world import CALL_THRESHOLD, World

UNIT = 10**18


def wallet_of(world: World, holder: int, amount: int) -> Any:
    """A wallet that the holder signs for, with some of the holder's tokens."""
    owner = world.holders[holder]
    wallet = world.stranger.deploy(ape.project.OwnedWallet, owner, world.token)
    world.token.transfer(wallet, amount, sender=owner)
    warp_to(now() + 1)
    return wallet


def wallet_signature(world: World, call: Call, wallet: Any, key: str) -> tuple[str, bytes]:
    return str(wallet), signing.call(key, world.governor.address, call, chain_id=world.chain_id)


def call_gas(world: World, call: Call, signatures: list[Any]) -> int:
    """Gas of a call, taken back."""
    mark = rpc("evm_snapshot")
    receipt = world.governor.callPause(call.struct, signatures, sender=world.stranger)
    rpc("evm_revert", mark)
    return int(receipt.gas_used)


def test_hash_call__same_as_the_design__equal(world: World) -> None:
    call = a_call(world)
    (_, signature), *_ = signed(world, call, 0)
    digest = bytes(world.governor.hashCall(call.struct))
    assert Account._recover_hash(digest, signature=signature) == str(world.holders[0])


def test_call_pause__power_below_the_threshold__refused(world: World) -> None:
    call = a_call(world)
    needed = 100 * UNIT * CALL_THRESHOLD // 1_000_000
    refuse(
        world,
        "CallBelowThreshold",
        call,
        signed(world, call, TOO_LITTLE),
        power=8 * UNIT,
        needed=needed,
    )


def test_call_pause__several_who_reach_it_together__opened(world: World) -> None:
    world.token.transfer(world.stranger, 5 * UNIT, sender=world.holders[ENOUGH])
    warp_to(now() + 1)
    for alone in (TOO_LITTLE, ENOUGH):
        call = a_call(world)
        refuse(world, "CallBelowThreshold", call, signed(world, call, alone))
    receipt = call_pause(world, TOO_LITTLE, ENOUGH)
    assert events(receipt, "HoldersCalled")[0]["power"] == 13 * UNIT


@pytest.mark.parametrize(("short", "opens"), [(1, False), (0, True)])
def test_call_pause__power_at_the_very_threshold__opened(world: World, short: int, opens: bool) -> None:
    world.token.transfer(world.stranger, UNIT + short, sender=world.holders[ENOUGH])
    warp_to(now() + 1)
    call = a_call(world)
    signatures = signed(world, call, ENOUGH)
    if not opens:
        return refuse(world, "CallBelowThreshold", call, signatures, power=9 * UNIT - 1, needed=9 * UNIT)
    world.governor.callPause(call.struct, signatures, sender=world.stranger)
    assert world.switch.caseCount() == 1
    return None


def test_call_pause__nobody_signed__refused(world: World) -> None:
    refuse(world, "CallBelowThreshold", a_call(world), [], power=0)


def test_call_pause__same_signer_twice__refused(world: World) -> None:
    call = a_call(world)
    (once,) = signed(world, call, TOO_LITTLE)
    refuse(
        world,
        "CallSignersUnordered",
        call,
        [once, once],
        previous=str(world.holders[TOO_LITTLE]).lower(),
    )


def test_call_pause__signers_out_of_order__refused(world: World) -> None:
    call = a_call(world)
    refuse(world, "CallSignersUnordered", call, signed(world, call, TOO_LITTLE, ENOUGH)[::-1])


def test_call_pause__zero_address_named__refused(world: World) -> None:
    call = a_call(world)
    nobody = ("0x" + "00" * 20, b"\x01" * 65)
    refuse(world, "CallSignersUnordered", call, [nobody, *signed(world, call, ENOUGH)])


def test_call_pause__bad_signature_beside_good_ones__skipped(world: World) -> None:
    call = a_call(world)
    forged = (str(world.holders[0]), signed(world, call, 1)[0][1])
    receipt = world.governor.callPause(
        call.struct, in_order([forged, *signed(world, call, ENOUGH)]), sender=world.stranger
    )
    assert events(receipt, "HoldersCalled")[0]["power"] == 10 * UNIT


@pytest.mark.parametrize(
    "changes",
    [{"model": 2}, {"version": 2}, {"evidence": b"\x01" * 32}, {"kind": HOLDER_RESUME}, {"deadline": 2**47}],
)
def test_call_pause__signed_something_else__does_not_count(world: World, changes: dict[str, Any]) -> None:
    call = a_call(world)
    refuse(world, "CallBelowThreshold", call, signed(world, call.but(**changes), 0, 1), power=0)


@pytest.mark.parametrize("where", ["chain", "governor"])
def test_call_pause__signed_for_another_chain_or_governor__does_not_count(world: World, where: str) -> None:
    call = a_call(world)
    changes: dict[str, Any] = {"chain_id": 1} if where == "chain" else {"governor": world.hub.address}
    refuse(world, "CallBelowThreshold", call, signed(world, call, 0, 1, **changes), power=0)


def test_call_pause__power_delegated_away__counts_where_it_is(world: World) -> None:
    world.delegate(world.holders[0], world.holders[TOO_LITTLE])
    warp_to(now() + 1)
    call = a_call(world)
    refuse(world, "CallBelowThreshold", call, signed(world, call, 0), power=0)
    receipt = call_pause(world, TOO_LITTLE)
    assert events(receipt, "HoldersCalled")[0]["power"] == 48 * UNIT


def test_call_pause__wallets_owner_signed__its_power_counts(world: World) -> None:
    wallet = wallet_of(world, 0, 20 * UNIT)
    call = a_call(world)
    signature = wallet_signature(world, call, wallet, world.holders[0].private_key)
    receipt = world.governor.callPause(call.struct, [signature], sender=world.stranger)
    assert events(receipt, "HoldersCalled")[0]["power"] == 20 * UNIT


def test_call_pause__stranger_signed_for_a_wallet__does_not_count(world: World) -> None:
    wallet = wallet_of(world, 0, 20 * UNIT)
    call = a_call(world)
    signature = wallet_signature(world, call, wallet, world.stranger.private_key)
    refuse(world, "CallBelowThreshold", call, [signature], power=0)


@pytest.mark.parametrize("kind", ["BurningWallet", "VerboseWallet", "TerseWallet"])
def test_call_pause__hostile_wallet_among_signers__skipped_at_a_bounded_price(
    world: World, kind: str
) -> None:
    hostile = world.stranger.deploy(getattr(ape.project, kind))
    call = a_call(world)
    plain = call_gas(world, call, signed(world, call, ENOUGH))
    bad = (str(hostile), b"\x01" * 65)
    beside = call_gas(world, call, in_order([bad, *signed(world, call, ENOUGH)]))
    assert beside - plain < int(world.governor.contractGas()) + 20_000


def test_set_call_threshold__executive__changed_and_told(world: World) -> None:
    receipt = world.governor.setCallThreshold(80_000, sender=world.admin)
    assert events(receipt, "CallThresholdChanged")[0] == {"previous": CALL_THRESHOLD, "current": 80_000}
    assert world.governor.callThreshold() == 80_000
    call_pause(world, TOO_LITTLE)
    assert world.switch.caseCount() == 1


def test_set_call_threshold__anyone_else__refused(world: World) -> None:
    for sender in (world.stranger, world.steward, world.holders[0], world.as_governor, world.deployer):
        refused("GovernorOnlyExecutor", world.governor.setCallThreshold, 80_000, sender=sender)


@pytest.mark.parametrize("threshold", [0, 200_001])
def test_set_call_threshold__none_or_above_the_quorum__refused(world: World, threshold: int) -> None:
    refused("PauseGovernorSettingsInvalid", world.governor.setCallThreshold, threshold, sender=world.admin)


def test_set_call_threshold__just_the_quorum__accepted(world: World) -> None:
    world.governor.setCallThreshold(200_000, sender=world.admin)
    assert world.governor.callThreshold() == 200_000


def test_update_quorum_numerator__under_the_threshold_of_calls__refused(world: World) -> None:
    refused("PauseGovernorSettingsInvalid", world.governor.updateQuorumNumerator, 8, sender=world.admin)


def test_call_pause__supply_of_nothing__refused(world: World) -> None:
    """A threshold of 0 must not let a call without power through."""
    token = world.stranger.deploy(ape.project.TribuneToken, "Empty", "E", [str(world.stranger)], [0])
    new = successor(world, token)
    call = a_call(world)
    signature = (
        str(world.holders[0]),
        signing.call(world.holders[0].private_key, new.address, call, chain_id=world.chain_id),
    )
    refused("CallBelowThreshold", new.callPause, call.struct, [signature], sender=world.stranger, needed=0)
