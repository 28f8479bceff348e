"""A chain that a test holds in its hand, and readings of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tribune.exceptions import ChainUnreachableError
from tribune.gate.status import CaseFacts, Reading, StatusView
from tribune.ids import Address, CaseId, ModelId, VersionNumber

MODEL, VERSION = ModelId(1), VersionNumber(1)
METRIC = "fairness.demographic_parity_difference.lower/SEX"
ACTIVE = Reading("Active", "Healthy", VERSION, 1, 0, CaseId(0), False, 812, 1_795_274_000)
SUSPENDED = replace(ACTIVE, state="Suspended", until=1_795_275_000, case_id=CaseId(7))
PAUSED = replace(ACTIVE, state="Paused", case_id=CaseId(7))
CASE = CaseFacts(CaseId(7), "Breach", METRIC, 431_000, 100_000, b"\x11" * 32, 99)


def view_of(reading: Reading, *, age_s: float = 0.0, case: CaseFacts | None = None) -> StatusView:
    """Return a view that took a reading some seconds ago."""
    view = StatusView(MODEL)
    view.update(reading, asked_at=time.monotonic() - age_s)
    if case is not None:
        view.explain(case, "")
    return view


@dataclass
class HandChain:
    """A gate client: its status is an attribute, its pushes are calls."""

    status: Reading = ACTIVE
    case: CaseFacts = CASE
    reachable: bool = True
    hangs: bool = False
    pushes: bool = True
    fault: Exception | None = None
    reads: int = 0
    case_reads: int = 0
    artifact_reads: int = 0
    artifacts: dict[int, bytes] = field(default_factory=lambda: {1: b"\x01" * 32, 2: b"\x02" * 32})

    def __post_init__(self) -> None:
        self._queues: list[asyncio.Queue[str]] = []

    async def model_status(self, model_id: ModelId) -> Any:
        self.reads += 1
        await asyncio.sleep(3600 if self.hangs else 0.001)
        self._look()
        return self.status

    async def model_case(self, case_id: CaseId) -> Any:
        self.case_reads += 1
        self._look()
        return self.case

    async def artifact_of(self, model_id: ModelId, version: VersionNumber) -> bytes:
        self.artifact_reads += 1
        self._look()
        return self.artifacts.get(version, b"")

    def subscribe_heads(self) -> AsyncIterator[Any]:
        return self._pushed("head")

    def subscribe_logs(self, addresses: Sequence[Address]) -> AsyncIterator[Any]:
        return self._pushed("log")

    def mine(self, push: str = "head", **changes: Any) -> None:
        """Change the status in a new block and push it to subscribers of heads, or of logs."""
        block = {"block_number": self.status.block_number + 1, "block_time": self.status.block_time + 1}
        self.status = replace(self.status, **{**block, **changes})
        for queue in self._queues:
            queue.put_nowait(push)

    async def _pushed(self, kind: str) -> AsyncIterator[str]:
        if not self.pushes:
            raise ChainUnreachableError("No websocket.")
        queue: asyncio.Queue[str] = asyncio.Queue()
        self._queues.append(queue)
        while True:
            if await queue.get() == kind:
                yield kind

    def _look(self) -> None:
        if self.fault is not None:
            raise self.fault
        if not self.reachable:
            raise ChainUnreachableError("The node does not answer.")


async def until(condition: Any, timeout_s: float = 3.0) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - conditions of a test, not events
            await asyncio.sleep(0.002)
