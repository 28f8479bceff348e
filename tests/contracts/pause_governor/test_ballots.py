"""Signed ballots: OpenZeppelin's typed data with nonce 0; batches skip what cannot count."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.calls import events, refused
from contracts.kill_switch.breaches import open_breach_case, trip
from contracts.signing import ABSTAIN, AGAINST, FOR
from contracts.world import World

UNIT = 10**18
SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@pytest.fixture
def proposal(world: World) -> int:
    """The running vote of case 1."""
    trip(world)
    return world.open(1)


def relay(world: World, proposal: int, *ballots: Any) -> tuple[list[str], list[str]]:
    """Relay a batch; return who was counted and who was skipped."""
    receipt = world.governor.castVotesBySig(proposal, list(ballots), sender=world.stranger)
    counted = [str(event["voter"]) for event in events(receipt, "VoteCast")]
    return counted, [str(event["voter"]) for event in events(receipt, "BallotSkipped")]


def tally(world: World, proposal: int) -> list[int]:
    return [int(votes) // UNIT for votes in world.governor.proposalVotes(proposal)]


def test_cast_votes_by_sig__five_holders__all_counted(world: World, proposal: int) -> None:
    choices = (AGAINST, AGAINST, FOR, FOR, ABSTAIN)
    batch = [world.ballot(proposal, holder, choice) for holder, choice in enumerate(choices)]
    counted, skipped = relay(world, proposal, *batch)
    assert counted == [str(holder) for holder in world.holders]
    assert (skipped, tally(world, proposal)) == ([], [65, 27, 8])


def test_cast_votes_by_sig__with_reason__counted_and_published(world: World, proposal: int) -> None:
    ballot = world.ballot(proposal, 2, FOR, "it treats women and men differently")
    receipt = world.governor.castVotesBySig(proposal, [ballot], sender=world.stranger)
    assert events(receipt, "VoteCast")[0]["reason"] == "it treats women and men differently"


def test_cast_votes_by_sig__bad_ones_among_good__good_count(world: World, proposal: int) -> None:
    good = world.ballot(proposal, 2)
    voter, support, reason, signature = world.ballot(proposal, 3)
    batch = [
        (voter, AGAINST, reason, signature),
        (str(world.stranger), FOR, "", signature),
        (voter, 3, reason, signature),
        (voter, support, "a reason nobody signed", signature),
        good,
        good,
        world.ballot(proposal, 4, AGAINST),
    ]
    counted, skipped = relay(world, proposal, *batch)
    assert counted == [str(world.holders[2]), str(world.holders[4])]
    assert len(skipped) == 5
    assert tally(world, proposal) == [8, 17, 0]


def test_cast_votes_by_sig__relayed_again__skipped(world: World, proposal: int) -> None:
    ballot = world.ballot(proposal, 2)
    relay(world, proposal, ballot)
    assert relay(world, proposal, ballot) == ([], [str(world.holders[2])])
    assert tally(world, proposal) == [0, 17, 0]


def test_cast_votes_by_sig__one_was_relayed_by_another_first__others_count(
    world: World, proposal: int
) -> None:
    batch = [world.ballot(proposal, holder) for holder in (2, 3)]
    voter, support, _, signature = batch[0]
    world.governor.castVoteBySig(proposal, support, voter, signature, sender=world.outsider)
    counted, skipped = relay(world, proposal, *batch)
    assert (counted, skipped) == ([str(world.holders[3])], [str(world.holders[2])])


def test_cast_votes_by_sig__super_quorum_within_the_batch__rest_skipped(world: World, proposal: int) -> None:
    batch = [world.ballot(proposal, holder) for holder in (0, 1, 2)]
    counted, skipped = relay(world, proposal, *batch)
    assert (len(counted), skipped) == (2, [str(world.holders[2])])
    assert world.vote_state(proposal) == "Succeeded"


@pytest.mark.parametrize("changes", [{"chain_id": 1}, {"nonce": 1}])
def test_cast_votes_by_sig__other_chain_or_nonce__skipped(
    world: World, proposal: int, changes: dict[str, Any]
) -> None:
    ballot = world.ballot(proposal, 2, **changes)
    assert relay(world, proposal, ballot) == ([], [str(world.holders[2])])


def test_cast_votes_by_sig__ballot_of_another_vote__skipped(world: World) -> None:
    open_breach_case(world, rule=1)
    first = world.open(1)
    trip(world)
    second = world.open(2)
    assert relay(world, second, world.ballot(first, 2)) == ([], [str(world.holders[2])])


def test_cast_votes_by_sig__ballot_for_another_governor__skipped(world: World, proposal: int) -> None:
    from contracts import signing

    voter = world.holders[2]
    signature = signing.ballot(
        voter.private_key, world.oversight.address, proposal, str(voter), FOR, chain_id=world.chain_id
    )
    assert relay(world, proposal, (str(voter), FOR, "", signature)) == ([], [str(voter)])


def test_cast_votes_by_sig__high_s__skipped(world: World, proposal: int) -> None:
    voter, support, reason, signature = world.ballot(proposal, 2)
    s = SECP256K1_ORDER - int.from_bytes(signature[32:64], "big")
    flipped = signature[:32] + s.to_bytes(32, "big") + bytes([27 + 28 - signature[64]])
    assert relay(world, proposal, (voter, support, reason, flipped)) == ([], [voter])


@pytest.mark.parametrize("signature", [b"", b"\x00" * 65, b"\x01" * 64, b"\xff" * 500])
def test_cast_votes_by_sig__rubbish_signature__skipped(world: World, proposal: int, signature: bytes) -> None:
    voter = str(world.holders[2])
    assert relay(world, proposal, (voter, FOR, "", signature)) == ([], [voter])


def test_cast_votes_by_sig__zero_address__skipped(world: World, proposal: int) -> None:
    zero = "0x" + "00" * 20
    assert relay(world, proposal, (zero, FOR, "", b"\x00" * 65)) == ([], [zero])


def test_cast_votes_by_sig__reason_taken_away__skipped(world: World, proposal: int) -> None:
    voter, support, _, signature = world.ballot(proposal, 2, FOR, "because")
    assert relay(world, proposal, (voter, support, "", signature)) == ([], [voter])


def test_cast_votes_by_sig__no_ballots__nothing(world: World, proposal: int) -> None:
    assert relay(world, proposal) == ([], [])


def test_cast_votes_by_sig__vote_over__refused(world: World, proposal: int) -> None:
    world.end_vote(proposal)
    ballot = world.ballot(proposal, 2)
    refused(
        "GovernorUnexpectedProposalState",
        world.governor.castVotesBySig,
        proposal,
        [ballot],
        sender=world.stranger,
    )


def test_cast_votes_by_sig__unknown_vote__refused(world: World) -> None:
    refused("GovernorNonexistentProposal", world.governor.castVotesBySig, 5, [], sender=world.stranger)


def test_cast_vote_by_sig__own_signature__counted(world: World, proposal: int) -> None:
    voter, support, _, signature = world.ballot(proposal, 2)
    world.governor.castVoteBySig(proposal, support, voter, signature, sender=world.stranger)
    assert tally(world, proposal) == [0, 17, 0]


def test_cast_vote_by_sig__replayed__refused(world: World, proposal: int) -> None:
    voter, support, _, signature = world.ballot(proposal, 2)
    world.governor.castVoteBySig(proposal, support, voter, signature, sender=world.stranger)
    refused(
        "GovernorAlreadyCastVote",
        world.governor.castVoteBySig,
        proposal,
        support,
        voter,
        signature,
        sender=world.stranger,
    )


def test_cast_vote_by_sig__forged__refused(world: World, proposal: int) -> None:
    voter, _, _, signature = world.ballot(proposal, 2)
    refused(
        "GovernorInvalidSignature",
        world.governor.castVoteBySig,
        proposal,
        AGAINST,
        voter,
        signature,
        sender=world.stranger,
    )


def test_cast_vote_with_reason_by_sig__own_signature__counted(world: World, proposal: int) -> None:
    voter, support, reason, signature = world.ballot(proposal, 2, FOR, "because")
    world.governor.castVoteWithReasonAndParamsBySig(
        proposal, support, voter, reason, b"", signature, sender=world.stranger
    )
    assert tally(world, proposal) == [0, 17, 0]


def test_cast_vote_with_reason_by_sig__forged__refused(world: World, proposal: int) -> None:
    voter, support, _, signature = world.ballot(proposal, 2, FOR, "because")
    refused(
        "GovernorInvalidSignature",
        world.governor.castVoteWithReasonAndParamsBySig,
        proposal,
        support,
        voter,
        "something else",
        b"",
        signature,
        sender=world.stranger,
    )


def test_nonces__after_ballots__never_written(world: World, proposal: int) -> None:
    relay(world, proposal, world.ballot(proposal, 2))
    assert world.governor.nonces(world.holders[2]) == 0
