"""Attempts with borrowed, bought, replayed or pocketed votes."""

from __future__ import annotations

from typing import Any

import ape
import pytest

from contracts import signing
from contracts.calls import events, in_one_block, mined, now, refused, rpc, warp_to
from contracts.kill_switch.breaches import open_breach_case, trip
from contracts.pause_governor.holder_calls import (
    HOLDER_PAUSE,
    HOLDER_RESUME,
    a_call,
    call_pause,
    opened,
    signed,
)
from contracts.pause_governor.successors import successor
from contracts.signing import AGAINST, FOR
from contracts.world import DELAY, EXECUTION_GRACE, World

UNIT = 10**18


def borrow(world: World, borrower: Any) -> tuple[Any, Any]:
    """The two calls of a flash loan of 40 percent of the supply: taken, and given back."""
    lender, amount = world.holders[0], 40 * UNIT
    return (
        (lender, world.token.transfer, (str(borrower), amount)),
        (borrower, world.token.transfer, (str(lender), amount)),
    )


def test_flash_loan__taken_and_given_back_in_the_block_of_the_snapshot__counts_nothing(world: World) -> None:
    world.delegate(world.outsider, world.outsider)
    trip(world)
    world.governor.openCase(1, sender=world.stranger)
    proposal = world.proposal(1)
    take, give = borrow(world, world.outsider)
    snapshot = int(world.governor.proposalSnapshot(proposal))
    assert in_one_block(take, give, at=snapshot) == [True, True]
    warp_to(snapshot + 1)
    world.governor.castVote(proposal, AGAINST, sender=world.outsider)
    assert list(world.governor.proposalVotes(proposal)) == [0, 0, 0]


def test_flash_loan__vote_opened_within_it__counts_nothing(world: World) -> None:
    world.delegate(world.outsider, world.outsider)
    trip(world)
    take, give = borrow(world, world.outsider)
    open_ = (world.outsider, world.governor.openCase, (1,))
    vote = (world.outsider, world.governor.castVote, (world.governor.proposalIdOf(1), FOR))
    assert in_one_block(take, open_, vote, give, at=now() + 5) == [True, True, False, True]
    proposal = world.proposal(1)
    warp_to(now() + DELAY + 1)
    world.governor.castVote(proposal, FOR, sender=world.outsider)
    assert list(world.governor.proposalVotes(proposal)) == [0, 0, 0]


@pytest.mark.parametrize("kind", [HOLDER_PAUSE, HOLDER_RESUME])
def test_flash_loan__call_for_a_vote_within_it__refused(world: World, kind: int) -> None:
    """All signatures are true, and the borrower holds four times what a call needs while it calls."""
    if kind == HOLDER_RESUME:
        world.pause()
    world.delegate(world.outsider, world.outsider)
    before = int(world.switch.caseCount())
    call = a_call(world, kind)
    key = world.outsider.private_key
    signature = (
        str(world.outsider),
        signing.call(key, world.governor.address, call, chain_id=world.chain_id),
    )
    method = world.governor.callPause if kind == HOLDER_PAUSE else world.governor.callResume
    take, give = borrow(world, world.outsider)
    calling = (world.outsider, method, (call.struct, [signature]))
    assert in_one_block(take, calling, give, at=now() + 5) == [True, False, True]
    assert world.switch.caseCount() == before


def test_bought_votes__held_since_the_last_second__suffice_for_a_call(world: World) -> None:
    """What the test above must not be true of: power that was there before the call."""
    world.delegate(world.outsider, world.outsider)
    world.token.transfer(world.outsider, 10 * UNIT, sender=world.holders[0])
    call = a_call(world)
    key = world.outsider.private_key
    signature = (
        str(world.outsider),
        signing.call(key, world.governor.address, call, chain_id=world.chain_id),
    )
    calling = (world.outsider, world.governor.callPause, (call.struct, [signature]))
    assert in_one_block(calling, at=now() + 1) == [True]


def test_pocketed_vote__pause_passed_and_kept_beyond_its_grace__model_runs_on(world: World) -> None:
    open_breach_case(world)
    proposal = world.open(1)
    world.vote(proposal, 0, 1)
    warp_to(int(world.governor.proposalDeadline(proposal)) + EXECUTION_GRACE + 1)
    refused("GovernorUnexpectedProposalState", world.governor.executeCase, 1, sender=world.stranger)
    world.switch.poke(1, sender=world.stranger)
    assert (world.state(), world.outcome(1), world.switch.statusOf(1).epoch) == ("Active", "Lapsed", 0)


def test_pocketed_vote__resume_passed_and_kept_over_the_next_pause__frees_nothing(world: World) -> None:
    """Two resumes of one epoch cannot both be had: the second finds the epoch gone."""
    world.pause()
    case, proposal = world.call_resume()
    world.vote(proposal, 0, 1)
    world.end_vote(proposal)
    world.governor.executeCase(case, sender=world.stranger)
    call_pause(world, 0)
    again, vote = opened(world)
    world.vote(vote, 0, 1)
    world.governor.executeCase(again, sender=world.stranger)
    refused("GovernorUnexpectedProposalState", world.governor.executeCase, case, sender=world.stranger)
    refused("EpochStale", world.switch.resume, 1, 1, 1, sender=world.as_governor, current=3)
    assert world.state() == "Paused"


