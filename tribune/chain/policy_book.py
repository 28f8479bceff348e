"""`PolicyBook`: frame grids, panels and rules, by version of the policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from tribune.chain.client import BlockTag
from tribune.chain.contract import Contract, Located
from tribune.chain.enums import Op, Severity, Stage
from tribune.chain.types import ContractCall, Log, utc, utc_or_none
from tribune.ids import Address, Digest, FrameIndex, ModelId

RuleFields = tuple[str, int, int, int, int, int, int, int, int, int, int]
"""(metric, op, severity, stage, m, w, naBudget, z, limit, lo, hi), numbers as in the contract."""


class OnChainRule(Protocol):
    """A rule that can be written to the chain: `PolicyRule`, or the metrics' own `Rule`."""

    def on_chain(self) -> RuleFields:
        """Return its fields."""


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One rule as the chain holds it; value, limit and range in millionths."""

    metric: str
    op: Op
    severity: Severity
    m: int
    w: int
    na_budget: int
    z: int
    """Normal quantile of the metric's bound, in millionths; 0 where it uses none."""
    limit: int
    lo: int
    hi: int
    stage: Stage = Stage.ALWAYS

    def on_chain(self) -> RuleFields:
        """Return its fields, which `tribune.metrics.policies.policy.Rule.from_chain` takes."""
        return (
            self.metric,
            self.op.number,
            self.severity.number,
            self.stage.number,
            self.m,
            self.w,
            self.na_budget,
            self.z,
            self.limit,
            self.lo,
            self.hi,
        )

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> PolicyRule:
        """Make a rule of the contract's struct."""
        enums = {"op": Op.of(raw["op"]), "severity": Severity.of(raw["severity"])}
        return cls(**{**raw, **enums, "stage": Stage.of(raw["stage"])})


@dataclass(frozen=True, slots=True)
class PolicyInput:
    """A policy as governance sets it."""

    step_s: int
    """Distance of frames."""
    length_s: int
    """How much time a frame covers."""
    grace_s: int
    """After a frame's end: how long the log may take to be sealed."""
    deadline_s: int
    """After a frame's end: until when reports count."""
    suspension_s: int
    """Least length of a suspension."""
    k: int
    """How many monitors of the panel must agree."""
    panel: tuple[Address, ...]
    rules: tuple[OnChainRule, ...]
    stale_suspends: bool = False
    """Whether a frame that nobody reported suspends the model; it opens a vote in any case."""
    start: datetime | None = None
    """Earliest force of a model's first policy; later policies follow the grid."""

    @property
    def fields(self) -> tuple[Any, ...]:
        """The struct as the contract takes it."""
        start = int(self.start.timestamp()) if self.start is not None else 0
        times = (start, self.step_s, self.length_s, self.grace_s, self.deadline_s, self.suspension_s)
        rules = [rule.on_chain() for rule in self.rules]
        return (*times, self.stale_suspends, self.k, list(self.panel), rules)

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> PolicyInput:
        """Make a policy of the contract's struct; its rules are `PolicyRule`s."""
        return cls(
            step_s=raw["step"],
            length_s=raw["length"],
            grace_s=raw["grace"],
            deadline_s=raw["deadline"],
            suspension_s=raw["suspension"],
            k=raw["k"],
            panel=tuple(raw["panel"]),
            rules=tuple(PolicyRule.read(rule) for rule in raw["rules"]),
            stale_suspends=raw["stale_suspends"],
            start=utc_or_none(raw["start"]),
        )


@dataclass(frozen=True, slots=True)
class PolicyRecord:
    """A policy with its place on the grid of frames."""

    policy: PolicyInput
    digest: Digest
    first_frame: FrameIndex
    """First frame that it judges."""
    base: datetime
    """Grid epoch: frame `first_frame` ends one step after it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which terms a frame is judged; the frame is [start, end), reports count until `accept_until`."""

    digest: Digest
    start: datetime | None
    """None for an evaluation (frame 0)."""
    end: datetime | None
    accept_until: datetime | None
    suspension_s: int
    stale_suspends: bool
    k: int
    panel_size: int
    rule_count: int

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Terms:
        """Make terms of the contract's struct."""
        return cls(
            digest=Digest(raw["digest"]),
            start=utc_or_none(raw["start"]),
            end=utc_or_none(raw["end"]),
            accept_until=utc_or_none(raw["accept_until"]),
            suspension_s=raw["suspension"],
            stale_suspends=raw["stale_suspends"],
            k=raw["k"],
            panel_size=raw["panel_size"],
            rule_count=raw["rule_count"],
        )


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """When a frame is what; the frame is [start, end)."""

    start: datetime
    end: datetime
    seal_from: datetime
    """Its log is sealed and anchored from here on."""
    accept_until: datetime
    """Last second in which its reports count."""


