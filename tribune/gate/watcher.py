"""Keeps a gate's view current from the chain: pushed heads and logs wake it, polling when nothing is pushed.

Every wake-up is one read of the model's status; wake-ups that come while a read is under way are served by
one more. What the case behind a stop is about is read beside that, never before the gate knows of the stop.
A chain that cannot be seen is noted in the view, which then grows too old by itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Protocol

from tribune.exceptions import TribuneError, WrongChainError
from tribune.gate.status import CaseFacts, Reading, StatusView
from tribune.ids import Address, CaseId, ModelId, VersionNumber
from tribune.log import get_logger

RETRY_S = (0.2, 5.0)
"""First and longest pause before a subscription that ended is tried again."""

Details = Callable[[CaseFacts], str | None]


class StatusOnChain(Protocol):
    """A model's status as the chain client gives it; times are unix seconds, or aware datetimes."""

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
    def until(self) -> Any:
        """End of the suspension, 0 or None."""

    @property
    def case_id(self) -> int:
        """The case behind the state, or 0."""

    @property
    def halted(self) -> bool:
        """Whether a global halt is in force."""

    @property
    def halted_until(self) -> Any:
        """Its end, 0 or None where none is in force or no end is known."""

    @property
    def block_number(self) -> int:
        """Block of the reading."""

    @property
    def block_time(self) -> Any:
        """Time of that block."""


class CaseOnChain(Protocol):
    """A case as the chain client gives it; value and limit in millionths."""

    @property
    def kind(self) -> Any:
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

    async def model_status(self, model_id: ModelId) -> StatusOnChain:
        """Read a model's status in one call."""

    async def model_case(self, case_id: CaseId) -> CaseOnChain:
        """Read a case and the metric of its rule."""

    async def artifact_of(self, model_id: ModelId, version: VersionNumber) -> bytes:
        """Read the registered digest of a version's artifact."""

    def subscribe_heads(self) -> AsyncIterator[Any]:
        """Yield each new head."""

    def subscribe_logs(self, addresses: Sequence[Address]) -> AsyncIterator[Any]:
        """Yield each log of these contracts."""


class ChainWatcher:
    """A status source that reads the chain.

    Args:
        client: the chain.
        contracts: contracts whose logs can change the model's state (the kill switch, the registry).
        poll_s: pause between reads while nothing is pushed.
        timeout_s: longest wait for one read.
        details: gives the sentence that a refusal says of a case, from its evidence; may block, may fail.
    """

    def __init__(
        self,
        client: GateClient,
        *,
        contracts: Sequence[Address],
        poll_s: float = 1.0,
        timeout_s: float = 2.0,
        details: Details | None = None,
    ) -> None:
        self._client = client
        self._contracts = contracts
        self._poll_s = poll_s
        self._timeout_s = timeout_s
        self._details = details
        self._explaining: asyncio.Task[None] | None = None
        self._registering: asyncio.Task[None] | None = None

    async def run(self, view: StatusView) -> None:
        """Keep the view current until cancelled."""
        wake = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow(lambda: self._client.subscribe_heads(), wake))
            tasks.create_task(self._follow(lambda: self._client.subscribe_logs(self._contracts), wake))
            tasks.create_task(self._keep_reading(view, wake, tasks))

    async def _follow(
        self, subscribe: Callable[[], AsyncIterator[Any] | Awaitable[AsyncIterator[Any]]], wake: asyncio.Event
    ) -> None:
        pause = RETRY_S[0]
        while True:
            with suppress(TribuneError, OSError):  # polling goes on; the view says why it is blind
                pushed = subscribe()
                async for _ in pushed if isinstance(pushed, AsyncIterator) else await pushed:
                    wake.set()
                    pause = RETRY_S[0]
            await asyncio.sleep(pause)
            pause = min(2 * pause, RETRY_S[1])

    async def _keep_reading(self, view: StatusView, wake: asyncio.Event, tasks: asyncio.TaskGroup) -> None:
        while True:
            wake.clear()
            asked_at = time.monotonic()
            try:
                async with asyncio.timeout(self._timeout_s):
                    status = await self._client.model_status(view.model_id)
            except WrongChainError as fault:
                view.forget(str(fault))
            except TimeoutError:
                view.lose(f"The chain did not answer within {self._timeout_s:g} s.")
            except (TribuneError, OSError) as fault:
                view.lose(str(fault))
            else:
                view.update(_reading(status), asked_at=asked_at)
                self._explain(view, tasks)
                self._register(view, tasks)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll_s):
                    await wake.wait()

    def _explain(self, view: StatusView, tasks: asyncio.TaskGroup) -> None:
        reading, case = view.snapshot.reading, view.snapshot.case
        if reading is None or reading.cause is None or not reading.case_id:
            return
        if case is not None and case.vote and (case.metric or case.kind != "Breach"):
            return  # nothing more will be known of it
        if self._explaining is None or self._explaining.done():
            self._explaining = tasks.create_task(self._read_case(view, reading.case_id))

    def _register(self, view: StatusView, tasks: asyncio.TaskGroup) -> None:
        reading = view.snapshot.reading
        if reading is None or not reading.version or view.snapshot.artifact:
            return
        if self._registering is None or self._registering.done():
            self._registering = tasks.create_task(self._read_artifact(view, reading.version))

    async def _read_artifact(self, view: StatusView, version: VersionNumber) -> None:
        with suppress(TribuneError, OSError, TimeoutError):  # the next head tries again
            async with asyncio.timeout(self._timeout_s):
                view.register(version, bytes(await self._client.artifact_of(view.model_id, version)))

    async def _read_case(self, view: StatusView, case_id: CaseId) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                found = await self._client.model_case(case_id)
        except (TribuneError, OSError, TimeoutError):
            return  # the next head tries again; the refusal stands without it
        case = CaseFacts(
            case_id=case_id,
            kind=str(found.kind),
            metric=found.metric,
            value=found.value,
            limit=found.limit,
            evidence=bytes(found.evidence),
            vote=found.vote,
            monitors=found.monitors,
        )
        view.explain(case, view.snapshot.sentence)
        if self._details is not None and not view.snapshot.sentence:
            try:
                async with asyncio.timeout(self._timeout_s):
                    sentence = await asyncio.to_thread(self._details, case)
            except Exception:  # evidence that cannot be read costs the sentence, never the refusal
                get_logger(__name__).info("no details of the case", case=case_id)
            else:
                view.explain(case, sentence or "")


def _reading(status: StatusOnChain) -> Reading:
    return Reading(
        state=str(status.state),
        oversight=str(status.oversight),
        version=VersionNumber(status.version),
        epoch=status.epoch,
        until=_unix(status.until),
        case_id=CaseId(status.case_id),
        halted=bool(status.halted),
        halted_until=_unix(status.halted_until),
        block_number=status.block_number,
        block_time=_unix(status.block_time),
    )


def _unix(moment: int | datetime | None) -> int:
    return int(moment.timestamp()) if isinstance(moment, datetime) else int(moment or 0)
