"""`PauseGovernor`: the fast lane. Votes on cases; ballots may be relayed by anyone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from tribune.chain.contract import Located
from tribune.chain.enums import Support
from tribune.chain.governor import Governor, ProposedCalls
from tribune.chain.types import ContractCall, Log
from tribune.ids import Address, CaseId, Digest, ModelId, ProposalId, VersionNumber

_STEWARD_RESUME = "callResume(uint256,uint32,bytes32)"


@dataclass(frozen=True, slots=True)
class SignedBallot:
    """A ballot signed by its voter, for whoever relays it."""

    voter: Address
    support: Support
    signature: bytes
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BallotSkipped(Located):
    """A relayed ballot did not count."""

    proposal_id: ProposalId
    voter: Address


def _ballot_skipped(log: Log, **raw: Any) -> BallotSkipped:
    return BallotSkipped(log=log, proposal_id=ProposalId(raw["proposal_id"]), voter=raw["voter"])


class PauseGovernor(Governor):
    """Reads and calls of `PauseGovernor`."""

    NAME: ClassVar[str] = "PauseGovernor"
    EVENTS: ClassVar = {**Governor.EVENTS, "BallotSkipped": _ballot_skipped}

    async def case_of(self, proposal_id: ProposalId) -> CaseId:
        """Return the case that a proposal is about, 0 if none."""
        return CaseId(await self._read("caseOfProposal", proposal_id))

    async def proposal_of(self, case_id: CaseId) -> ProposedCalls:
        """Return what a case's vote would carry out.

        Raises:
            RevertedError: there is no such case.
        """
        targets, values, calldatas, description = await self._read("proposalOf", case_id)
        return ProposedCalls(targets, values, calldatas, description)

    async def is_rejected(self, proposal_id: ProposalId) -> bool:
        """Return whether a vote ended with a quorum and no majority for it."""
        return bool(await self._read("isRejected", proposal_id))

    async def is_over(self, proposal_id: ProposalId) -> bool:
        """Return whether a vote can have no effect any more."""
        return bool(await self._read("isOver", proposal_id))

    async def super_quorum(self, at: datetime) -> int:
        """Return the votes for, at a past time, that end a pause vote early."""
        return int(await self._read("superQuorum", int(at.timestamp())))

    async def execution_grace_s(self) -> int:
        """Return how many seconds after its deadline a passed vote can still be carried out."""
        return int(await self._read("executionGrace"))

    def open_case(self, case_id: CaseId) -> ContractCall:
        """Open the vote of a case; anyone may, once."""
        return self._call(f"open the vote on case {case_id}", "openCase", case_id)

    def execute_case(self, case_id: CaseId) -> ContractCall:
        """Carry out the passed vote of a case; anyone may."""
        return self._call(f"carry out the vote on case {case_id}", "executeCase", case_id)

    def call_resume(self, model_id: ModelId, version: VersionNumber, conclusion: Digest) -> ContractCall:
        """Call a vote on letting a paused model run again; for the steward.

        `conclusion` is the sha-256 of the incident's conclusion: cause and fix.
        """
        what = f"call a vote to resume model {model_id} v{version}"
        return self._call(what, _STEWARD_RESUME, model_id, version, conclusion)

    def cast_votes_by_sig(self, proposal_id: ProposalId, ballots: Sequence[SignedBallot]) -> ContractCall:
        """Relay signed ballots; one that cannot count is skipped, the others count."""
        signed = [(b.voter, b.support.number, b.reason, b.signature) for b in ballots]
        what = f"relay {len(signed)} ballots on proposal {proposal_id}"
        return self._call(what, "castVotesBySig", proposal_id, signed)
