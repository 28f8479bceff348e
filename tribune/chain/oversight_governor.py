"""`OversightGovernor`: the slow lane, through the timelock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from tribune.chain.contract import Located
from tribune.chain.governor import Governor, ProposedCalls
from tribune.chain.types import ContractCall, Log, utc, utc_or_none
from tribune.ids import ProposalId


@dataclass(frozen=True, slots=True)
class ProposalQueued(Located):
    """A passed proposal waits in the timelock."""

    proposal_id: ProposalId
    eta: datetime


def _proposal_queued(log: Log, **raw: Any) -> ProposalQueued:
    return ProposalQueued(log=log, proposal_id=ProposalId(raw["proposal_id"]), eta=utc(raw["eta_seconds"]))


class OversightGovernor(Governor):
    """Reads and calls of `OversightGovernor`."""

    NAME: ClassVar[str] = "OversightGovernor"
    EVENTS: ClassVar = {**Governor.EVENTS, "ProposalQueued": _proposal_queued}

    async def proposal_id(self, calls: ProposedCalls) -> ProposalId:
        """Return the id that a proposal of these calls has."""
        return ProposalId(await self._read("getProposalId", *calls.hashed))

    async def proposal_threshold(self) -> int:
        """Return the votes that a proposer needs."""
        return int(await self._read("proposalThreshold"))

    async def eta(self, proposal_id: ProposalId) -> datetime | None:
        """Return when a queued proposal can be carried out; None before it is queued."""
        return utc_or_none(await self._read("proposalEta", proposal_id))

    def propose(self, calls: ProposedCalls) -> ContractCall:
        """Propose calls; the sender needs the threshold in votes."""
        arguments = (list(calls.targets), list(calls.values), list(calls.calldatas), calls.description)
        return self._call(f"propose: {calls.description}", "propose", *arguments)

    def queue(self, calls: ProposedCalls) -> ContractCall:
        """Put a passed proposal into the timelock; anyone may."""
        return self._call(f"queue: {calls.description}", "queue", *calls.hashed)

    def execute(self, calls: ProposedCalls) -> ContractCall:
        """Carry out a proposal whose time in the timelock is over; anyone may."""
        return self._call(f"execute: {calls.description}", "execute", *calls.hashed)
