"""`PauseGovernor`: votes on cases, and who calls for them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from eth_account.messages import encode_typed_data

from tribune.ballots.typed_data import call_digest, call_typed_data
from tribune.chain.enums import CaseKind, Outcome, ProposalState, State, Support
from tribune.chain.governor import ProposalCreated, ProposalExecuted, VoteCast
from tribune.chain.pause_governor import BallotSkipped, HolderCall, HoldersCalled, SignedBallot, SignedCall
from tribune.chain.switch_events import CaseClosed, CaseOpened, CaseVoteOpened
from tribune.exceptions import ChainError, RevertedError
from tribune.ids import CaseId, ProposalId
from unit.chain.place import HOLDERS, MODEL, STEWARD, V1, Place, account, active, address, breach, digest


def ballot(
    place: Place, voter: int, proposal: ProposalId, support: Support, reason: str = ""
) -> SignedBallot:
    fields = [("proposalId", "uint256"), ("support", "uint8"), ("voter", "address"), ("nonce", "uint256")]
    message: dict[str, object] = {
        "proposalId": proposal,
        "support": support.number,
        "voter": address(voter),
        "nonce": 0,
    }
    if reason:
        fields += [("reason", "string"), ("params", "bytes")]
        message |= {"reason": reason, "params": b""}
    domain = {
        "name": "Tribune PauseGovernor",
        "version": "1",
        "chainId": 31337,
        "verifyingContract": place.tribune.pause_governor.address,
    }
    types = {("ExtendedBallot" if reason else "Ballot"): [{"name": n, "type": t} for n, t in fields]}
    signed = account(voter).sign_message(encode_typed_data(domain, types, message))
    return SignedBallot(address(voter), support, bytes(signed.signature), reason)


async def test_pause_vote__relayed_ballots__counted_executed_paused(place: Place) -> None:
    tribune = place.tribune
    governor = tribune.pause_governor
    await breach(place)
    receipt = await place.send(governor.open_case(CaseId(1)))
    (created,) = [e for e in governor.events(receipt.logs) if isinstance(e, ProposalCreated)]
    (vote_opened,) = [e for e in tribune.kill_switch.events(receipt.logs) if isinstance(e, CaseVoteOpened)]
    proposal = created.proposal_id
    assert vote_opened.proposal_id == proposal
    assert created.calls == await governor.proposal_of(CaseId(1))
    assert await governor.proposal_id_of(CaseId(1)) == proposal
    assert await governor.state(proposal) is ProposalState.PENDING
    assert (await governor.count(proposal)).quorum > 0
    await place.warp(3)
    # The last ballot makes the super-quorum, which ends the vote: what came after it would be skipped.
    ballots = [ballot(place, 5, proposal, Support.AGAINST), ballot(place, 2, proposal, Support.FOR)]
    ballots.append(SignedBallot(address(6), Support.FOR, ballots[0].signature))
    ballots.append(ballot(place, 4, proposal, Support.FOR))
    ballots.append(ballot(place, 3, proposal, Support.FOR, "unfair"))
    receipt = await place.send(governor.cast_votes_by_sig(proposal, ballots))
    events = governor.events(receipt.logs)
    cast = [(e.voter, e.support, e.reason) for e in events if isinstance(e, VoteCast)]
    assert cast == [
        (address(5), Support.AGAINST, ""),
        (address(2), Support.FOR, ""),
        (address(4), Support.FOR, ""),
        (address(3), Support.FOR, "unfair"),
    ]
    assert [e.voter for e in events if isinstance(e, BallotSkipped)] == [address(6)]
    count = await governor.count(proposal)
    assert (count.for_, count.against, count.abstain) == (820_000 * 10**18, 100_000 * 10**18, 0)
    assert count.state is ProposalState.SUCCEEDED
    assert count.quorum == await tribune.token.past_supply(count.snapshot) // 5
    assert await governor.has_voted(proposal, address(2))
    assert await governor.voting_power(address(2), count.snapshot) == 400_000 * 10**18
    assert await governor.super_quorum(count.snapshot) <= count.for_
    receipt = await place.send(governor.execute_case(CaseId(1)))
    assert [e.proposal_id for e in governor.events(receipt.logs) if isinstance(e, ProposalExecuted)] == [
        proposal
    ]
    (closed,) = [e for e in tribune.kill_switch.events(receipt.logs) if isinstance(e, CaseClosed)]
    assert closed.outcome is Outcome.UPHELD
    status = await tribune.kill_switch.status(MODEL)
    assert (status.state, status.epoch, status.until) == (State.PAUSED, 1, None)
    assert await governor.is_over(CaseId(1))
    call = governor.call_resume(MODEL, V1, digest(8))
    with pytest.raises(RevertedError) as caught:
        await place.send(call)
    assert caught.value.ids["error"] == "PauseGovernorNotSteward"
    receipt = await place.send(call, STEWARD)
    (reopened,) = [e for e in tribune.kill_switch.events(receipt.logs) if isinstance(e, CaseOpened)]
    assert (reopened.case.kind, reopened.case.evidence) == (CaseKind.HOLDER_RESUME, digest(8))


async def call_of(place: Place, kind: CaseKind = CaseKind.HOLDER_PAUSE) -> HolderCall:
    """Return a call that could be made now."""
    round_ = await place.tribune.pause_governor.round_of(MODEL, kind)
    epoch = (await place.tribune.kill_switch.status(MODEL)).epoch
    deadline = await place.tribune.chain.block_time() + timedelta(hours=1)
    return HolderCall(kind, MODEL, V1, epoch, round_, digest(8), deadline)


def signed(place: Place, call: HolderCall, *holders: int) -> list[SignedCall]:
    """Sign a call as wallets do."""
    data = call_typed_data(31337, place.tribune.pause_governor.address, call)
    return [
        SignedCall(address(holder), bytes(account(holder).sign_typed_data(full_message=data).signature))
        for holder in holders
    ]


async def test_call_digest__any_call__is_what_the_contract_hashes(place: Place) -> None:
    governor = place.tribune.pause_governor
    call = HolderCall(CaseKind.HOLDER_RESUME, MODEL, V1, 2**60, 3, digest(8), (await call_of(place)).deadline)
    asked = governor.abi.call(governor.address, "hashCall", [call.fields], "hash a call")
    assert await place.tribune.chain.call(asked) == call_digest(31337, governor.address, call)


async def test_call_by_holders__pause__opens_a_vote_with_their_power(place: Place) -> None:
    tribune, governor = place.tribune, place.tribune.pause_governor
    await active(place)
    call = await call_of(place)
    signatures = signed(place, call, *HOLDERS[:3], STEWARD)
    receipt = await place.send(governor.call_by_holders(call, signatures[::-1]))
    (called,) = [e for e in governor.events(receipt.logs) if isinstance(e, HoldersCalled)]
    assert (called.model_id, called.kind, called.round, called.case_id) == (
        MODEL,
        CaseKind.HOLDER_PAUSE,
        0,
        1,
    )
    assert called.power == 820_000 * 10**18
    case = await tribune.kill_switch.case(CaseId(1))
    assert (case.kind, case.evidence, case.bound) == (CaseKind.HOLDER_PAUSE, digest(8), None)
    assert case.vote == await governor.proposal_id_of(CaseId(1))
    assert await governor.round_of(MODEL, CaseKind.HOLDER_PAUSE) == 1
    assert await tribune.kill_switch.resumes_from(MODEL) is None


async def test_call_by_holders__no_votes__custom_error(place: Place) -> None:
    await active(place)
    call = await call_of(place)
    with pytest.raises(RevertedError) as caught:
        await place.send(place.tribune.pause_governor.call_by_holders(call, signed(place, call, STEWARD)))
    assert caught.value.ids["error"] == "CallBelowThreshold"


async def test_call_by_holders__resume_of_a_model_that_runs__custom_error(place: Place) -> None:
    await active(place)
    call = await call_of(place, CaseKind.HOLDER_RESUME)
    with pytest.raises(RevertedError) as caught:
        await place.send(place.tribune.pause_governor.call_by_holders(call, signed(place, call, *HOLDERS)))
    assert caught.value.ids["error"] == "StateInvalid"


async def test_call_by_holders__kind_that_nobody_calls_for__is_refused(place: Place) -> None:
    call = await call_of(place, CaseKind.GUARDIAN)
    with pytest.raises(ChainError, match="Guardian"):
        place.tribune.pause_governor.call_by_holders(call, [])


async def test_call_threshold__as_deployed(place: Place) -> None:
    fast_lane = place.tribune.deployment.parameters["fast_lane"]
    assert await place.tribune.pause_governor.call_threshold() == fast_lane["call_threshold_ppm"]
