"""Find votes that are on the chain, whoever brought them there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tribune.ballots.lane import Lane
from tribune.chain.codec import load_abi
from tribune.exceptions import ChainUnreachableError
from tribune.ids import Address, ProposalId

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts
    from tribune.chain.types import Log

EVENTS = ("VoteCast", "VoteCastWithParams")
"""The second is of voters who cast by another tool, with parameters."""


@dataclass(frozen=True)
class CastVote:
    """A vote as the governor counted it."""

    voter: Address
    support: int
    weight: int
    tx_hash: str
    block: int


def votes_in(logs: Iterable[Log], governor: Address, proposal_id: ProposalId) -> dict[Address, CastVote]:
    """Return the votes on a proposal among logs, by voter."""
    abi = load_abi(Lane.FAST)  # both governors' events are OpenZeppelin's
    found: dict[Address, CastVote] = {}
    for log in logs:
        event = abi.decode_event(log) if log.address == governor else None
        if event is None or event.name not in EVENTS or event.args["proposal_id"] != proposal_id:
            continue
        voter = event.args["voter"]
        found[voter] = CastVote(
            voter, event.args["support"], event.args["weight"], log.tx_hash, log.block_number
        )
    return found


async def find_votes(
    contracts: VoteContracts, proposal_id: ProposalId, voters: Iterable[Address], lane: Lane = Lane.FAST
) -> dict[Address, CastVote]:
    """Return the votes of these voters that are on the chain.

    Raises:
        ChainUnreachableError: the chain cannot be read, or contradicts itself.
    """
    asked = list(voters)
    if not asked:
        return {}
    voted = await contracts.read(*((lane, "hasVoted", (proposal_id, voter)) for voter in asked))
    some = [voter for voter, has in zip(asked, voted, strict=True) if has]
    if not some:
        return {}
    [snapshot] = await contracts.read((lane, "proposalSnapshot", (proposal_id,)))
    head = await contracts.chain.head()
    abi, governor = load_abi(lane), contracts.governor_of(lane)
    logs = await contracts.chain.logs(
        [governor],
        await first_block_after(contracts, snapshot, head.number),
        head.number,
        [[abi.topic(name) for name in EVENTS], [bytes.fromhex(voter[2:]).rjust(32, b"\0") for voter in some]],
    )
    found = votes_in(logs, governor, proposal_id)
    if len(found) < len(set(some)):  # "could not look": who has voted must not be told that nothing counted
        raise ChainUnreachableError(
            "The node counts votes of which it does not show the events.",
            mend="Use a node that agrees with itself (one behind no load balancer) and keeps its logs.",
            proposal=proposal_id,
        )
    return found


async def first_block_after(contracts: VoteContracts, time: int, head: int) -> int:
    """Return the first block later than `time` (unix seconds), by bisection: 25 reads on a long chain."""
    low, high = contracts.deployment.block, head
    while low < high:
        middle = (low + high) // 2
        if (await contracts.chain.block(middle)).timestamp > time:
            high = middle
        else:
            low = middle + 1
    return low
