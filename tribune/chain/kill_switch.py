"""`KillSwitch`: states, cases, epoch, budgets, halts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from tribune.chain.cases import Case, CaseCall
from tribune.chain.client import BlockTag
from tribune.chain.contract import Contract
from tribune.chain.enums import CaseKind, Oversight, State
from tribune.chain.switch_events import EVENTS
from tribune.chain.types import Block, ContractCall, end_or_none, utc_or_none
from tribune.ids import Address, CaseId, Digest, ModelId, VersionNumber


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
    halted_until: datetime | None
    """End of the global halt in force, None where none is in force or no end is known."""
    block_number: int
    """The block that all this is of."""
    block_time: datetime

    @property
    def is_operational(self) -> bool:
        """Whether the model may run."""
        return self.state is State.ACTIVE and not self.halted


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


class KillSwitch(Contract):
    """Reads and calls of `KillSwitch`."""

    NAME: ClassVar[str] = "KillSwitch"
    EVENTS: ClassVar = EVENTS

    async def status(self, model_id: ModelId, *, at: Block | None = None) -> ModelStatus:
        """Return where a model stands at a block, the newest by default."""
        block = at or await self.chain.head()
        raw = await self._read("statusOf", model_id, block=block.number)
        halted_until = await self.halted_until(block=block.number) if raw["halted"] else None
        return ModelStatus(
            model_id=model_id,
            state=State.of(raw["state"]),
            oversight=Oversight.of(raw["oversight"]),
            version=VersionNumber(raw["version"]),
            epoch=raw["epoch"],
            until=utc_or_none(raw["until"]),
            case_id=CaseId(raw["case_id"]),
            halted=raw["halted"],
            halted_until=halted_until,
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

    async def call_of(self, case_id: CaseId) -> CaseCall:
        """Return what a vote on a case would carry out.

        Raises:
            RevertedError: there is no such case (`CaseUnknown`).
        """
        raw = await self._read("callOf", case_id)
        return CaseCall(
            ModelId(raw["model_id"]), VersionNumber(raw["version"]), raw["epoch"], CaseKind.of(raw["kind"])
        )

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

    async def resumes_from(self, model_id: ModelId) -> datetime | None:
        """Return from when on a resume may be called for again, None where none was rejected."""
        return utc_or_none(await self._read("resumesFrom", model_id))

    async def operational_since(self, model_id: ModelId) -> datetime | None:
        """Return since when a model has been in service without a break, None while it is not."""
        return end_or_none(await self._read("operationalSince", model_id))

    async def halted_until(self, *, block: BlockTag = "latest") -> datetime | None:
        """Return the end of the global halt in force, or of the last one; None where none is known."""
        return end_or_none(await self._read("haltedUntil", block=block))

    async def guardian_used(self, model_id: ModelId) -> bool:
        """Return whether the guardian has used up its act on a model."""
        return bool(await self._read("guardianUsed", model_id))

    async def halt_used(self) -> bool:
        """Return whether the guardian has used up its global halt."""
        return bool(await self._read("haltUsed"))

    async def parameters(self) -> SwitchParameters:
        """Return the parameters in force."""
        return SwitchParameters.read(await self._read("parameters"))

    async def vote_span_s(self) -> int:
        """Return the longest time, in seconds, from the opening of a vote to its latest end."""
        return int(await self._read("voteSpan"))

    def guardian_suspend(self, model_id: ModelId, evidence: Digest) -> ContractCall:
        """Suspend a model at once and open its case; for the guardian.

        `evidence` is the sha-256 of the document that says why: canonical JSON with a text `reason`.
        """
        return self._call(f"suspend model {model_id} as its guardian", "guardianSuspend", model_id, evidence)

    def guardian_halt(self) -> ContractCall:
        """Halt all models for the halt budget, once; for the guardian."""
        return self._call("halt all models as their guardian", "guardianHalt")

    def halt(self, until: datetime | None) -> ContractCall:
        """Halt all models until a time, or (None) end a halt; for the executive."""
        if until is None:
            return self._call("end the halt of all models", "halt", 0)
        return self._call(
            f"halt all models until {until:%Y-%m-%d %H:%M:%S} UTC", "halt", int(until.timestamp())
        )

    def rearm(self, model_ids: Sequence[ModelId]) -> ContractCall:
        """Let the guardian act again: globally, this period, and on these models; for the executive."""
        return self._call("let the guardian act again", "rearm", list(model_ids))

    def set_hub(self, hub: Address) -> ContractCall:
        """Name the hub that the oversight state is asked of; for the executive."""
        return self._call(f"ask {hub} how well models are watched", "setHub", hub)

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
