"""What a watcher needs of the chain, as protocols: the chain's own client is not imported here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

from tribune.ids import CaseId, ModelId, VersionNumber


class HeadOnChain(Protocol):
    """A block's header as the chain client gives it."""

    @property
    def number(self) -> int:
        """Its height."""

    @property
    def hash(self) -> str:
        """Its name."""

    @property
    def timestamp(self) -> int:
        """Its time in unix seconds."""


class StatusOnChain(Protocol):
    """A model's status at a block as the chain client gives it; times in unix seconds."""

    @property
    def model_id(self) -> ModelId:
        """Whose it is."""

    @property
    def state(self) -> Any:
        """Inactive, Active, Suspended, Paused or Retired."""

    @property
    def oversight(self) -> Any:
        """Healthy, Breached, Stale or Disputed."""

    @property
    def version(self) -> int:
        """Version in force."""

    @property
    def epoch(self) -> int:
        """Count of voted transitions."""

    @property
    def until(self) -> int:
        """End of the suspension, or 0."""

    @property
    def case_id(self) -> int:
        """The case behind the state, or 0."""

    @property
    def halted_until(self) -> int:
        """End of the global halt in force or of the last one, or 0."""

    @property
    def restless(self) -> bool:
        """Whether time alone may change it."""


class NewsOnChain(Protocol):
    """What lies between two blocks, as the chain client gives it."""

    @property
    def models(self) -> frozenset[ModelId]:
        """Models whose status may be another."""

    @property
    def halted_until(self) -> int:
        """As in a status, at the later block."""


class CaseOnChain(Protocol):
    """A case as the chain client gives it; value and limit in millionths."""

    @property
    def kind(self) -> object:
        """Breach, Guardian, Stale, HolderPause or HolderResume."""

    @property
    def metric(self) -> str:
        """Name of the rule's metric; empty where no rule is behind it."""

    @property
    def value(self) -> int:
        """What was measured."""

    @property
    def limit(self) -> int:
        """What the rule allows."""

    @property
    def evidence(self) -> bytes:
        """SHA-256 of the evidence document."""

    @property
    def vote(self) -> int:
        """Id of its vote, 0 before it opens."""

    @property
    def monitors(self) -> int:
        """Size of the panel that measured it, 0 where no rule is behind it."""


class GateClient(Protocol):
    """What a watcher needs of the chain."""

    @property
    def several(self) -> bool:
        """Whether there is more than one node, so that one can be held against the others."""

    async def head(self) -> Any:
        """Return the newest block."""

    def subscribe_heads(self) -> AsyncIterator[Any]:
        """Yield each new head."""

    async def statuses(self, models: Sequence[ModelId], at: Any) -> Sequence[StatusOnChain]:
        """Read models' statuses at a block."""

    async def opinions(self, models: Sequence[ModelId], at: Any) -> Sequence[Sequence[StatusOnChain]]:
        """Read the same as each node tells it that has the block."""

    async def news(self, since: Any, to: Any) -> NewsOnChain | None:
        """Return what happened between two blocks, None where they are not of one chain."""

    async def model_case(self, case_id: CaseId) -> CaseOnChain:
        """Read a case and the metric of its rule."""

    async def artifact_of(self, model_id: ModelId, version: VersionNumber) -> bytes:
        """Read the registered digest of a version's artifact."""
