"""A chain that a test holds in its hand, and readings of it."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from tribune.exceptions import ChainUnreachableError
from tribune.gate.status import CaseFacts, Cause, Reading, StatusView
from tribune.ids import CaseId, ModelId, VersionNumber

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


@dataclass(frozen=True)
class Head:
    """A block of the hand chain, and what it changed."""

    number: int
    hash: str
    timestamp: int
    changed: frozenset[ModelId] = frozenset()


@dataclass(frozen=True)
class Status:
    """A model's status as a gate client gives it."""

    model_id: ModelId
    state: str
    oversight: str
    version: VersionNumber
    epoch: int
    until: int
    case_id: CaseId
    halted_until: int
    restless: bool


@dataclass(frozen=True)
class News:
    """What lies between two heads."""

    models: frozenset[ModelId]
    halted_until: int


@dataclass
class HandChain:
    """A gate client: model 1's status is an attribute, others' an entry, its blocks and pushes are calls."""

    status: Reading = ACTIVE
    others: dict[ModelId, Reading] = field(default_factory=dict)
    case: CaseFacts = CASE
    restless: frozenset[ModelId] = frozenset()
    halted_until: int = 0
    reachable: bool = True
    hangs: bool = False
    pushes: bool = True
    push_fault: Exception | None = None
    """What a subscription ends with."""
    hides: frozenset[ModelId] = frozenset()
    """Models whose events it leaves out."""
    refuses: frozenset[ModelId] = frozenset()
    """Models of which it gives no status."""
    fault: Exception | None = None
    contradicts: list[dict[str, Any]] = field(default_factory=list)
    """What each further node tells otherwise of every model; an honest one's is empty."""
    compared: int = 0
    """Statuses of which every node was asked."""
    asked: int = 0
    """Requests of any kind."""
    reads: int = 0
    """Requests for statuses."""
    read_models: list[ModelId] = field(default_factory=list)
    case_reads: int = 0
    artifact_reads: int = 0
    artifacts: dict[int, bytes] = field(default_factory=lambda: {1: b"\x01" * 32, 2: b"\x02" * 32})

    def __post_init__(self) -> None:
        self._queues: list[asyncio.Queue[Head]] = []
        self.blocks = [self._made(frozenset())]

    @property
    def newest(self) -> Head:
        """The newest block."""
        return self.blocks[-1]

    async def head(self) -> Head:
        """As a gate client."""
        await self._look()
        return self.newest

    async def statuses(self, models: Sequence[ModelId], at: Head) -> list[Status]:
        """As a gate client."""
        self.reads += 1
        self.read_models += models
        await self._look()
        if at not in self.blocks or self.refuses.intersection(models):
            raise ChainUnreachableError("The node does not have this block.")
        return [self._status(model_id) for model_id in models]

    @property
    def several(self) -> bool:
        """As a gate client."""
        return bool(self.contradicts)

    async def opinions(self, models: Sequence[ModelId], at: Head) -> list[list[Status]]:
        """As a gate client."""
        own = await self.statuses(models, at)
        self.compared += len(own)
        return [own, *([replace(status, **changes) for status in own] for changes in self.contradicts)]

    async def news(self, since: Head, to: Head) -> News | None:
        """As a gate client."""
        await self._look()
        if since not in self.blocks:
            return None
        changed = [block.changed for block in self.blocks if since.number < block.number <= to.number]
        return News(frozenset().union(*changed) - self.hides, self.halted_until)

    async def model_case(self, case_id: CaseId) -> Any:
        """As a gate client."""
        self.case_reads += 1
        await self._look()
        return self.case

    async def artifact_of(self, model_id: ModelId, version: VersionNumber) -> bytes:
        self.artifact_reads += 1
        await self._look()
        return self.artifacts.get(version, b"")

    def subscribe_heads(self) -> AsyncIterator[Any]:
        """As a gate client."""
        return self._pushed()

    def mine(self, model_id: ModelId = MODEL, **changes: Any) -> None:
        """Change a model's status in a new block and push it."""
        block: dict[str, Any] = {
            "block_number": self.newest.number + 1,
            "block_time": self.newest.timestamp + 1,
        }
        old = self.others.get(model_id, self.status)
        if model_id == MODEL:
            self.status = replace(self.status, **{**block, **changes})
        else:
            self.others[model_id] = replace(old, **changes)
            self.status = replace(self.status, **block)
        self.blocks.append(self._made(frozenset({model_id} if changes else ())))
        self._push()

    def reorganise(self, depth: int, **changes: Any) -> None:
        """Put one block of another branch in place of the newest ones; model 1 changes, no event says so."""
        del self.blocks[-depth:]
        block: dict[str, Any] = {
            "block_number": self.newest.number + 1,
            "block_time": self.newest.timestamp + 1,
        }
        self.status = replace(self.status, **{**block, **changes})
        self.blocks.append(self._made(frozenset()))
        self._push()

    @property
    def listeners(self) -> int:
        """How many subscribe to heads."""
        return len(self._queues)

    def _made(self, changed: frozenset[ModelId]) -> Head:
        made = f"{self.status}{id(object())}{time.monotonic_ns()}".encode()
        return Head(
            self.status.block_number,
            hashlib.sha256(made).hexdigest(),
            self.status.block_time,
            changed,
        )

    def _status(self, model_id: ModelId) -> Status:
        reading = self.status if model_id == MODEL else self.others.get(model_id, ACTIVE)
        return Status(
            model_id,
            reading.state,
            reading.oversight,
            reading.version,
            reading.epoch,
            reading.until,
            reading.case_id,
            self.halted_until,
            model_id in self.restless,
        )

    def _push(self) -> None:
        for queue in self._queues:
            queue.put_nowait(self.newest)

    async def _pushed(self) -> AsyncIterator[Head]:
        if self.push_fault is not None:
            raise self.push_fault
        if not self.pushes:
            raise ChainUnreachableError("No websocket.")
        queue: asyncio.Queue[Head] = asyncio.Queue()
        self._queues.append(queue)
        while True:
            yield await queue.get()

    async def _look(self) -> None:
        self.asked += 1
        await asyncio.sleep(3600 if self.hangs else 0.001)
        if self.fault is not None:
            raise self.fault
        if not self.reachable:
            raise ChainUnreachableError("The node does not answer.")


async def until(condition: Any, timeout_s: float = 20.0) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - conditions of a test, not events
            await asyncio.sleep(0.002)


@asynccontextmanager
async def kept(source: Any, view: StatusView | None = None) -> AsyncIterator[StatusView]:
    """Keep a view current by a source, for as long as the block lasts."""
    view = view or StatusView(MODEL)
    task = asyncio.create_task(source.run(view))
    try:
        yield view
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def cause(view: StatusView, max_staleness_s: float = 5) -> Cause | None:
    """Return why a gate with this view refuses."""
    refusal = view.refusal(VERSION, max_staleness_s)
    return refusal.cause if refusal else None
