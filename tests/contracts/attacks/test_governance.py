"""Attempts on the slow lane, on the settings in flight, and by whoever held rights before."""

from __future__ import annotations

from typing import Any

import ape
import pytest

from contracts.calls import now, refused, warp_to
from contracts.kill_switch.breaches import trip
from contracts.pause_governor.holder_calls import a_call, signed
from contracts.pause_governor.successors import successor
from contracts.signing import AGAINST, FOR
from contracts.world import DELAY, World
from scripts.deployment.plan import selector

ZERO = bytes(32)
KEYS = ("deployer", "stranger", "steward", "outsider")


def everybody(world: World) -> list[Any]:
    return [*(getattr(world, name) for name in KEYS), world.holders[0], world.monitors[0], world.as_governor]


# The timelock administers itself


@pytest.mark.parametrize("role", ["PROPOSER_ROLE", "CANCELLER_ROLE", "DEFAULT_ADMIN_ROLE"])
def test_timelock__anyone_grants_a_role_of_it__refused(world: World, role: str) -> None:
    wanted = getattr(world.timelock, role)()
    for who in [*everybody(world), world.oversight]:
        sender = (
            who if hasattr(who, "private_key") else ape.accounts.test_accounts.impersonate_account(str(who))
        )
        refused(
            "AccessControlUnauthorizedAccount",
            world.timelock.grantRole,
            wanted,
            world.stranger,
            sender=sender,
        )


def test_timelock__anyone_shortens_its_delay__refused(world: World) -> None:
    for who in everybody(world):
        refused("TimelockUnauthorizedCaller", world.timelock.updateDelay, 0, sender=who)


def test_timelock__anyone_carries_out_what_nobody_decided__refused(world: World) -> None:
    call = bytes(world.switch.retire.encode_input(1))
    for who in everybody(world):
        refused(
            "TimelockUnexpectedOperationState",
            world.timelock.execute,
            world.switch.address,
            0,
            call,
            ZERO,
            ZERO,
            sender=who,
        )
    assert world.state() == "Active"


def test_timelock__deployer_after_the_handover__holds_nothing_anywhere(world: World) -> None:
    assert not world.timelock.hasRole(world.timelock.DEFAULT_ADMIN_ROLE(), world.deployer)
    assert not world.access.hasRole(0, world.deployer)[0]
    refused(
        "AccessManagerUnauthorizedAccount",
        world.access.grantRole,
        0,
        world.deployer,
        0,
        sender=world.deployer,
    )


def test_timelock__by_decision_it_can_give_itself_another_proposer__and_only_so(world: World) -> None:
    """Self-administration: the timelock's own call passes, so its rules change by a vote and a wait."""
    role = world.timelock.PROPOSER_ROLE()
    world.timelock.grantRole(role, world.outsider, sender=world.admin)
    assert world.timelock.hasRole(role, world.outsider)


def test_executive__cannot_take_pause_without_its_public_grant__roles_change_by_events(world: World) -> None:
    refused("AccessManagedUnauthorized", world.switch.pause, 1, 1, 0, sender=world.admin)
    function = selector("pause(uint256,uint256,uint64)")
    assert world.access.getTargetFunctionRole(world.switch, function) == 1


# Settings changed while votes run


def test_quorum_in_flight__lowered_after_a_vote_failed__revives_nothing(world: World) -> None:
    trip(world)
    proposal = world.open(1)
    world.vote(proposal, 2)
    world.end_vote(proposal)
    assert world.vote_state(proposal) == "Defeated"
    world.governor.updateQuorumNumerator(10, sender=world.admin)
    assert world.vote_state(proposal) == "Defeated"
    refused("GovernorUnexpectedProposalState", world.governor.executeCase, 1, sender=world.stranger)


def test_quorum_in_flight__lowered_while_it_runs__the_snapshots_counts(world: World) -> None:
    trip(world)
    proposal = world.open(1)
    world.governor.updateQuorumNumerator(10, sender=world.admin)
    world.vote(proposal, 2)
    world.end_vote(proposal)
    assert world.vote_state(proposal) == "Defeated"


def test_quorum_in_flight__lowered_after_a_lapse__does_not_make_it_a_rejection(world: World) -> None:
    trip(world)
    until = world.switch.statusOf(1).until
    proposal = world.open(1)
    world.vote(proposal, 2, support=AGAINST)
    world.end_vote(proposal)
    world.governor.updateQuorumNumerator(10, sender=world.admin)
    world.switch.poke(1, sender=world.stranger)
    assert (world.outcome(1), world.switch.statusOf(1).until) == ("Lapsed", until)


def test_quorum_in_flight__raised_after_a_vote_passed__carried_out_all_the_same(world: World) -> None:
    trip(world)
    proposal = world.open(1)
    world.vote(proposal, 1)
    world.governor.updateSuperQuorumNumerator(90, sender=world.admin)
    world.governor.updateQuorumNumerator(80, sender=world.admin)
    world.end_vote(proposal)
    world.governor.executeCase(1, sender=world.stranger)
    assert world.state() == "Paused"


def test_supply_in_flight__tokens_move_after_quorum_was_reached__it_stays_reached(world: World) -> None:
    trip(world)
    proposal = world.open(1)
    world.vote(proposal, 1)
    world.token.transfer(world.stranger, 25 * 10**18, sender=world.holders[1])
    world.end_vote(proposal)
    assert world.vote_state(proposal) == "Succeeded"


# Governors that were replaced


def test_replaced_governor__its_rejected_vote_and_the_new_one_has_opened_anew__does_not_free(
    world: World,
) -> None:
    trip(world)
    proposal = world.open(1)
    world.vote(proposal, 0, support=AGAINST)
    new = successor(world)
    warp_to(now() + 100)
    new.openCase(1, sender=world.stranger)
    world.end_vote(proposal)
    assert world.governor.isRejected(1)
    refused("CaseVoteNotOver", world.switch.poke, 1, sender=world.stranger)
    assert world.state() == "Suspended"


def test_replaced_governor__what_the_old_paused__the_new_resumes(world: World) -> None:
    world.pause()
    new = successor(world)
    new.callResume(1, 1, b"\x01" * 32, sender=world.steward)
    case = int(world.switch.caseCount())
    warp_to(now() + DELAY + 1)
    for holder in world.holders[:2]:
        new.castVote(world.proposal(case), FOR, sender=holder)
    warp_to(int(new.proposalDeadline(world.proposal(case))) + 1)
    new.executeCase(case, sender=world.stranger)
    assert world.state() == "Active"


def test_replaced_governor__cannot_call_for_anything_any_more__refused(world: World) -> None:
    call = a_call(world)
    signatures = signed(world, call, 0, 1)
    successor(world)
    refused(
        "AccessManagedUnauthorized", world.governor.callPause, call.struct, signatures, sender=world.stranger
    )
