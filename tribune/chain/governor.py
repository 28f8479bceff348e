"""What both governors share: proposals, ballots, counts, as OpenZeppelin's Governor has them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from tribune.chain.client import BlockTag
from tribune.chain.contract import Contract, Located
from tribune.chain.enums import ProposalState, Support
from tribune.chain.types import ContractCall, Log, utc
from tribune.ids import Address, Digest, ProposalId


@dataclass(frozen=True, slots=True)
class ProposedCalls:
    """What a proposal would carry out, and its description: together they are its identity."""

    targets: tuple[Address, ...]
    values: tuple[int, ...]
    calldatas: tuple[bytes, ...]
    description: str

    @classmethod
    def of(cls, calls: list[ContractCall], description: str) -> ProposedCalls:
        """Make a proposal of calls."""
        return cls(
            targets=tuple(call.to for call in calls if call.to is not None),
            values=tuple(call.value for call in calls),
            calldatas=tuple(call.data for call in calls),
            description=description,
        )

    @property
    def description_hash(self) -> Digest:
        """keccak-256 of the description."""
        from eth_utils.crypto import keccak

        return Digest(keccak(text=self.description))

    @property
    def hashed(self) -> tuple[Any, ...]:
        """Arguments of queue, execute and getProposalId."""
        return (list(self.targets), list(self.values), list(self.calldatas), self.description_hash)


@dataclass(frozen=True, slots=True)
class VoteCount:
    """A proposal's votes, in the token's smallest units, read at one block."""

    proposal_id: ProposalId
    state: ProposalState
    against: int
    for_: int
    abstain: int
    quorum: int
    """Votes for and abstain that are needed."""
    snapshot: datetime
    """When voting power is counted, and voting begins after it."""
    deadline: datetime

    @property
    def total(self) -> int:
        """All votes cast."""
        return self.against + self.for_ + self.abstain


@dataclass(frozen=True, slots=True)
class ProposalCreated(Located):
    """A proposal was made."""

    proposal_id: ProposalId
    proposer: Address
    calls: ProposedCalls
    vote_start: datetime
    vote_end: datetime


@dataclass(frozen=True, slots=True)
class ProposalExecuted(Located):
    """A proposal was carried out."""

    proposal_id: ProposalId


@dataclass(frozen=True, slots=True)
class ProposalExtended(Located):
    """A late quorum moved the deadline."""

    proposal_id: ProposalId
    deadline: datetime


@dataclass(frozen=True, slots=True)
class VoteCast(Located):
    """A ballot counted."""

    proposal_id: ProposalId
    voter: Address
    support: Support
    weight: int
    reason: str


def _proposal_created(log: Log, **raw: Any) -> ProposalCreated:
    calls = ProposedCalls(raw["targets"], raw["values"], raw["calldatas"], raw["description"])
    return ProposalCreated(
        log=log,
        proposal_id=ProposalId(raw["proposal_id"]),
        proposer=raw["proposer"],
        calls=calls,
        vote_start=utc(raw["vote_start"]),
        vote_end=utc(raw["vote_end"]),
    )


def _proposal_executed(log: Log, **raw: Any) -> ProposalExecuted:
    return ProposalExecuted(log=log, proposal_id=ProposalId(raw["proposal_id"]))


def _proposal_extended(log: Log, **raw: Any) -> ProposalExtended:
    return ProposalExtended(
        log=log, proposal_id=ProposalId(raw["proposal_id"]), deadline=utc(raw["extended_deadline"])
    )


def _vote_cast(log: Log, **raw: Any) -> VoteCast:
    return VoteCast(
        log=log,
        proposal_id=ProposalId(raw["proposal_id"]),
        voter=raw["voter"],
        support=Support.of(raw["support"]),
        weight=raw["weight"],
        reason=raw["reason"],
    )


class Governor(Contract):
    """Reads and calls that both governors have."""

    EVENTS: ClassVar = {
        "ProposalCreated": _proposal_created,
        "ProposalExecuted": _proposal_executed,
        "ProposalExtended": _proposal_extended,
        "VoteCast": _vote_cast,
        "VoteCastWithParams": _vote_cast,
    }

    async def state(self, proposal_id: ProposalId, *, block: BlockTag = "latest") -> ProposalState:
        """Return where a proposal stands.

        Raises:
            RevertedError: there is no such proposal (`GovernorNonexistentProposal`).
        """
        return ProposalState.of(await self._read("state", proposal_id, block=block))

    async def count(self, proposal_id: ProposalId, *, block: BlockTag = "latest") -> VoteCount:
        """Return a proposal's votes, state, quorum and times, of one block.

        Before the snapshot the quorum is of the present supply.

        Raises:
            RevertedError: there is no such proposal.
        """
        head = await self.chain.block(block)
        state, votes, snapshot, deadline = await self._read_many(
            ("state", (proposal_id,)),
            ("proposalVotes", (proposal_id,)),
            ("proposalSnapshot", (proposal_id,)),
            ("proposalDeadline", (proposal_id,)),
            block=head.number,
        )
        quorum = await self._read("quorum", min(snapshot, head.timestamp - 1), block=head.number)
        against, for_, abstain = votes
        return VoteCount(
            proposal_id=proposal_id,
            state=ProposalState.of(state),
            against=against,
            for_=for_,
            abstain=abstain,
            quorum=quorum,
            snapshot=utc(snapshot),
            deadline=utc(deadline),
        )

    async def has_voted(self, proposal_id: ProposalId, voter: Address) -> bool:
        """Return whether a voter's ballot counted."""
        return bool(await self._read("hasVoted", proposal_id, voter))

    async def voting_power(self, voter: Address, at: datetime) -> int:
        """Return a voter's power at a past time, such as a proposal's snapshot."""
        return int(await self._read("getVotes", voter, int(at.timestamp())))

    async def quorum(self, at: datetime) -> int:
        """Return the quorum at a past time."""
        return int(await self._read("quorum", int(at.timestamp())))

    async def voting_delay_s(self) -> int:
        """Return the seconds from a proposal to its snapshot."""
        return int(await self._read("votingDelay"))

    async def voting_period_s(self) -> int:
        """Return the seconds of voting."""
        return int(await self._read("votingPeriod"))

    def cast_vote(self, proposal_id: ProposalId, support: Support, reason: str = "") -> ContractCall:
        """Vote by the sender's own transaction."""
        what = f"vote {support} on proposal {proposal_id}"
        if reason:
            return self._call(what, "castVoteWithReason", proposal_id, support.number, reason)
        return self._call(what, "castVote", proposal_id, support.number)
