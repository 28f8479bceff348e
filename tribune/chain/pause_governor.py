"""`PauseGovernor`: the fast lane. Votes on cases; ballots may be relayed by anyone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from tribune.chain.contract import Located
from tribune.chain.enums import CaseKind, Support
from tribune.chain.governor import Governor, ProposedCalls
from tribune.chain.types import ContractCall, Log
from tribune.exceptions import ChainError
from tribune.ids import Address, CaseId, Digest, ModelId, ProposalId, VersionNumber

_CALL = "(uint8,uint256,uint32,uint64,uint64,bytes32,uint48),(address,bytes)[]"
_CALLS = {CaseKind.HOLDER_PAUSE: f"callPause({_CALL})", CaseKind.HOLDER_RESUME: f"callResume({_CALL})"}
_STEWARD_RESUME = "callResume(uint256,uint32,bytes32)"


@dataclass(frozen=True, slots=True)
class SignedBallot:
    """A ballot signed by its voter, for whoever relays it."""

    voter: Address
    support: Support
    signature: bytes
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HolderCall:
    """What holders sign to call for a vote on pausing or resuming a model."""

    kind: CaseKind
    """HOLDER_PAUSE or HOLDER_RESUME."""
    model_id: ModelId
    version: VersionNumber
    """A registered version; for a resume the one in force."""
    epoch: int
    """The model's epoch: a call is about the model as it stands."""
    round: int
    """Number of calls of that kind and model that were opened before this one."""
    evidence: Digest
    """sha-256 of what voters shall read: the harm (a text `reason`), or the conclusion of the incident."""
    deadline: datetime
    """Last second in which the call can be made."""

    @property
    def fields(self) -> tuple[Any, ...]:
        """The struct as the contract takes it."""
        numbers = (self.kind.number, self.model_id, self.version, self.epoch, self.round)
        return (*numbers, self.evidence, int(self.deadline.timestamp()))


@dataclass(frozen=True, slots=True)
class SignedCall:
    """One holder's signature over a call."""

    signer: Address
    signature: bytes


@dataclass(frozen=True, slots=True)
class HoldersCalled(Located):
    """Holders of `power` votes together called for a vote."""

    model_id: ModelId
    kind: CaseKind
    round: int
    case_id: CaseId
    power: int


@dataclass(frozen=True, slots=True)
class CallThresholdChanged(Located):
    """The share of the supply, in millionths, that a call needs changed."""

    previous: int
    current: int


@dataclass(frozen=True, slots=True)
class BallotSkipped(Located):
    """A relayed ballot did not count."""

    proposal_id: ProposalId
    voter: Address


def _ballot_skipped(log: Log, **raw: Any) -> BallotSkipped:
    return BallotSkipped(log=log, proposal_id=ProposalId(raw["proposal_id"]), voter=raw["voter"])


def _holders_called(log: Log, **raw: Any) -> HoldersCalled:
    return HoldersCalled(
        log=log,
        model_id=ModelId(raw["model_id"]),
        kind=CaseKind.of(raw["kind"]),
        round=raw["round"],
        case_id=CaseId(raw["case_id"]),
        power=raw["power"],
    )


def _call_threshold_changed(log: Log, **raw: Any) -> CallThresholdChanged:
    return CallThresholdChanged(log=log, previous=raw["previous"], current=raw["current"])


class PauseGovernor(Governor):
    """Reads and calls of `PauseGovernor`."""

    NAME: ClassVar[str] = "PauseGovernor"
    EVENTS: ClassVar = {
        **Governor.EVENTS,
        "BallotSkipped": _ballot_skipped,
        "HoldersCalled": _holders_called,
        "CallThresholdChanged": _call_threshold_changed,
    }

    async def proposal_id_of(self, case_id: CaseId) -> ProposalId:
        """Return the proposal of a case's vote, whether it is open yet or not.

        Raises:
            RevertedError: there is no such case.
        """
        return ProposalId(await self._read("proposalIdOf", case_id))

    async def proposal_of(self, case_id: CaseId) -> ProposedCalls:
        """Return what a case's vote would carry out.

        Raises:
            RevertedError: there is no such case.
        """
        targets, values, calldatas, description = await self._read("proposalOf", case_id)
        return ProposedCalls(targets, values, calldatas, description)

    async def is_rejected(self, case_id: CaseId) -> bool:
        """Return whether a case's vote ended with a quorum and no majority for it."""
        return bool(await self._read("isRejected", case_id))

    async def is_over(self, case_id: CaseId) -> bool:
        """Return whether a case's vote can have no effect any more."""
        return bool(await self._read("isOver", case_id))

    async def super_quorum(self, at: datetime) -> int:
        """Return the votes for, at a past time, that end a pause vote early."""
        return int(await self._read("superQuorum", int(at.timestamp())))

    async def execution_grace_s(self) -> int:
        """Return how many seconds after its deadline a passed vote can still be carried out."""
        return int(await self._read("executionGrace"))

    async def round_of(self, model_id: ModelId, kind: CaseKind) -> int:
        """Return the round that the next call of that kind must name."""
        return int(await self._read("roundOf", model_id, kind.number))

    async def call_threshold(self) -> int:
        """Return the share of the supply, in millionths, whose holders can call for a vote."""
        return int(await self._read("callThreshold"))

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

    def call_by_holders(self, call: HolderCall, signatures: Sequence[SignedCall]) -> ContractCall:
        """Call a vote on pausing or resuming a model, with the signatures of holders; anyone may.

        Counted is the power of the second before. One that is not valid is skipped.

        Raises:
            ChainError: people call for a pause or a resume, for nothing else.
        """
        if call.kind not in _CALLS:
            raise ChainError(f"Holders cannot call for a case of kind {call.kind}.")
        ordered = sorted(signatures, key=lambda signed: int(signed.signer, 16))
        signed = [(one.signer, one.signature) for one in ordered]
        what = "pause" if call.kind is CaseKind.HOLDER_PAUSE else "resume"
        return self._call(
            f"call a vote to {what} model {call.model_id}", _CALLS[call.kind], call.fields, signed
        )

    def cast_votes_by_sig(self, proposal_id: ProposalId, ballots: Sequence[SignedBallot]) -> ContractCall:
        """Relay signed ballots; one that cannot count is skipped, the others count."""
        signed = [(b.voter, b.support.number, b.reason, b.signature) for b in ballots]
        what = f"relay {len(signed)} ballots on proposal {proposal_id}"
        return self._call(what, "castVotesBySig", proposal_id, signed)
