"""Notices that nobody reported on a model in time and makes it a case, so that holders can vote on it.

Anyone could; the bot does it because nobody else has to. The contract decides what is stale, we only ask:
once a frame and model, as its deadline passes. Where a case is open already, or silence cools down
after a rejected vote, it would add nothing. What a reorg takes away is asked about anew.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from discord.ext import commands

from tribune.chain.cases import STALE_RULE
from tribune.chain.enums import CaseKind, Outcome
from tribune.chain.report_hub import FrameStale
from tribune.exceptions import RevertedError, TribuneError
from tribune.ids import FrameIndex, ModelId
from tribune.log import get_logger

if TYPE_CHECKING:
    from tribune.chain.types import Receipt
    from tribune_bot.client import TribuneBot

LOOK_S = 1.0
RETRY_S = 2.0
BATCH = 50
"""Models asked about in one request."""
LOOK_BACK = 50
"""Frames of a model asked about at the start; what is older, others may still poke."""


class Silence(commands.Cog):
    """Pokes stale frames."""

    def __init__(self, bot: TribuneBot) -> None:
        self.services = bot.services
        self._bot = bot
        self._looked: dict[ModelId, FrameIndex] = {}
        """Newest frame of each model that was asked about when its deadline had passed."""
        self._poked: dict[tuple[ModelId, FrameIndex], Receipt] = {}
        """Frames that we poked, until that is final."""

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
        """Ask about the frames whose deadline has passed since the last look, or whose poke a reorg took.

        Raises:
            ChainError: the chain could not be read or written; call again.
        """
        chain = self.services.tribune.chain
        for poked, receipt in list(self._poked.items()):
            done = await chain.is_final(receipt) if await chain.has(receipt) else not await self._ask(*poked)
            if done:
                del self._poked[poked]
        [count] = await self.services.contracts.read(("ModelRegistry", "modelCount", ()))
        for first in range(1, count + 1, BATCH):
            models = [ModelId(number) for number in range(first, min(first + BATCH, count + 1))]
            frames = await self.services.contracts.read(
                *(("PolicyBook", "lastFrameDue", (model_id,)) for model_id in models)
            )
            for model_id, frame in zip(models, frames, strict=True):
                for passed in range(max(self._looked.get(model_id, 0), frame - LOOK_BACK) + 1, frame + 1):
                    await self._ask(model_id, FrameIndex(passed))
                    self._looked[model_id] = FrameIndex(passed)

    async def _ask(self, model_id: ModelId, frame: FrameIndex) -> bool:
        """Return whether nobody had reported the frame, and we said so."""
        poke = self.services.tribune.report_hub.poke_stale(model_id, frame)
        try:
            await self.services.tribune.chain.call(poke)
            if not await self._matters(model_id, frame):
                return False
            receipt = await self.services.sender.send(poke)
        except RevertedError:  # it is not stale, as nearly always; or somebody was quicker
            return False
        self._poked[model_id, frame] = receipt
        for event in self.services.tribune.report_hub.events(receipt.logs):
            if isinstance(event, FrameStale) and event.case_id:
                self._bot.docket.add(event.case_id)  # at once: the next frame is not to ask the same
        get_logger(__name__).info(
            "nobody reported a frame", model=model_id, frame=frame, block=receipt.block_number
        )
        return True

    async def _matters(self, model_id: ModelId, frame: FrameIndex) -> bool:
        """Return whether a case of silence would add to what is known."""
        tribune, switch = self.services.tribune, self.services.tribune.kill_switch
        terms = await tribune.policy_book.terms(model_id, frame)
        if terms.end is None:  # frame 0, which nobody asks about
            return False
        version = await tribune.model_registry.version_at(model_id, terms.end - timedelta(seconds=1))
        for case_id in self._bot.docket.open:  # those whose vote has ended but is not recorded yet among them
            case = await switch.case(case_id)
            if case.model_id != model_id or case.outcome is not Outcome.OPEN:
                continue
            joins = case.kind is not CaseKind.HOLDER_PAUSE  # silence joins all cases but those of holders
            if case.kind is CaseKind.STALE or (joins and not terms.stale_suspends):
                return False
        # Only now: a rejection that is recorded meanwhile closes its case and starts the cooldown at once.
        cooling = await switch.cooling_until(model_id, version, terms.digest, STALE_RULE)
        return cooling is None or cooling <= await tribune.chain.block_time()
