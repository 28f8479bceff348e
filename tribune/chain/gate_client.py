"""What a gate needs of the chain, in the form that `tribune.gate.watcher` asks for.

A module of its own, since a gate in sidecar mode imports nothing of the chain.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from tribune.chain.enums import CaseKind
from tribune.chain.facade import Tribune
from tribune.chain.kill_switch import ModelStatus
from tribune.chain.types import Block, Log
from tribune.exceptions import RevertedError
from tribune.ids import Address, CaseId, Digest, ModelId, ProposalId, VersionNumber


@dataclass(frozen=True, slots=True)
class GateCase:
    """A case with the name of its rule's metric."""

    case_id: CaseId
    model_id: ModelId
    version: VersionNumber
    kind: CaseKind
    metric: str
    """Empty where no rule is behind the case."""
    value: int
    limit: int
    evidence: Digest
    vote: ProposalId
    monitors: int
    """How many monitors the panel of its policy has; 0 where no rule is behind the case."""


class GateClient:
    """Reads and subscriptions of a gate.

    Args:
        tribune: the contracts.
    """

    def __init__(self, tribune: Tribune) -> None:
        self._tribune = tribune

    @property
    def contracts(self) -> tuple[Address, ...]:
        """Contracts whose logs can change a model's state."""
        tribune = self._tribune
        return (tribune.kill_switch.address, tribune.model_registry.address, tribune.policy_book.address)

    async def model_status(self, model_id: ModelId) -> ModelStatus:
        """Return a model's status at the newest block."""
        return await self._tribune.kill_switch.status(model_id)

    async def model_case(self, case_id: CaseId) -> GateCase:
        """Return a case and the metric of its rule."""
        case = await self._tribune.kill_switch.case(case_id)
        metric, monitors = await self._rule(case.model_id, case.policy, case.rule)
        return GateCase(
            case_id=case_id,
            model_id=case.model_id,
            version=case.version,
            kind=case.kind,
            metric=metric,
            value=case.value,
            limit=case.limit,
            evidence=case.evidence,
            vote=case.vote,
            monitors=monitors,
        )

    async def artifact_of(self, model_id: ModelId, version: VersionNumber) -> Digest:
        """Return the registered digest of a version's artifact, which never changes."""
        return (await self._tribune.model_registry.version(model_id, version)).details.artifact

    async def _rule(self, model_id: ModelId, policy: Digest, rule: int) -> tuple[str, int]:
        """Return the metric of a rule and the size of its policy's panel."""
        if not any(policy):
            return "", 0
        try:
            record = await self._tribune.policy_book.policy_by_digest(model_id, policy)
        except RevertedError:  # a pending policy was replaced while we read: the next head asks again
            return "", 0
        if record is None or rule >= len(record.policy.rules):
            return "", 0
        return record.policy.rules[rule].on_chain()[0], len(record.policy.panel)

    def subscribe_heads(self) -> AsyncIterator[Block]:
        """Yield the newest head and each new one."""
        return self._tribune.chain.subscribe_heads()

    def subscribe_logs(self, addresses: Sequence[Address]) -> AsyncIterator[Log]:
        """Yield each new log of these contracts."""
        return self._tribune.chain.subscribe_logs(addresses)