def test_pocketed_call__signed_and_kept_until_another_was_opened__refused(world: World) -> None:
    kept = a_call(world).but(deadline=now() + 10**6)
    signatures = signed(world, kept, 0)
    call_pause(world, 0)
    case, proposal = opened(world)
    world.end_vote(proposal)
    warp_to(int(world.switch.caseOf(case).voteEnds) + 1)
    refused(
        "CallRoundStale", world.governor.callPause, kept.struct, signatures, sender=world.stranger, current=1
    )


def test_replayed_call__at_the_governor_that_follows__does_not_count(world: World) -> None:
    call = a_call(world)
    signatures = signed(world, call, 0, 1)
    new = successor(world)
    refused("CallBelowThreshold", new.callPause, call.struct, signatures, sender=world.stranger, power=0)


def test_replayed_ballot__pause_ballot_in_the_vote_on_the_resume__skipped(world: World) -> None:
    trip(world)
    pause = world.open(1)
    ballot = world.ballot(pause, 0)
    world.governor.castVotesBySig(pause, [ballot, world.ballot(pause, 1)], sender=world.stranger)
    world.governor.executeCase(1, sender=world.stranger)
    _, resume = world.call_resume()
    receipt = world.governor.castVotesBySig(resume, [ballot], sender=world.stranger)
    assert len(events(receipt, "BallotSkipped")) == 1
    assert list(world.governor.proposalVotes(resume)) == [0, 0, 0]


def test_replayed_ballot__after_the_vote_was_cast_by_transaction__counts_once(world: World) -> None:
    trip(world)
    proposal = world.open(1)
    ballot = world.ballot(proposal, 4)
    world.vote(proposal, 4, support=AGAINST)
    world.governor.castVotesBySig(proposal, [ballot], sender=world.stranger)
    assert list(world.governor.proposalVotes(proposal)) == [8 * UNIT, 0, 0]


def test_front_run__somebody_opens_the_same_case_first__same_vote_and_nothing_lost(world: World) -> None:
    trip(world)
    one, other = (
        (world.outsider, world.governor.openCase, (1,)),
        (world.stranger, world.governor.openCase, (1,)),
    )
    assert in_one_block(one, other, at=now() + 5) == [True, False]
    proposal = world.proposal(1)
    warp_to(now() + DELAY + 1)
    world.vote(proposal, 0, 1)
    world.governor.executeCase(1, sender=world.stranger)
    assert world.state() == "Paused"


def test_front_run__batch_relayed_by_somebody_else_first__every_ballot_counts_once(world: World) -> None:
    trip(world)
    proposal = world.open(1)
    ballots = [world.ballot(proposal, holder) for holder in (2, 3)]
    method = world.governor.castVotesBySig
    calls = [(who, method, (proposal, ballots)) for who in (world.outsider, world.stranger)]
    assert in_one_block(*calls, at=now() + 5) == [True, True]
    assert list(world.governor.proposalVotes(proposal)) == [0, 27 * UNIT, 0]


def test_sham_call__anyone_below_the_threshold__cannot_even_open_it(world: World) -> None:
    call = a_call(world)
    data = world.governor.callPause.encode_input(call.struct, signed(world, call, 4))
    sent = rpc(
        "eth_sendTransaction",
        {
            "from": str(world.stranger),
            "to": world.governor.address,
            "data": "0x" + bytes(data).hex(),
            "gas": hex(2_000_000),
        },
    )
    assert int(mined(sent)["status"], 16) == 0
    assert (world.switch.caseCount(), world.governor.roundOf(1, HOLDER_PAUSE)) == (0, 0)


def test_sham_call__voted_on__a_true_breach_suspends_and_is_voted_on_beside_it(world: World) -> None:
    call_pause(world, 0)
    case, sham = opened(world)
    world.vote(sham, 0, support=AGAINST)
    trip(world)
    world.vote(world.open(case + 1), 0, 1)
    world.governor.executeCase(case + 1, sender=world.stranger)
    assert (world.state(), world.switch.statusOf(1).caseId) == ("Paused", case + 1)


def test_sybil_wallets__one_holder_spreads_its_tokens_over_many__no_more_power(world: World) -> None:
    """Eight percent in four wallets are eight percent; each is named and counted once."""
    owner = world.holders[4]
    wallets = [world.stranger.deploy(ape.project.OwnedWallet, owner, world.token) for _ in range(4)]
    for wallet in wallets:
        world.token.transfer(wallet, 2 * UNIT, sender=owner)
    warp_to(now() + 1)
    call = a_call(world)
    signature = signing.call(owner.private_key, world.governor.address, call, chain_id=world.chain_id)
    named = sorted(((str(who), signature) for who in (owner, *wallets)), key=lambda pair: int(pair[0], 16))
    refused(
        "CallBelowThreshold",
        world.governor.callPause,
        call.struct,
        named,
        sender=world.stranger,
        power=8 * UNIT,
    )
