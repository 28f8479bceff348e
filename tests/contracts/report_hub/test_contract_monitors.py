"""Monitors that are contracts (ERC-1271), and keys with delegated code (EIP-7702)."""

from __future__ import annotations

from typing import Any

import ape
import pytest

from contracts.calls import events, refused_deployment, rpc
from contracts.report_hub.panels import attestation, pass_on, record, sealed, seat
from contracts.world import TRIP, World, hit


def with_wallet(world: World, kind: str = "OwnedWallet") -> Any:
    """Seat a contract as the panel's first member, beside two keys; return it."""
    arguments = (world.monitors[0], world.token) if kind == "OwnedWallet" else ()
    wallet = world.stranger.deploy(getattr(ape.project, kind), *arguments)
    seat(world, [wallet, *world.monitors[1:]], 2)
    return wallet


def test_submit__wallets_owner_signed__counts(world: World) -> None:
    wallet = with_wallet(world)
    report = sealed(world, values=hit(TRIP))
    receipt = pass_on(
        world,
        report,
        attestation(world, report, 0, world.monitors[0].private_key),
        attestation(world, report, 1, world.monitors[1].private_key),
    )
    assert str(events(receipt, "Attested")[0]["monitor"]) == str(wallet)
    assert world.state() == "Suspended"


def test_submit__stranger_signed_for_a_wallet__skipped(world: World) -> None:
    with_wallet(world)
    report = sealed(world)
    receipt = pass_on(world, report, attestation(world, report, 0, world.stranger.private_key))
    assert [event["index"] for event in events(receipt, "AttestationSkipped")] == [0]
    assert record(world, report).reported == 0


def test_submit__wallet_twice__counts_once(world: World) -> None:
    with_wallet(world)
    report = sealed(world)
    once = attestation(world, report, 0, world.monitors[0].private_key)
    pass_on(world, report, once, once)
    pass_on(world, report, once)
    assert record(world, report).agreement == 1


@pytest.mark.parametrize("kind", ["BurningWallet", "VerboseWallet", "TerseWallet"])
def test_submit__hostile_wallet_in_the_panel__others_are_judged_at_a_bounded_price(
    world: World, kind: str
) -> None:
    with_wallet(world, kind)
    report = sealed(world, values=hit(TRIP))
    bad = attestation(world, report, 0, world.stranger.private_key)
    good = [attestation(world, report, index, world.monitors[index].private_key) for index in (1, 2)]
    mark = rpc("evm_snapshot")
    alone = int(pass_on(world, report, *good).gas_used)
    rpc("evm_revert", mark)
    beside = pass_on(world, report, bad, *good)
    assert world.state() == "Suspended"
    assert int(beside.gas_used) - alone < int(world.hub.contractGas()) + 20_000


@pytest.mark.parametrize("kind", ["BurningWallet", "TerseWallet"])
def test_submit__key_with_delegated_code__its_own_signature_counts(world: World, kind: str) -> None:
    target = world.stranger.deploy(getattr(ape.project, kind))
    rpc("anvil_setCode", str(world.monitors[0]), "0xef0100" + str(target).removeprefix("0x"))
    report = sealed(world, 2, hit(TRIP))
    world.submit(report)
    assert world.state() == "Suspended"


@pytest.mark.parametrize("gas", [0, 49_999])
def test_deploy__signers_get_too_little_gas__refused(world: World, gas: int) -> None:
    refused_deployment(
        "ContractGasTooLow",
        "ReportHub",
        world.access.address,
        world.policies.address,
        world.registry.address,
        world.log.address,
        world.switch.address,
        gas,
        sender=world.stranger,
        given=gas,
    )
