"""The slow lane: monitors and policy are set by a proposal, votes and the timelock, in skipped time."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from examples.acs_employment.demo.actors import Actors
from examples.acs_employment.demo.local_chain import LocalChain
from examples.acs_employment.terms import load_policy
from tribune.chain import Tribune
from tribune.chain.enums import ProposalState, Support
from tribune.chain.governor import ProposedCalls
from tribune.chain.policy_book import PolicyInput
from tribune.chain.types import Receipt
from tribune.exceptions import TribuneError
from tribune.ids import Address, ModelId
from tribune.metrics.policies.terms import FrameTerms
from tribune.sync.sender import Sender


async def delegate(tribune: Tribune, actors: Actors) -> None:
    """Let every holder delegate to themselves: power counts only once delegated."""

    async def one(index: int) -> None:
        account = actors.holders[index].account
        await Sender(tribune.chain, account).send(tribune.token.delegate(Address(account.address)))

    await asyncio.gather(*(one(index) for index in range(len(actors.holders))))


async def set_policy(
    tribune: Tribune, local: LocalChain, actors: Actors, model_id: ModelId, terms: FrameTerms
) -> Receipt:
    """Admit the monitors and set the model's policy by vote; returns the execution, at wall-clock time.

    Raises:
        TribuneError: the proposal did not pass.
    """
    governor = tribune.oversight_governor
    panel = tuple(Address(account.address) for account in actors.monitors.values())
    policy = PolicyInput(panel=panel, rules=load_policy().rules, **asdict(terms))
    calls = [
        *(
            tribune.monitor_registry.admit(address, name, "")
            for name, address in zip(actors.monitors, panel, strict=True)
        ),
        tribune.policy_book.set_policy(model_id, policy),
    ]
    proposed = ProposedCalls.of(calls, "Three monitors and the first policy for acs-employment")
    senders = [Sender(tribune.chain, holder.account) for holder in actors.holders]
    await local.skip(tribune.chain, 2)  # a proposer's votes are those of the second before
    await senders[0].send(governor.propose(proposed))
    proposal_id = await governor.proposal_id(proposed)
    await local.skip(tribune.chain, await governor.voting_delay_s() + 1)
    choices = (Support.FOR, Support.FOR, Support.FOR, Support.AGAINST, Support.ABSTAIN)
    ballots = zip(senders, choices, strict=True)
    await asyncio.gather(*(s.send(governor.cast_vote(proposal_id, choice)) for s, choice in ballots))
    count = await governor.count(proposal_id)
    await local.skip(
        tribune.chain, int((count.deadline - await tribune.chain.block_time()).total_seconds()) + 1
    )
    if await governor.state(proposal_id) is not ProposalState.SUCCEEDED:
        raise TribuneError("The slow lane's proposal did not pass.", proposal_id=proposal_id)
    await senders[0].send(governor.queue(proposed))
    await local.set_to_now(tribune.chain)
    return await senders[0].send(governor.execute(proposed), gas=8_000_000)
