"""`KillSwitch`: states, cases, epoch, budgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from tribune.chain.client import BlockTag
from tribune.chain.contract import Contract, Located
from tribune.chain.enums import CaseKind, Outcome, Oversight, Severity, State
from tribune.chain.types import Block, ContractCall, Log, utc, utc_or_none
from tribune.ids import Address, CaseId, Digest, FrameIndex, ModelId, ProposalId, VersionNumber


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """All that a gate needs to know of a model."""

    model_id: ModelId
    state: State
    oversight: Oversight
    version: VersionNumber
    """Version in force, 0 while there is none."""
    epoch: int
    until: datetime | None
    """End of the suspension, None unless suspended."""
    case_id: CaseId
    """The case that made the state what it is, or the live case; 0 if there is none."""
    halted: bool
    """Whether a global halt is in force."""
    block_number: int
    """The block that all this is of."""
    block_time: datetime

    @property
    def is_operational(self) -> bool:
        """Whether the model may run."""
        return self.state is State.ACTIVE and not self.halted


@dataclass(frozen=True, slots=True)
class Case:
    """One reason to vote on a model."""

    case_id: CaseId
    model_id: ModelId
    version: VersionNumber
    epoch: int
    kind: CaseKind
    severity: Severity
    outcome: Outcome
    opened_at: datetime
    open_until: datetime
    """Last second in which its vote can be opened."""
    bound: datetime | None
    """End of the suspension that it caused."""
    vote_ends: datetime | None
    """Latest possible end of its vote, None before the vote opens."""
    frame: FrameIndex
    rule: int
    """Place of the rule in the policy."""
    value: int
    """Millionths; -2**63 is "not available"."""
    limit: int
    policy: Digest
    evidence: Digest
    """sha-256 of the evidence document, or of the conclusion of an incident."""
    governor: Address
    vote: ProposalId
    """Its proposal, 0 before the vote opens."""

    @classmethod
    def read(cls, case_id: int, raw: Mapping[str, Any]) -> Case:
        """Make a case of the contract's struct."""
        return cls(
            case_id=CaseId(case_id),
            model_id=ModelId(raw["model_id"]),
            version=VersionNumber(raw["version"]),
            epoch=raw["epoch"],
            kind=CaseKind.of(raw["kind"]),
            severity=Severity.of(raw["severity"]),
            outcome=Outcome.of(raw["outcome"]),
            opened_at=utc(raw["opened_at"]),
            open_until=utc(raw["open_until"]),
            bound=utc_or_none(raw["bound"]),
            vote_ends=utc_or_none(raw["vote_ends"]),
            frame=FrameIndex(raw["frame"]),
            rule=raw["rule"],
            value=raw["value"],
            limit=raw["limit"],
            policy=Digest(raw["policy"]),
            evidence=Digest(raw["evidence"]),
            governor=raw["governor"],
            vote=ProposalId(raw["vote"]),
        )


@dataclass(frozen=True, slots=True)
class SwitchParameters:
    """What governance may tune, in seconds but where it says otherwise."""

    budget_s: int
    refill: int
    """Millionths of the time passed that come back to the budget."""
    hard_cap_s: int
    margin_s: int
    open_window_s: int
    cooldown_s: int
    guardian_period_s: int
    guardian_models: int
    """Models that the guardian may suspend in any such period."""
    halt_budget_s: int
    """How long the guardian may halt all models at once."""

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> SwitchParameters:
        """Make parameters of the contract's struct."""
        return cls(
            budget_s=raw["budget"],
            refill=raw["refill"],
            hard_cap_s=raw["hard_cap"],
            margin_s=raw["margin"],
            open_window_s=raw["open_window"],
            cooldown_s=raw["cooldown"],
            guardian_period_s=raw["guardian_period"],
            guardian_models=raw["guardian_models"],
            halt_budget_s=raw["halt_budget"],
        )

    @property
    def fields(self) -> tuple[int, ...]:
        """The struct as the contract takes it."""
        return (
            self.budget_s,
            self.refill,
            self.hard_cap_s,
            self.margin_s,
            self.open_window_s,
            self.cooldown_s,
            self.guardian_period_s,
            self.guardian_models,
            self.halt_budget_s,
        )


