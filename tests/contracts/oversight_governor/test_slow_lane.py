"""The slow lane from proposal to effect: holders decide, the timelock waits, anyone carries out."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.crypto import keccak

from contracts.calls import now, refused, warp_to
from contracts.world import SLOW, World, policy

REASON = "retire model 1"


def proposal(world: World, call: Any = None) -> tuple[list[Any], list[int], list[bytes]]:
    data = call if call is not None else world.switch.retire.encode_input(1)
    return [world.switch.address], [0], [bytes(data)]


def propose(world: World, *parts: Any) -> int:
    """Propose as the largest holder, wait for the vote to begin, return the proposal."""
    receipt = world.oversight.propose(*parts, REASON, sender=world.holders[0])
    warp_to(now() + SLOW.voting_delay_s + 1)
    return int(next(log.proposalId for log in receipt.events if log.event_name == "ProposalCreated"))


def passed(world: World, *parts: Any) -> None:
    """Bring a proposal through its vote."""
    number = propose(world, *parts)
    for holder in world.holders[:2]:
        world.oversight.castVote(number, 1, sender=holder)
    warp_to(int(world.oversight.proposalDeadline(number)) + 1)


def test_execute__voted_queued_and_waited__carried_out_by_anyone(world: World) -> None:
    parts = proposal(world)
    passed(world, *parts)
    world.oversight.queue(*parts, keccak(text=REASON), sender=world.stranger)
    warp_to(now() + SLOW.timelock_delay_s + 1)
    world.oversight.execute(*parts, keccak(text=REASON), sender=world.outsider)
    assert world.state() == "Retired"


def test_execute__policy_by_vote__set(world: World) -> None:
    call = world.policies.setPolicy.encode_input(1, policy(world.monitors, k=3))
    parts = ([world.policies.address], [0], [bytes(call)])
    passed(world, *parts)
    world.oversight.queue(*parts, keccak(text=REASON), sender=world.stranger)
    warp_to(now() + SLOW.timelock_delay_s + 1)
    world.oversight.execute(*parts, keccak(text=REASON), sender=world.stranger)
    assert world.policies.policyCount(1) == 2


def test_execute__setting_of_the_fast_lane_by_vote__changed(world: World) -> None:
    call = world.governor.setVotingPeriod.encode_input(900)
    parts = ([world.governor.address], [0], [bytes(call)])
    passed(world, *parts)
    world.oversight.queue(*parts, keccak(text=REASON), sender=world.stranger)
    warp_to(now() + SLOW.timelock_delay_s + 1)
    world.oversight.execute(*parts, keccak(text=REASON), sender=world.stranger)
    assert (world.governor.votingPeriod(), world.switch.voteSpan()) == (900, 1110)


def test_execute__before_the_delay__refused(world: World) -> None:
    parts = proposal(world)
    passed(world, *parts)
    world.oversight.queue(*parts, keccak(text=REASON), sender=world.stranger)
    refused(
        "TimelockUnexpectedOperationState",
        world.oversight.execute,
        *parts,
        keccak(text=REASON),
        sender=world.stranger,
    )


def test_execute__not_queued__refused(world: World) -> None:
    parts = proposal(world)
    passed(world, *parts)
    refused(
        "GovernorUnexpectedProposalState",
        world.oversight.execute,
        *parts,
        keccak(text=REASON),
        sender=world.stranger,
    )


def test_queue__without_quorum__refused(world: World) -> None:
    parts = proposal(world)
    number = propose(world, *parts)
    world.oversight.castVote(number, 1, sender=world.holders[2])
    warp_to(int(world.oversight.proposalDeadline(number)) + 1)
    refused(
        "GovernorUnexpectedProposalState",
        world.oversight.queue,
        *parts,
        keccak(text=REASON),
        sender=world.stranger,
    )


def test_propose__under_the_threshold__refused(world: World) -> None:
    refused(
        "GovernorInsufficientProposerVotes",
        world.oversight.propose,
        *proposal(world),
        REASON,
        sender=world.stranger,
    )


def test_proposal_deadline__quorum_reached_late__extended(world: World) -> None:
    number = propose(world, *proposal(world))
    deadline = int(world.oversight.proposalDeadline(number))
    warp_to(deadline - 5)
    world.oversight.castVote(number, 1, sender=world.holders[0])
    assert world.oversight.proposalDeadline(number) == now() + SLOW.late_extension_s


def test_cancel__own_proposal_while_pending__canceled(world: World) -> None:
    parts = proposal(world)
    receipt = world.oversight.propose(*parts, REASON, sender=world.holders[0])
    number = next(log.proposalId for log in receipt.events if log.event_name == "ProposalCreated")
    world.oversight.cancel(*parts, keccak(text=REASON), sender=world.holders[0])
    assert world.oversight.state(number) == 2


@pytest.mark.parametrize("name", ["setVotingDelay", "setVotingPeriod", "setProposalThreshold"])
def test_settings__anyone_but_the_timelock__refused(world: World, name: str) -> None:
    for sender in (world.stranger, world.deployer, world.holders[0]):
        refused("GovernorOnlyExecutor", getattr(world.oversight, name), 5, sender=sender)
