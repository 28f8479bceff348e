"""Attempts to jam a relay, to burn its gas, or to speak for an account with code."""

from __future__ import annotations

from typing import Any

import ape
import pytest

from contracts import signing
from contracts.calls import events, mined, now, rpc, warp_to
from contracts.kill_switch.breaches import trip
from contracts.pause_governor.holder_calls import HOLDER_PAUSE, a_call, call_pause, in_order, signed
from contracts.signing import FOR
from contracts.world import World

UNIT = 10**18
HOSTILE = 20
SPARE = 30_000
"""Gas of one skipped ballot beside what its wallet may burn."""
WALLETS = ["BurningWallet", "VerboseWallet", "TerseWallet"]


def delegate_code(account: Any, target: Any) -> None:
    """Give an account a contract's code, as a delegation (EIP-7702) has it run in the account's place.

    The test chain is older than type-4 transactions, so the code is set as such and not by its designator.
    """
    rpc("anvil_setCode", str(account), str(rpc("eth_getCode", str(target), "latest")))


def hostile_ballots(world: World, kind: str, count: int) -> list[Any]:
    """Ballots in the name of contracts that answer as badly as they can."""
    contract = getattr(ape.project, kind)
    return [(str(world.stranger.deploy(contract)), FOR, "", b"\x01" * 65) for _ in range(count)]


@pytest.mark.parametrize("kind", WALLETS)
def test_jammed_relay__batch_full_of_hostile_wallets__the_rest_counts_at_a_bounded_price(
    world: World, kind: str
) -> None:
    bad = hostile_ballots(world, kind, HOSTILE)
    trip(world)
    proposal = world.open(1)
    good = [world.ballot(proposal, holder) for holder in (2, 3, 4)]
    batch = [*bad[:10], good[0], *bad[10:], *good[1:]]
    receipt = world.governor.castVotesBySig(proposal, batch, sender=world.stranger, gas_limit=25_000_000)
    assert len(events(receipt, "BallotSkipped")) == HOSTILE
    assert list(world.governor.proposalVotes(proposal)) == [0, 35 * UNIT, 0]
    cap = int(world.governor.contractGas()) + SPARE
    assert int(receipt.gas_used) < HOSTILE * cap + 3 * 120_000


def test_jammed_relay__too_little_gas_for_so_many__a_smaller_batch_still_counts(world: World) -> None:
    bad = hostile_ballots(world, "BurningWallet", HOSTILE)
    trip(world)
    proposal = world.open(1)
    good = world.ballot(proposal, 2)
    data = "0x" + bytes(world.governor.castVotesBySig.encode_input(proposal, [*bad, good])).hex()
    call = {"from": str(world.stranger), "to": world.governor.address, "data": data, "gas": hex(3_000_000)}
    mined(rpc("eth_sendTransaction", call))
    world.governor.castVotesBySig(proposal, [good], sender=world.stranger)
    assert list(world.governor.proposalVotes(proposal)) == [0, 17 * UNIT, 0]


@pytest.mark.parametrize("kind", WALLETS)
def test_delegated_code__answers_badly__the_keys_own_ballot_counts(world: World, kind: str) -> None:
    delegate_code(world.holders[2], world.stranger.deploy(getattr(ape.project, kind)))
    trip(world)
    proposal = world.open(1)
    receipt = world.governor.castVotesBySig(proposal, [world.ballot(proposal, 2)], sender=world.stranger)
    assert list(world.governor.proposalVotes(proposal)) == [0, 17 * UNIT, 0]
    assert int(receipt.gas_used) < 200_000


def test_delegated_code__its_contract_vouches_for_another_key__that_keys_ballot_counts_too(
    world: World,
) -> None:
    """Who lets code speak for its account lets it vote: the account's choice, made in its own transaction."""
    target = world.stranger.deploy(ape.project.OwnedWallet, world.outsider, world.token)
    delegate_code(world.holders[2], target)
    trip(world)
    proposal = world.open(1)
    voter = str(world.holders[2])
    signature = signing.ballot(
        world.outsider.private_key, world.governor.address, proposal, voter, FOR, chain_id=world.chain_id
    )
    world.governor.castVotesBySig(proposal, [(voter, FOR, "", signature)], sender=world.stranger)
    assert world.governor.hasVoted(proposal, voter)


def test_delegated_code__hostile_and_a_strangers_signature__skipped(world: World) -> None:
    delegate_code(world.holders[2], world.stranger.deploy(ape.project.BurningWallet))
    trip(world)
    proposal = world.open(1)
    voter = str(world.holders[2])
    signature = signing.ballot(
        world.stranger.private_key, world.governor.address, proposal, voter, FOR, chain_id=world.chain_id
    )
    receipt = world.governor.castVotesBySig(proposal, [(voter, FOR, "", signature)], sender=world.stranger)
    assert [str(event["voter"]) for event in events(receipt, "BallotSkipped")] == [voter]


def test_delegated_code__voter_casts_by_transaction__counts(world: World) -> None:
    delegate_code(world.holders[2], world.stranger.deploy(ape.project.BurningWallet))
    trip(world)
    proposal = world.open(1)
    world.vote(proposal, 2)
    assert list(world.governor.proposalVotes(proposal)) == [0, 17 * UNIT, 0]


@pytest.mark.parametrize("kind", WALLETS)
def test_delegated_code__signer_of_a_call__its_power_counts(world: World, kind: str) -> None:
    delegate_code(world.holders[3], world.stranger.deploy(getattr(ape.project, kind)))
    warp_to(now() + 1)
    receipt = call_pause(world, 3)
    assert events(receipt, "HoldersCalled")[0]["power"] == 10 * UNIT


def test_delegated_code__monitor__its_report_counts(world: World) -> None:
    delegate_code(world.monitors[0], world.stranger.deploy(ape.project.BurningWallet))
    world.judge(2)
    assert world.hub.frameOf(1, 1, 2, world.policy_digest()).judged


def test_gas_burner__many_signers_of_a_call__the_others_open_it_at_a_bounded_price(world: World) -> None:
    bad = [(str(world.stranger.deploy(ape.project.BurningWallet)), b"\x01" * 65) for _ in range(HOSTILE // 2)]
    call = a_call(world)
    named = in_order([*bad, *signed(world, call, 3)])
    receipt = world.governor.callPause(call.struct, named, sender=world.stranger, gas_limit=15_000_000)
    assert world.governor.roundOf(1, HOLDER_PAUSE) == 1
    assert int(receipt.gas_used) < len(bad) * (int(world.governor.contractGas()) + SPARE) + 600_000


def test_any_code__precompile_and_contract_without_the_function__skipped(world: World) -> None:
    trip(world)
    proposal = world.open(1)
    voters = ["0x" + "00" * 19 + "01", world.token.address, world.governor.address, world.switch.address]
    ballots = [(voter, FOR, "", b"\x01" * 65) for voter in voters]
    receipt = world.governor.castVotesBySig(
        proposal, [*ballots, world.ballot(proposal, 2)], sender=world.stranger
    )
    assert len(events(receipt, "BallotSkipped")) == len(voters)
    assert list(world.governor.proposalVotes(proposal)) == [0, 17 * UNIT, 0]