@dataclass(frozen=True, slots=True)
class StateChanged(Located):
    """A model's state changed."""

    model_id: ModelId
    previous: State
    current: State
    epoch: int
    case_id: CaseId
    until: datetime | None


@dataclass(frozen=True, slots=True)
class CaseOpened(Located):
    """A case was opened."""

    case: Case


@dataclass(frozen=True, slots=True)
class CaseJoined(Located):
    """A further breach joined a live case."""

    case_id: CaseId
    model_id: ModelId
    severity: Severity
    frame: FrameIndex
    rule: int
    value: int
    limit: int
    evidence: Digest


@dataclass(frozen=True, slots=True)
class CaseVoteOpened(Located):
    """A case's vote was opened."""

    case_id: CaseId
    governor: Address
    proposal_id: ProposalId
    vote_ends: datetime


@dataclass(frozen=True, slots=True)
class CaseClosed(Located):
    """A case ended."""

    case_id: CaseId
    model_id: ModelId
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class BreachCooling(Located):
    """A breach had no effect, because its rule cools down after a rejected vote."""

    model_id: ModelId
    version: VersionNumber
    policy: Digest
    rule: int
    until: datetime


@dataclass(frozen=True, slots=True)
class BudgetExhausted(Located):
    """A trip did not suspend, because the budget does not cover a whole suspension."""

    model_id: ModelId
    case_id: CaseId
    needed_s: int
    used_s: int


def _state_changed(log: Log, **raw: Any) -> StateChanged:
    return StateChanged(
        log=log,
        model_id=ModelId(raw["model_id"]),
        previous=State.of(raw["previous"]),
        current=State.of(raw["current"]),
        epoch=raw["epoch"],
        case_id=CaseId(raw["case_id"]),
        until=utc_or_none(raw["until"]),
    )


def _case_opened(log: Log, **raw: Any) -> CaseOpened:
    return CaseOpened(log=log, case=Case.read(raw["case_id"], raw["details"]))


def _case_joined(log: Log, **raw: Any) -> CaseJoined:
    breach = raw["breach"]
    return CaseJoined(
        log=log,
        case_id=CaseId(raw["case_id"]),
        model_id=ModelId(raw["model_id"]),
        severity=Severity.of(raw["severity"]),
        frame=FrameIndex(breach["frame"]),
        rule=breach["rule"],
        value=breach["value"],
        limit=breach["limit"],
        evidence=Digest(breach["evidence"]),
    )


def _case_vote_opened(log: Log, **raw: Any) -> CaseVoteOpened:
    return CaseVoteOpened(
        log=log,
        case_id=CaseId(raw["case_id"]),
        governor=raw["governor"],
        proposal_id=ProposalId(raw["proposal_id"]),
        vote_ends=utc(raw["vote_ends"]),
    )


def _case_closed(log: Log, **raw: Any) -> CaseClosed:
    return CaseClosed(
        log=log,
        case_id=CaseId(raw["case_id"]),
        model_id=ModelId(raw["model_id"]),
        outcome=Outcome.of(raw["outcome"]),
    )


def _breach_cooling(log: Log, **raw: Any) -> BreachCooling:
    return BreachCooling(
        log=log,
        model_id=ModelId(raw["model_id"]),
        version=VersionNumber(raw["version"]),
        policy=Digest(raw["policy"]),
        rule=raw["rule"],
        until=utc(raw["until"]),
    )


