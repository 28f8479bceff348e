"""An independent witness of the chain: notes when each block arrives, and what happened to the model."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, TypeVar

from tribune.chain import Tribune
from tribune.chain.enums import State
from tribune.chain.report_hub import Attested, ReportJudged
from tribune.chain.switch_events import StateChanged
from tribune.chain.types import Log
from tribune.ids import Address, FrameIndex, ModelId

T = TypeVar("T")
_POLL_S = 0.2


class Watcher:
    """Keeps the arrival of blocks, and finds events of one model.

    Args:
        tribune: the contracts, on a client of its own.
        model_id: the model.
        check: called while waiting; raises when waiting is in vain.
    """

    def __init__(self, tribune: Tribune, model_id: ModelId, check: Callable[[], None]) -> None:
        self._tribune = tribune
        self._check = check
        self._model_id = model_id
        self.arrived: dict[int, float] = {}
        self._from = tribune.deployment.block

    async def run(self) -> None:
        """Note the arrival of each block until cancelled, on the monotonic clock."""
        async for head in self._tribune.chain.subscribe_heads():
            self.arrived.setdefault(head.number, time.monotonic())

    async def state_changes(self) -> list[StateChanged]:
        """Return all changes of the model's state, in order, as the chain has them."""
        found = self._tribune.kill_switch.events(await self._logs(self._tribune.kill_switch.address))
        return [e for e in found if isinstance(e, StateChanged) and e.model_id == self._model_id]

    async def until_state(self, state: State, *, after: int = 0, limit_s: float) -> StateChanged:
        """Wait for a change to a state in a block after `after`."""

        def pick(changes: list[StateChanged]) -> StateChanged | None:
            return next((c for c in changes if c.current is state and c.log.block_number > after), None)

        return await self._until(self.state_changes, pick, f"the model to be {state}", limit_s)

    async def judged(self, version: int) -> list[ReportJudged]:
        """Return all judged reports of a version, evaluations included."""
        found = self._tribune.report_hub.events(await self._logs(self._tribune.report_hub.address))
        return [e for e in found if isinstance(e, ReportJudged) and e.version == version]

    async def until_judged(self, version: int, frame: FrameIndex, *, limit_s: float) -> ReportJudged:
        """Wait until a frame is judged."""

        async def look() -> list[ReportJudged]:
            return await self.judged(version)

        def pick(found: list[ReportJudged]) -> ReportJudged | None:
            return next((report for report in found if report.frame == frame), None)

        return await self._until(look, pick, f"frame {frame} of v{version} to be judged", limit_s)

    async def attested(self, version: int, frame: FrameIndex) -> list[Attested]:
        """Return the signatures that counted for a frame."""
        found = self._tribune.report_hub.events(await self._logs(self._tribune.report_hub.address))
        return [
            event
            for event in found
            if isinstance(event, Attested) and event.version == version and event.frame == frame
        ]

    async def until_attested(
        self, version: int, frame: FrameIndex, signers: int, *, limit_s: float
    ) -> list[Attested]:
        """Wait until so many monitors reported on a frame."""

        async def look() -> list[Attested]:
            return await self.attested(version, frame)

        def pick(found: list[Attested]) -> list[Attested] | None:
            return found if len(found) >= signers else None

        return await self._until(look, pick, f"{signers} monitors to report on frame {frame}", limit_s)

    async def _logs(self, address: Address) -> list[Log]:
        head = await self._tribune.chain.head()
        return await self._tribune.chain.logs([address], self._from, head.number)

    async def _until(
        self, look: Callable[[], Any], pick: Callable[[Any], T | None], what: str, limit_s: float
    ) -> T:
        deadline = time.monotonic() + limit_s
        while True:
            found = pick(await look())
            if found is not None:
                return found
            self._check()
            if time.monotonic() > deadline:
                raise TimeoutError(f"Waited {limit_s:g} s for {what}.")
            await asyncio.sleep(_POLL_S)
