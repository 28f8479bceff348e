"""The steward's logger: seals each frame at its end plus grace and has its word anchored.

Runs beside the server, with the logger's key elsewhere: it hands manifests to `anchor`, which must be
idempotent (the word of a frame never changes). Skips frames that are empty and in which the model was not
operational. A chain that cannot be asked is a reason to wait, never to skip.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from tribune.decisions.anchor import Manifest, anchor_word
from tribune.decisions.frames.sealing import LogSealer
from tribune.decisions.grid import Frames
from tribune.exceptions import ChainError, LogUnavailableError, TribuneError
from tribune.ids import Digest, FrameIndex
from tribune.log import get_logger


class Anchor(Protocol):
    """Brings a sealed frame's word onto the chain; returns once it is there, or was there already."""

    async def __call__(self, manifest: Manifest, word: Digest) -> None:
        """Anchor the word of a manifest."""


class FrameSealer:
    """Seals and anchors frame after frame, from `first` on.

    Args:
        log: the log to seal.
        first: first frame that is not anchored yet (the chain knows; sealing again is harmless).
        anchor: brings the word onto the chain.
        was_operational: whether the model could run at any time in a frame.
        grids: reads the grids of the model's policies; None: the log's own stays.
        reached: waits until the chain's clock has reached a time in seconds, so that a clock of ours that is
            ahead closes no frame early, and every policy that rules the frame is known.
        clock: UTC microseconds.
        retry_s: pause after a failure.
        look_s: longest pause between two looks for another policy.
    """

    def __init__(
        self,
        log: LogSealer,
        *,
        first: FrameIndex,
        anchor: Anchor,
        was_operational: Callable[[FrameIndex], Awaitable[bool]],
        grids: Callable[[], Awaitable[Frames]] | None = None,
        reached: Callable[[int], Awaitable[None]] | None = None,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
        retry_s: float = 1.0,
        look_s: float = 10.0,
    ) -> None:
        self._log = log
        self._next = FrameIndex(max(1, first))
        self._anchor = anchor
        self._was_operational = was_operational
        self._clock = clock
        self._grids = grids
        self._reached = reached
        self._retry_s = retry_s
        self._look_s = look_s
        self._told = False

    @property
    def next_frame(self) -> FrameIndex:
        """The frame to be sealed next."""
        return self._next

    async def step(self) -> Manifest | None:
        """Deal with the next frame if it is due: seal and anchor it and return its manifest, or skip it.

        Raises:
            TribuneError: when it could not be sealed or anchored; it stays the next one.
        """
        frame = self._next
        await self._follow()
        if self._clock() < self._log.grid.due_at(frame):
            return None
        if self._reached is not None:
            await self._reached(self._log.grid.due_at(frame) // 1_000_000)
            await self._follow()
            if self._clock() < self._log.grid.due_at(frame):
                return None
        manifest: Manifest | None = None
        if await self._is_wanted(frame):
            manifest = await asyncio.to_thread(self._log.seal, frame, now=self._clock())
            await self._anchor(manifest, anchor_word(manifest))
        self._next = FrameIndex(frame + 1)
        return manifest

    async def run(self) -> None:
        """Seal and anchor until cancelled; what fails is tried again."""
        log = get_logger(__name__)
        while True:
            frame = self._next
            try:
                manifest = await self.step()
                if self._next != frame:
                    log.info("frame sealed", frame=frame, rows=None if manifest is None else manifest.rows)
                    continue
            except (ChainError, LogUnavailableError) as fault:
                log.warning("frame not sealed yet", frame=frame, error=str(fault))
            except TribuneError as fault:  # a damaged segment: a person must look, the loop keeps asking
                log.error("frame cannot be sealed", frame=frame, error=str(fault))
            wait_s = (self._log.grid.due_at(self._next) - self._clock()) / 1e6
            await asyncio.sleep(min(wait_s, self._look_s) if wait_s > 0 else self._retry_s)

    async def _follow(self) -> None:
        """Take over the chain's grids, and have writers follow them."""
        if self._grids is None:
            return
        grid = await self._grids()
        if grid != self._log.grid or not self._told:
            log = replace(self._log, grid=grid)
            await asyncio.to_thread(log.follow)
            self._log, self._told = log, True

    async def _is_wanted(self, frame: FrameIndex) -> bool:
        if self._log.is_sealed(frame) or await self._was_operational(frame):
            return True
        return await asyncio.to_thread(self._log.close, frame)
