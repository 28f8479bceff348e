"""The steward's logger as a process: seals each frame of a served version and anchors its word on the chain.

Runs beside the server and shares nothing with it but the log folder, so that the key that anchors never is
in the process that answers requests. Where the settings say for how long, it erases what is older.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from functools import partial
from typing import Any

from tribune.chain import Chain, Tribune
from tribune.decisions.frames.sealing import LogSealer
from tribune.decisions.proofs.finding import sealed_frames
from tribune.decisions.waiting.slots import waiting_frames
from tribune.exceptions import ChainError, ConfigurationError
from tribune.gate.sealing.anchors import Anchors
from tribune.gate.sealing.grids import ChainGrids
from tribune.gate.sealing.retention import Retention
from tribune.gate.sealing.sealer import FrameSealer
from tribune.ids import FrameIndex, ModelId, VersionNumber
from tribune.keys import load_account
from tribune.log import get_logger
from tribune.settings import Settings
from tribune.sync.sender import Sender
from tribune.sync.vitals import ChainVitals, read_balance
from tribune.telemetry import Telemetry
from tribune.telemetry.watch import Reader, watched

_SAMPLE_S = 1.0
_LOOK_S = 0.2
_PATIENCE_S = 10.0
"""How long a chain whose clock is behind ours may make no block before a frame is sealed all the same."""


class OperationalSamples:
    """Remembers when the model was seen to be operational.

    Sampling can miss a moment, so a frame that was not looked at counts as operational: an empty frame
    too many is harmless, one too few would look like a log that hides something.

    Args:
        tribune: the contracts.
        model_id: whose state is sampled.
        grids: of its frames.
    """

    def __init__(self, tribune: Tribune, model_id: ModelId, grids: ChainGrids) -> None:
        self._tribune = tribune
        self._model_id = model_id
        self._grids = grids
        self._samples: list[tuple[int, bool]] = []

    async def run(self) -> None:
        """Sample until cancelled; a chain that cannot be asked leaves no sample."""
        while True:
            try:
                seen = await self._tribune.kill_switch.is_operational(self._model_id)
            except ChainError as fault:
                get_logger(__name__).warning("no sample", error=str(fault))
            else:
                self._samples = [*self._samples[-3600:], (time.time_ns() // 1000, seen)]
            await asyncio.sleep(_SAMPLE_S)

    async def was_operational(self, frame: FrameIndex) -> bool:
        """Return whether the model could run at any time in a frame, or nobody looked."""
        start, end = self._grids.history.bounds(frame)
        seen = [operational for moment, operational in self._samples if start <= moment < end]
        return any(seen) or not seen


async def run(settings: Settings, model_id: ModelId, version: VersionNumber, stop: asyncio.Event) -> None:
    """Seal and anchor a version's frames until `stop` is set, from the frame on in which it takes force.

    Raises:
        ConfigurationError: no key, no deployment, no such model or version, no policy.
        ChainUnreachableError: the node does not answer at the start.
    """
    account = load_account(settings, "logger")
    async with await Tribune.connect(settings) as tribune:
        await _check_registered(tribune, model_id, version)
        grids = ChainGrids(tribune, model_id)
        await grids.refresh()
        sender = Sender.of(tribune.chain, account, settings.chain)
        samples = OperationalSamples(tribune, model_id, grids)
        anchors = Anchors(tribune, sender, model_id, version)

        async def served(frame: FrameIndex) -> bool:
            end = grids.history.bounds(frame)[1]
            return await _in_force(tribune, log, end) and await samples.was_operational(frame)

        log = LogSealer(settings.log_folder, grids.history, model_id, version)
        first = FrameIndex(grids.history.last_due(time.time_ns() // 1000) + 1)
        sealer = FrameSealer(
            log,
            first=await first_open(tribune, log, first),
            anchor=anchors,
            was_operational=served,
            grids=grids.refresh,
            reached=partial(chain_passes, tribune.chain),
        )
        get_logger(__name__).info("logger ready", model=model_id, version=version, frame=sealer.next_frame)
        tasks: list[asyncio.Task[Any]] = [
            asyncio.create_task(samples.run()),
            asyncio.create_task(sealer.run()),
            asyncio.create_task(anchors.run()),
        ]
        retention = Retention.of(settings, tribune, model_id, version)
        if retention is not None:
            tasks.append(asyncio.create_task(retention.run()))
        waiting = asyncio.create_task(stop.wait())

        async def read_sealing(telemetry: Telemetry) -> None:
            behind = grids.history.last_due(time.time_ns() // 1000) + 1 - sealer.next_frame
            telemetry.show("tribune_frames_unsealed", max(0, behind), model=model_id, version=version)

        signs: dict[str, Reader] = {
            "chain": ChainVitals(tribune.chain),
            "balance": partial(read_balance, tribune.chain, sender.address, "logger"),
            "sealing": read_sealing,
        }
        try:
            async with watched(Telemetry(), settings.telemetry, signs):
                await asyncio.wait([*tasks, waiting], return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for task in (*tasks, waiting):
                task.cancel()
            await asyncio.gather(*tasks, waiting, return_exceptions=True)


async def chain_passes(chain: Chain, seconds: int, *, patience_s: float = _PATIENCE_S) -> None:
    """Wait until the chain's own clock has reached a time, and for as long as it makes blocks.

    One that makes none for a while may make none unasked: then that time is taken for reached. An anchor that
    comes before the end of its frame's grace is refused, by the time of its block.
    """
    loop = asyncio.get_running_loop()
    ends, last = loop.time() + patience_s, 0
    while loop.time() < ends:
        head = await chain.head()
        if head.timestamp >= seconds:
            return
        if head.number > last:
            ends, last = loop.time() + patience_s, head.number
        await asyncio.sleep(_LOOK_S)


async def _check_registered(tribune: Tribune, model_id: ModelId, version: VersionNumber) -> None:
    registry = tribune.model_registry
    if not 1 <= model_id <= await registry.model_count():
        raise ConfigurationError(
            f"There is no model {model_id} on this chain.",
            mend="Models are counted from 1.",
            model_id=model_id,
        )
    count = await registry.version_count(model_id)
    if not 1 <= version <= count:
        raise ConfigurationError(
            f"Model {model_id} has no version {version}.",
            mend=f"Registered so far: {count}. Register it first.",
            model_id=model_id,
        )


async def _in_force(tribune: Tribune, log: LogSealer, end: int) -> bool:
    """Return whether a log's version was in force as a frame ended: only then can it be anchored."""
    last_second = datetime.fromtimestamp(end // 1_000_000 - 1, UTC)
    return await tribune.model_registry.version_at(log.model_id, last_second) == log.version


async def first_open(tribune: Tribune, log: LogSealer, newest: FrameIndex) -> FrameIndex:
    """Return the oldest frame with something left to do, at most `newest`, however long nobody sealed.

    That is one that still accepts reports and is not anchored; one in which decisions wait, as their receipts
    promise a place on the chain; or the newest that is sealed, where it was not anchored any more.
    """
    record = await tribune.policy_book.policy_for(log.model_id, newest)
    back = 0 if record is None else record.policy.deadline_s // record.policy.step_s + 1
    oldest = newest if record is None else max(record.first_frame, newest - back)
    owed = await asyncio.to_thread(lambda: [*sealed_frames(log.folder)[:1], *waiting_frames(log.folder)])
    for frame in (*sorted(frame for frame in owed if frame < oldest), *range(oldest, newest)):
        number = FrameIndex(frame)
        if await tribune.decision_log.anchor_of(log.model_id, log.version, number) is None and (
            number >= oldest or await _in_force(tribune, log, log.grid.bounds(number)[1])
        ):
            return number
    return newest
