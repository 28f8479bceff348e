"""Counting: power at the snapshot, quorum, super-quorum for pauses only, late quorum."""

from __future__ import annotations

import pytest

from contracts.calls import now, refused, warp_to
from contracts.kill_switch.breaches import trip
from contracts.signing import ABSTAIN, AGAINST, FOR
from contracts.world import DELAY, EXTENSION, PERIOD, World

UNIT = 10**18


def tally(world: World, proposal: int) -> list[int]:
    """Against, for and abstain in whole tokens."""
    return [int(votes) // UNIT for votes in world.governor.proposalVotes(proposal)]


def opened(world: World) -> int:
    trip(world)
    return world.open(1)


def test_cast_vote__before_the_snapshot__refused(world: World) -> None:
    trip(world)
    world.governor.openCase(1, sender=world.stranger)
    proposal = world.proposal(1)
    refused(
        "GovernorUnexpectedProposalState", world.governor.castVote, proposal, FOR, sender=world.holders[0]
    )


def test_cast_vote__after_the_deadline__refused(world: World) -> None:
    proposal = opened(world)
    world.end_vote(proposal)
    refused(
        "GovernorUnexpectedProposalState", world.governor.castVote, proposal, FOR, sender=world.holders[0]
    )


def test_cast_vote__twice__refused(world: World) -> None:
    proposal = opened(world)
    world.vote(proposal, 2)
    refused("GovernorAlreadyCastVote", world.governor.castVote, proposal, AGAINST, sender=world.holders[2])


def test_cast_vote__no_such_choice__refused(world: World) -> None:
    proposal = opened(world)
    refused("GovernorInvalidVoteType", world.governor.castVote, proposal, 3, sender=world.holders[0])


def test_cast_vote__power_at_snapshot__counts(world: World) -> None:
    proposal = opened(world)
    world.vote(proposal, 0)
    world.vote(proposal, 2, support=AGAINST)
    world.vote(proposal, 3, support=ABSTAIN)
    assert tally(world, proposal) == [17, 40, 10]


def test_cast_vote__tokens_bought_after_snapshot__count_nothing(world: World) -> None:
    world.delegate(world.stranger, world.stranger)
    proposal = opened(world)
    world.token.transfer(world.stranger, 40 * UNIT, sender=world.holders[0])
    world.governor.castVote(proposal, FOR, sender=world.stranger)
    assert tally(world, proposal) == [0, 0, 0]


def test_cast_vote__tokens_sold_after_snapshot__count_still(world: World) -> None:
    proposal = opened(world)
    world.token.transfer(world.stranger, 40 * UNIT, sender=world.holders[0])
    world.vote(proposal, 0)
    assert tally(world, proposal) == [0, 40, 0]


def test_cast_vote__delegated_after_snapshot__counts_for_the_former(world: World) -> None:
    proposal = opened(world)
    world.delegate(world.holders[0], world.stranger)
    world.governor.castVote(proposal, FOR, sender=world.stranger)
    world.vote(proposal, 0, support=AGAINST)
    assert tally(world, proposal) == [40, 0, 0]


def test_cast_vote__borrowed_and_given_back_before_snapshot__counts_nothing(world: World) -> None:
    world.delegate(world.stranger, world.stranger)
    trip(world)
    world.token.transfer(world.stranger, 40 * UNIT, sender=world.holders[0])
    world.governor.openCase(1, sender=world.stranger)
    world.token.transfer(world.holders[0], 40 * UNIT, sender=world.stranger)
    proposal = world.proposal(1)
    warp_to(now() + DELAY + 1)
    world.governor.castVote(proposal, FOR, sender=world.stranger)
    assert tally(world, proposal) == [0, 0, 0]


def test_cast_vote__never_delegated__counts_nothing(world: World) -> None:
    world.token.transfer(world.stranger, 40 * UNIT, sender=world.holders[0])
    proposal = opened(world)
    world.governor.castVote(proposal, FOR, sender=world.stranger)
    assert tally(world, proposal) == [0, 0, 0]


def test_state__for_reaches_super_quorum__succeeds_at_once(world: World) -> None:
    proposal = opened(world)
    world.vote(proposal, 0)
    assert world.vote_state(proposal) == "Active"
    world.vote(proposal, 3)
    assert tally(world, proposal)[1] == 50
    assert world.vote_state(proposal) == "Succeeded"


def test_state__just_under_super_quorum__goes_on(world: World) -> None:
    proposal = opened(world)
    world.vote(proposal, 0, 4)
    assert (tally(world, proposal)[1], world.vote_state(proposal)) == (48, "Active")


def test_state__against_reaches_super_quorum__goes_on(world: World) -> None:
    proposal = opened(world)
    world.vote(proposal, 0, 1, support=AGAINST)
    assert world.vote_state(proposal) == "Active"


def test_cast_vote__after_super_quorum__refused(world: World) -> None:
    proposal = opened(world)
    world.vote(proposal, 0, 1)
    refused(
        "GovernorUnexpectedProposalState", world.governor.castVote, proposal, AGAINST, sender=world.holders[2]
    )


def test_state__super_quorum_then_deadline__still_succeeded(world: World) -> None:
    proposal = opened(world)
    world.vote(proposal, 0, 1)
    world.end_vote(proposal)
    assert world.vote_state(proposal) == "Succeeded"


def test_state__super_quorum_raised_afterwards__stays_succeeded(world: World) -> None:
    proposal = opened(world)
    world.vote(proposal, 0, 1)
    world.governor.updateSuperQuorumNumerator(90, sender=world.admin)
    assert world.vote_state(proposal) == "Succeeded"


def test_state__super_quorum_lowered_meanwhile__not_reached_by_that(world: World) -> None:
    proposal = opened(world)
    world.vote(proposal, 0)
    world.governor.updateSuperQuorumNumerator(30, sender=world.admin)
    assert world.vote_state(proposal) == "Active"


def test_state__quorum_lowered_after_the_vote__revives_nothing(world: World) -> None:
    proposal = opened(world)
    world.vote(proposal, 2)
    world.end_vote(proposal)
    world.governor.updateQuorumNumerator(10, sender=world.admin)
    assert world.vote_state(proposal) == "Defeated"


def test_state__resume_reaches_super_quorum__takes_its_full_period(world: World) -> None:
    world.pause()
    case, proposal = world.call_resume()
    world.vote(proposal, 0, 1, 2, 3, 4)
    assert world.vote_state(proposal) == "Active"
    refused("GovernorUnexpectedProposalState", world.governor.executeCase, case, sender=world.stranger)
    warp_to(int(world.governor.proposalDeadline(proposal)))
    assert world.vote_state(proposal) == "Active"
    world.end_vote(proposal)
    assert world.vote_state(proposal) == "Succeeded"


@pytest.mark.parametrize(
    ("ballots", "expected"),
    [
        ({0: FOR}, "Succeeded"),
        ({2: FOR}, "Defeated"),
        ({2: FOR, 4: ABSTAIN}, "Succeeded"),
        ({4: FOR, 3: AGAINST}, "Defeated"),
        ({0: FOR, 1: AGAINST, 2: AGAINST}, "Defeated"),
        ({}, "Defeated"),
    ],
)
def test_state__at_the_end__as_openzeppelin_counts(
    world: World, ballots: dict[int, int], expected: str
) -> None:
    proposal = opened(world)
    for holder, support in ballots.items():
        world.vote(proposal, holder, support=support)
    world.end_vote(proposal)
    assert world.vote_state(proposal) == expected


@pytest.mark.parametrize(
    ("ballots", "expected"),
    [
        ({0: AGAINST}, True),
        ({2: AGAINST}, False),
        ({2: AGAINST, 4: FOR}, True),
        ({2: FOR}, False),
        ({2: AGAINST, 4: ABSTAIN}, True),
        ({}, False),
    ],
)
def test_is_rejected__at_the_end__needs_quorum_taking_part(
    world: World, ballots: dict[int, int], expected: bool
) -> None:
    proposal = opened(world)
    for holder, support in ballots.items():
        world.vote(proposal, holder, support=support)
    assert not world.governor.isRejected(1)
    world.end_vote(proposal)
    assert world.governor.isRejected(1) == expected
    assert world.governor.isOver(1)


def test_is_over__passed_and_executed__true_only_then(world: World) -> None:
    proposal = opened(world)
    world.vote(proposal, 0, 1)
    assert not world.governor.isOver(1)
    world.governor.executeCase(1, sender=world.stranger)
    assert world.governor.isOver(1)


def test_is_rejected__unknown__refused(world: World) -> None:
    refused("CaseUnknown", world.governor.isRejected, 5, sender=world.stranger)


def test_proposal_deadline__quorum_reached_late__extended(world: World) -> None:
    proposal = opened(world)
    deadline = int(world.governor.proposalDeadline(proposal))
    warp_to(deadline - 10)
    world.vote(proposal, 0)
    assert now() + EXTENSION == world.governor.proposalDeadline(proposal) > deadline
    assert world.switch.caseOf(1).voteEnds >= world.governor.proposalDeadline(proposal)


def test_proposal_deadline__quorum_reached_early__as_announced(world: World) -> None:
    proposal = opened(world)
    world.vote(proposal, 0)
    snapshot = int(world.governor.proposalSnapshot(proposal))
    assert world.governor.proposalDeadline(proposal) == snapshot + PERIOD
