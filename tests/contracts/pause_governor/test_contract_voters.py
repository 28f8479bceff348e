"""Voters that are contracts: ERC-1271 under a gas cap, and keys with delegated code (EIP-7702)."""

from __future__ import annotations

from typing import Any

import ape
import pytest

from contracts import signing
from contracts.calls import events, rpc
from contracts.kill_switch.breaches import trip
from contracts.signing import FOR
from contracts.world import World

UNIT = 10**18


def relay(world: World, proposal: int, *ballots: Any) -> Any:
    return world.governor.castVotesBySig(proposal, list(ballots), sender=world.stranger)


def wallet_ballot(world: World, proposal: int, wallet: Any, key: str) -> tuple[str, int, str, bytes]:
    """A ballot in a contract's name, signed with a key."""
    signature = signing.ballot(
        key, world.governor.address, proposal, str(wallet), FOR, chain_id=world.chain_id
    )
    return str(wallet), FOR, "", signature


def owned_wallet(world: World) -> Any:
    """Holder 0's wallet, with all of its tokens."""
    owner = world.holders[0]
    wallet = world.stranger.deploy(ape.project.OwnedWallet, owner, world.token)
    world.token.transfer(wallet, 40 * UNIT, sender=owner)
    return wallet


def test_cast_votes_by_sig__wallets_owner_signs__counted(world: World) -> None:
    wallet = owned_wallet(world)
    trip(world)
    proposal = world.open(1)
    relay(world, proposal, wallet_ballot(world, proposal, wallet, world.holders[0].private_key))
    assert [int(votes) // UNIT for votes in world.governor.proposalVotes(proposal)] == [0, 40, 0]


def test_cast_votes_by_sig__stranger_signs_for_a_wallet__skipped(world: World) -> None:
    wallet = owned_wallet(world)
    trip(world)
    proposal = world.open(1)
    receipt = relay(world, proposal, wallet_ballot(world, proposal, wallet, world.stranger.private_key))
    assert [str(event["voter"]) for event in events(receipt, "BallotSkipped")] == [str(wallet)]


@pytest.mark.parametrize("kind", ["BurningWallet", "VerboseWallet", "TerseWallet"])
def test_cast_votes_by_sig__hostile_wallet_first__others_count(world: World, kind: str) -> None:
    hostile = world.stranger.deploy(getattr(ape.project, kind))
    trip(world)
    proposal = world.open(1)
    bad = wallet_ballot(world, proposal, hostile, world.stranger.private_key)
    receipt = relay(world, proposal, bad, world.ballot(proposal, 2))
    assert [str(event["voter"]) for event in events(receipt, "BallotSkipped")] == [str(hostile)]
    assert len(events(receipt, "VoteCast")) == 1


def test_cast_votes_by_sig__gas_burner__burns_no_more_than_the_cap(world: World) -> None:
    hostile = world.stranger.deploy(ape.project.BurningWallet)
    trip(world)
    proposal = world.open(1)
    bad = wallet_ballot(world, proposal, hostile, world.stranger.private_key)
    receipt = relay(world, proposal, bad, bad)
    assert 500_000 < receipt.gas_used < 620_000


def test_cast_votes_by_sig__voter_without_code_and_bad_signature__not_called(world: World) -> None:
    trip(world)
    proposal = world.open(1)
    voter, support, reason, _ = world.ballot(proposal, 2)
    receipt = relay(world, proposal, (voter, support, reason, b"\x01"))
    assert len(events(receipt, "BallotSkipped")) == 1


@pytest.mark.parametrize("kind", ["BurningWallet", "VerboseWallet", "TerseWallet"])
def test_cast_votes_by_sig__key_with_delegated_code__its_own_signature_counts(
    world: World, kind: str
) -> None:
    target = world.stranger.deploy(getattr(ape.project, kind))
    rpc("anvil_setCode", str(world.holders[2]), "0xef0100" + str(target).removeprefix("0x"))
    trip(world)
    proposal = world.open(1)
    receipt = relay(world, proposal, world.ballot(proposal, 2))
    assert len(events(receipt, "VoteCast")) == 1
    assert receipt.gas_used < 200_000