@dataclass(frozen=True, slots=True)
class PolicySet(Located):
    """Governance set a policy."""

    model_id: ModelId
    index: int
    record: PolicyRecord


def _policy_set(log: Log, **raw: Any) -> PolicySet:
    record = PolicyRecord(
        policy=PolicyInput.read(raw["policy"]),
        digest=Digest(raw["digest"]),
        first_frame=FrameIndex(raw["first_frame"]),
        base=utc(raw["base"]),
    )
    return PolicySet(log=log, model_id=ModelId(raw["model_id"]), index=raw["index"], record=record)


class PolicyBook(Contract):
    """Reads and calls of `PolicyBook`."""

    NAME: ClassVar[str] = "PolicyBook"
    EVENTS: ClassVar = {"PolicySet": _policy_set}

    async def has_policy(self, model_id: ModelId) -> bool:
        """Return whether a policy is in force for a model."""
        return bool(await self._read("hasPolicy", model_id))

    async def policy_count(self, model_id: ModelId) -> int:
        """Return how many policies a model has had, one that is not yet in force included."""
        return int(await self._read("policyCount", model_id))

    async def policy_at(self, model_id: ModelId, index: int) -> PolicyRecord:
        """Return a model's policy by index, from 0.

        Raises:
            RevertedError: there is none (`PolicyMissing`).
        """
        policy, digest, first_frame, base = await self._read("policyAt", model_id, index)
        return PolicyRecord(PolicyInput.read(policy), Digest(digest), FrameIndex(first_frame), utc(base))

    async def policies(self, model_id: ModelId) -> Sequence[PolicyRecord]:
        """Return all policies of a model, oldest first; empty where it has none."""
        return [await self.policy_at(model_id, i) for i in range(await self.policy_count(model_id))]

    async def policy_for(self, model_id: ModelId, frame: FrameIndex) -> PolicyRecord | None:
        """Return the policy that judges a frame (0: the one in force now); None where there is none."""
        records = await self.policies(model_id)
        if frame > 0:
            return next((r for r in reversed(records) if frame >= r.first_frame), None)
        now = await self.chain.block_time()
        return next((r for r in reversed(records) if r.base <= now), None)

    async def policy_by_digest(self, model_id: ModelId, digest: Digest) -> PolicyRecord | None:
        """Return the newest policy of a model with this digest, None where there is none."""
        for index in reversed(range(await self.policy_count(model_id))):
            record = await self.policy_at(model_id, index)
            if record.digest == digest:
                return record
        return None

    async def terms(self, model_id: ModelId, frame: FrameIndex, *, block: BlockTag = "latest") -> Terms:
        """Return the terms of a frame (0: those in force now, without times).

        Raises:
            RevertedError: no policy covers it (`PolicyMissing`).
        """
        if frame == 0:
            return Terms.read(await self._read("currentTerms", model_id, block=block))
        return Terms.read(await self._read("termsOf", model_id, frame, block=block))

    async def frame_times(
        self, model_id: ModelId, frame: FrameIndex, *, block: BlockTag = "latest"
    ) -> FrameTimes:
        """Return the times of a frame, 1 or later.

        Raises:
            RevertedError: no policy covers it (`PolicyMissing`).
        """
        raw = await self._read("frameTimes", model_id, frame, block=block)
        return FrameTimes(**{name: utc(seconds) for name, seconds in raw.items()})

    async def last_frame_due(self, model_id: ModelId, *, block: BlockTag = "latest") -> FrameIndex:
        """Return the last frame whose reports count no more, 0 if none."""
        return FrameIndex(await self._read("lastFrameDue", model_id, block=block))

    async def boundary_at_or_after(self, model_id: ModelId, time: datetime) -> datetime:
        """Return the first frame boundary at or after a time."""
        return utc(await self._read("boundaryAtOrAfter", model_id, int(time.timestamp())))

    async def last_frame_at(self, model_id: ModelId, time: datetime) -> FrameIndex:
        """Return the newest frame that has ended at a time, 0 if none has."""
        return FrameIndex(await self._read("lastFrameAt", model_id, int(time.timestamp())))

    def set_policy(self, model_id: ModelId, policy: PolicyInput) -> ContractCall:
        """Set a model's policy; for the executive, so: what a proposal of the slow lane carries out."""
        return self._call(f"set the policy of model {model_id}", "setPolicy", model_id, policy.fields)
