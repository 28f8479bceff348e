"""Notices that nobody reported on a model in time and makes it a case, so that holders can vote on it.

Anyone could; the bot does it because nobody else has to. The contract decides what is stale, we only ask:
once a frame and model, as its deadline passes. Where a case is open already, or silence cools down
after a rejected vote, it would add nothing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from discord.ext import commands

from tribune.chain.cases import STALE_RULE
from tribune.chain.enums import CaseKind, Outcome, Oversight
from tribune.exceptions import RevertedError, TribuneError
from tribune.ids import FrameIndex, ModelId
from tribune.log import get_logger

if TYPE_CHECKING:
    from tribune.chain.kill_switch import ModelStatus
    from tribune_bot.client import TribuneBot

LOOK_S = 1.0
RETRY_S = 2.0
BATCH = 50
"""Models asked about in one request."""


class Silence(commands.Cog):
    """Pokes stale frames."""

    def __init__(self, bot: TribuneBot) -> None:
        self.services = bot.services
        self._bot = bot
        self._looked: dict[ModelId, FrameIndex] = {}
        """Newest frame of each model that was asked about when its deadline had passed."""

    async def cog_load(self) -> None:
        """Register the job."""
        self._bot.add_job("notice silence", self.watch)

    async def watch(self) -> None:
        """Ask about each frame as its deadline passes, until cancelled."""
        while True:
            try:
                await self.look()
                await asyncio.sleep(LOOK_S)
            except TribuneError as fault:
                get_logger(__name__).warning("silence could not be looked for", error=str(fault))
                await asyncio.sleep(RETRY_S)

    async def look(self) -> None:
        """Ask about the frames whose deadline has passed since the last look.

        Raises:
            ChainError: the chain could not be read or written; call again.
        """
        [count] = await self.services.contracts.read(("ModelRegistry", "modelCount", ()))
        for first in range(1, count + 1, BATCH):
            models = [ModelId(number) for number in range(first, min(first + BATCH, count + 1))]
            frames = await self.services.contracts.read(
                *(("PolicyBook", "lastFrameDue", (model_id,)) for model_id in models)
            )
            for model_id, frame in zip(models, frames, strict=True):
                if frame > self._looked.get(model_id, 0):
                    await self._ask(model_id, FrameIndex(frame))
                    self._looked[model_id] = frame

    async def _ask(self, model_id: ModelId, frame: FrameIndex) -> None:
        tribune = self.services.tribune
        if await tribune.report_hub.oversight(model_id) is Oversight.HEALTHY:
            return
        status = await tribune.kill_switch.status(model_id)
        if not status.is_operational or not await self._matters(status, frame):
            return
        log = get_logger(__name__)
        try:
            receipt = await self.services.sender.send(tribune.report_hub.poke_stale(model_id, frame))
        except RevertedError as fault:  # somebody was quicker, or a report came in the same block
            log.info("a frame is not stale", model=model_id, frame=frame, error=str(fault))
        else:
            log.info("nobody reported a frame", model=model_id, frame=frame, block=receipt.block_number)

    async def _matters(self, status: ModelStatus, frame: FrameIndex) -> bool:
        """Return whether a case of silence would add to what is known."""
        switch = self.services.tribune.kill_switch
        terms = await self.services.tribune.policy_book.terms(status.model_id, frame)
        cooling = await switch.cooling_until(status.model_id, status.version, terms.digest, STALE_RULE)
        if cooling is not None and cooling > status.block_time:
            return False
        for case_id in self._bot.docket.open:  # those whose vote has ended but is not recorded yet among them
            case = await switch.case(case_id)
            if case.model_id != status.model_id or case.outcome is not Outcome.OPEN:
                continue
            joins = case.kind is not CaseKind.HOLDER_PAUSE  # silence joins all cases but those of holders
            if case.kind is CaseKind.STALE or (joins and not terms.stale_suspends):
                return False
        return True