def _budget_exhausted(log: Log, **raw: Any) -> BudgetExhausted:
    return BudgetExhausted(
        log=log,
        model_id=ModelId(raw["model_id"]),
        case_id=CaseId(raw["case_id"]),
        needed_s=raw["needed"],
        used_s=raw["used"],
    )


class KillSwitch(Contract):
    """Reads and calls of `KillSwitch`."""

    NAME: ClassVar[str] = "KillSwitch"
    EVENTS: ClassVar = {
        "StateChanged": _state_changed,
        "CaseOpened": _case_opened,
        "CaseJoined": _case_joined,
        "CaseVoteOpened": _case_vote_opened,
        "CaseClosed": _case_closed,
        "BreachCooling": _breach_cooling,
        "BudgetExhausted": _budget_exhausted,
    }

    async def status(self, model_id: ModelId, *, at: Block | None = None) -> ModelStatus:
        """Return where a model stands at a block, the newest by default."""
        block = at or await self.chain.head()
        raw = await self._read("statusOf", model_id, block=block.number)
        return ModelStatus(
            model_id=model_id,
            state=State.of(raw["state"]),
            oversight=Oversight.of(raw["oversight"]),
            version=VersionNumber(raw["version"]),
            epoch=raw["epoch"],
            until=utc_or_none(raw["until"]),
            case_id=CaseId(raw["case_id"]),
            halted=raw["halted"],
            block_number=block.number,
            block_time=block.time,
        )

    async def is_operational(self, model_id: ModelId, version: VersionNumber | None = None) -> bool:
        """Return whether a model may run (in this version, where one is named)."""
        if version is None:
            return bool(await self._read("isOperational(uint256)", model_id))
        return bool(await self._read("isOperational(uint256,uint32)", model_id, version))

    async def case(self, case_id: CaseId, *, block: BlockTag = "latest") -> Case:
        """Return a case.

        Raises:
            RevertedError: there is no such case (`CaseUnknown`).
        """
        return Case.read(case_id, await self._read("caseOf", case_id, block=block))

    async def case_count(self) -> int:
        """Return how many cases there are; they are numbered from 1."""
        return int(await self._read("caseCount"))

    async def budget_used_s(self, model_id: ModelId) -> int:
        """Return the seconds of its suspension budget that a model has used up."""
        return int(await self._read("budgetUsed", model_id))

    async def cooling_until(
        self, model_id: ModelId, version: VersionNumber, policy: Digest, rule: int
    ) -> datetime | None:
        """Return until when a rule has no effect after a rejected vote."""
        return utc_or_none(await self._read("coolingUntil", model_id, version, policy, rule))

    async def parameters(self) -> SwitchParameters:
        """Return the parameters in force."""
        return SwitchParameters.read(await self._read("parameters"))

    async def vote_span_s(self) -> int:
        """Return the longest time, in seconds, from the opening of a vote to its latest end."""
        return int(await self._read("voteSpan"))

    def poke(self, case_id: CaseId) -> ContractCall:
        """Record how a case's vote ended; anyone may."""
        return self._call(f"record how the vote on case {case_id} ended", "poke", case_id)

    def retire(self, model_id: ModelId) -> ContractCall:
        """Take a model out of service for good; for the executive."""
        return self._call(f"retire model {model_id}", "retire", model_id)

    def set_parameters(self, parameters: SwitchParameters) -> ContractCall:
        """Set the parameters; for the executive."""
        return self._call("set the kill switch's parameters", "setParameters", parameters.fields)

    def pause(self, model_id: ModelId, case_id: CaseId, epoch: int) -> ContractCall:
        """Make a halt last; what a vote on a case carries out."""
        return self._call(f"pause model {model_id} on case {case_id}", "pause", model_id, case_id, epoch)

    def resume(self, model_id: ModelId, version: VersionNumber, epoch: int) -> ContractCall:
        """End a lasting halt; what a resume vote carries out."""
        return self._call(f"resume model {model_id} v{version}", "resume", model_id, version, epoch)
