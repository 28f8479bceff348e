"""Token, `OversightGovernor` and timelock."""

from __future__ import annotations

from tribune.chain.enums import ProposalState, Support
from tribune.chain.governor import ProposalCreated, ProposedCalls
from tribune.ids import Address
from unit.chain.place import HOLDERS, Place, address


async def test_slow_lane__proposal_to_execution__policy_like_change_is_carried_out(place: Place) -> None:
    tribune = place.tribune
    governor = tribune.oversight_governor
    calls = ProposedCalls.of([tribune.monitor_registry.admit(address(7), "m7", "u")], "Admit m7")
    await place.warp(1)  # votes count from the second before
    receipt = await place.send(governor.propose(calls), HOLDERS[0])
    (created,) = [e for e in governor.events(receipt.logs) if isinstance(e, ProposalCreated)]
    proposal = created.proposal_id
    assert proposal == await governor.proposal_id(calls)
    await place.warp(await governor.voting_delay_s() + 1)
    for holder in HOLDERS[:2]:
        await place.send(governor.cast_vote(proposal, Support.FOR), holder)
    await place.warp((await governor.voting_period_s()) * 2)
    await place.send(governor.queue(calls))
    assert await governor.state(proposal) is ProposalState.QUEUED
    assert await governor.eta(proposal) is not None
    await place.warp(await tribune.timelock.min_delay_s() + 1)
    await place.send(governor.execute(calls))
    assert await tribune.monitor_registry.is_admitted(address(7))


async def test_timelock__roles__governor_proposes_and_anyone_executes(place: Place) -> None:
    timelock = place.tribune.timelock
    assert await timelock.has_role("PROPOSER", place.tribune.oversight_governor.address)
    assert not await timelock.has_role("PROPOSER", address(0))
    assert await timelock.has_role("EXECUTOR", Address("0x" + "00" * 20))


async def test_token__holder__balance_votes_and_delegate(place: Place) -> None:
    token = place.tribune.token
    assert await token.balance(address(2)) == await token.votes(address(2)) == 400_000 * 10**18
    assert await token.delegate_of(address(2)) == address(2)
    assert (await token.symbol(), await token.decimals()) == ("TRIB", 18)
