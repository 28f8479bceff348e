"""Keeps gates' views current from the chain, one model's or ten thousand; the one way in which it is watched.

Pushed heads wake it, polling where nothing is pushed. Each new block is asked which models' state its events
changed; those are read, and all other views take the block's number and time without a call. A block that
does not follow from the last one (a reorg, a long gap) tells nothing of any model: all are read again, and
until then their views grow older. Since a node may leave out events, each model is also read again now and
then whatever it tells; and since it may answer falsely, the others are asked the same of each block
(`witnesses`). A chain that cannot be seen is noted in the views, which grow too old by themselves.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from typing import Any

from tribune.exceptions import ConfigurationError, TribuneError, WrongChainError
from tribune.gate.status import Reading, StatusView
from tribune.gate.watching.explaining import Details, Explainer
from tribune.gate.watching.onchain import GateClient, HeadOnChain, StatusOnChain
from tribune.gate.watching.witnesses import AFTER_S, CHUNK, Witnesses
from tribune.ids import CaseId, ModelId, VersionNumber

RETRY_S = (0.2, 5.0)
"""First and longest pause before a subscription that ended is tried again."""
FEW = 16
"""So many models are simply read at each block, events or not."""
LONGEST_GAP = 500
"""Blocks whose events are asked for at once; after a longer gap all is read again."""
REREAD_S = 300.0
"""Each model is read again in this time, whatever the node told of it: what an event left out can cost."""
SLICE = 500
"""Views that are carried to a new block before other work gets its turn."""
LAST_SECOND = 253_402_300_799
"""End of the year 9999: contracts write times beyond all calendars for "no end"."""


class ChainWatcher:
    """A status source that reads the chain, for one view or many.

    Args:
        client: the chain.
        poll_s: pause between looks for a new block while none is pushed.
        timeout_s: longest wait for one read.
        reread_s: the time in which each of many models is read again, whatever events tell.
        witness_s: pause between a reading and its comparison with what other nodes say.
        details: gives the sentence that a refusal says of a case, from its evidence; may block, may fail.
    """

    def __init__(
        self,
        client: GateClient,
        *,
        poll_s: float = 1.0,
        timeout_s: float = 2.0,
        reread_s: float = REREAD_S,
        witness_s: float = AFTER_S,
        details: Details | None = None,
    ) -> None:
        self._client = client
        self._poll_s = poll_s
        self._timeout_s = timeout_s
        self._reread_s = reread_s
        self._witness_s = witness_s
        self._details = details
        self._views: dict[ModelId, StatusView] = {}
        self._owed: dict[ModelId, None] = {}
        """Models whose reading does not hold at the last head, the most pressing first."""
        self._restless: set[ModelId] = set()
        """Models whose status time alone may change."""
        self._unclear: set[ModelId] = set()
        """Models of which something is read beside."""
        self._turns: deque[ModelId] = deque()
        self._last: HeadOnChain | None = None
        self._halted_until = 0
        self._chunk = CHUNK
        self._turned_at = time.monotonic()
        self._pushed: tuple[HeadOnChain, float] | None = None
        self._wrong: WrongChainError | None = None
        """What who pushes heads was found to be, until it pushes one again."""
        self._wake = asyncio.Event()

    def add(self, *views: StatusView) -> None:
        """Keep further views current, also while running.

        Raises:
            ConfigurationError: there is another view of this model already.
        """
        for view in views:
            known = self._views.setdefault(view.model_id, view)
            if known is not view:
                raise ConfigurationError(f"Model {view.model_id} is watched already.")
            if view.model_id not in self._turns:
                self._turns.append(view.model_id)
            self._owed[view.model_id] = None
        self._wake.set()

    async def run(self, *views: StatusView) -> None:
        """Keep the views current until cancelled."""
        self._wake = asyncio.Event()  # of this loop
        self._explainer = Explainer(self._client, timeout_s=self._timeout_s, details=self._details)
        self._witnesses = Witnesses(
            self._client, timeout_s=self._timeout_s, again=self._owe, after_s=self._witness_s
        )
        self.add(*views)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            tasks.create_task(self._explainer.run())
            tasks.create_task(self._witnesses.run())
            tasks.create_task(self._keep_reading())

    def _owe(self, model_id: ModelId) -> None:
        """Let a model be read again at the last head."""
        self._owed[model_id] = None
        self._wake.set()

    async def _follow(self) -> None:
        pause = RETRY_S[0]
        while True:
            try:
                async for head in self._client.subscribe_heads():
                    self._pushed, self._wrong = (head, time.monotonic()), None
                    self._wake.set()
                    pause = RETRY_S[0]
            except WrongChainError as fault:
                self._wrong = fault
                self._wake.set()
            except (TribuneError, OSError):
                pass  # polling goes on; the views say why they are blind
            await asyncio.sleep(pause)
            pause = min(2 * pause, RETRY_S[1])

    async def _keep_reading(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self._round()
            except WrongChainError as fault:
                self._last, self._owed = None, dict.fromkeys(self._views)
                async for view in self._each(self._views):
                    view.forget(str(fault))
            except (TribuneError, OSError) as fault:  # a timeout is an OSError
                await self._lose(self._views, self._why(fault))
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll_s):
                    await self._wake.wait()

    async def _round(self) -> None:
        """Bring all views to the newest head, as far as reads succeed before the next one comes."""
        if self._wrong is not None:
            raise self._wrong
        head, asked_at = await self._head()
        last = self._last
        if last is not None and head.number < last.number:
            async for view in self._each(self._views):
                view.go_back(head.number)
            return
        if last is None or head.hash != last.hash:
            await self._learn(last, head)
            self._last = head
        read = not self._owed or await self._read(head, asked_at)
        await self._carry(head, asked_at)
        while read and self._owed and not self._wake.is_set():
            read = await self._read(head, asked_at)
        self._unclear = {one for one in self._unclear if self._explainer.consider(self._views[one])}

    async def _head(self) -> tuple[HeadOnChain, float]:
        pushed, self._pushed = self._pushed, None
        if pushed is not None:
            return pushed
        asked_at = time.monotonic()
        async with asyncio.timeout(self._timeout_s):
            return await self._client.head(), asked_at

    async def _learn(self, last: HeadOnChain | None, head: HeadOnChain) -> None:
        """Say which models must be read at a new head, the most pressing first."""
        if last is None or len(self._views) <= FEW or head.number - last.number > LONGEST_GAP:
            self._owed = dict.fromkeys(self._views)
            return
        async with asyncio.timeout(self._timeout_s):
            news = await self._client.news(last, head)
        if news is None:
            self._owed = dict.fromkeys(self._views)
            return
        self._halted_until = news.halted_until
        pressing = (self._restless | news.models) & self._views.keys()
        self._owed = {**dict.fromkeys(pressing), **self._owed, **dict.fromkeys(self._in_turn())}

    def _in_turn(self) -> list[ModelId]:
        """Return the models whose turn it is to be read again."""
        now = time.monotonic()
        count = int(len(self._turns) * min(1.0, (now - self._turned_at) / self._reread_s))
        if count:
            self._turned_at = now
        self._turns.rotate(-count)
        return [self._turns[-1 - place] for place in range(count)]

    async def _read(self, head: HeadOnChain, asked_at: float) -> bool:
        """Read the most pressing models at a head; return whether that succeeded.

        Raises:
            WrongChainError: every node is another chain's.
        """
        models = list(itertools.islice(self._owed, self._chunk))
        try:
            async with asyncio.timeout(self._timeout_s):
                statuses = await self._client.statuses(models, head)
        except WrongChainError:
            raise
        except (TribuneError, OSError) as fault:
            self._chunk = max(1, self._chunk // 2)  # it may have been too much at once
            await self._lose(list(self._owed), self._why(fault))
            return False
        self._chunk = min(CHUNK, 2 * self._chunk)
        for status in statuses:
            self._take(status, head, asked_at)
        return True

    def _take(self, status: StatusOnChain, head: HeadOnChain, asked_at: float) -> None:
        model_id = status.model_id
        self._halted_until = status.halted_until
        reading = Reading(
            state=str(status.state),
            oversight=str(status.oversight),
            version=VersionNumber(status.version),
            epoch=status.epoch,
            until=status.until,
            case_id=CaseId(status.case_id),
            block_number=head.number,
            block_time=head.timestamp,
            **self._halt(head),
        )
        view = self._views[model_id]
        view.update(reading, asked_at=asked_at)
        self._witnesses.hear(head, status, view)
        self._owed.pop(model_id, None)
        self._unclear.add(model_id)
        (self._restless.add if status.restless else self._restless.discard)(model_id)

    async def _carry(self, head: HeadOnChain, asked_at: float) -> None:
        """Let views whose model did not change hold at this head too."""
        halt = self._halt(head)
        async for view in self._each(self._views):
            reading, seen_at = view.snapshot.reading, view.snapshot.seen_at
            if reading is not None and view.model_id not in self._owed and seen_at != asked_at:
                held = Reading(
                    state=reading.state,
                    oversight=reading.oversight,
                    version=reading.version,
                    epoch=reading.epoch,
                    until=reading.until,
                    case_id=reading.case_id,
                    block_number=head.number,
                    block_time=head.timestamp,
                    **halt,
                )
                view.update(held, asked_at=asked_at)

    async def _lose(self, models: Iterable[ModelId], why: str) -> None:
        async for view in self._each(models):
            view.lose(why)

    async def _each(self, models: Iterable[ModelId]) -> AsyncIterator[StatusView]:
        """Yield views, letting other work have its turn now and then."""
        for place, model_id in enumerate(list(models)):
            if place % SLICE == SLICE - 1:
                await asyncio.sleep(0)
            yield self._views[model_id]

    def _halt(self, head: HeadOnChain) -> dict[str, Any]:
        halted = head.timestamp < self._halted_until
        known = halted and self._halted_until <= LAST_SECOND
        return {"halted": halted, "halted_until": self._halted_until if known else 0}

    def _why(self, fault: Exception) -> str:
        timed_out = isinstance(fault, TimeoutError)
        return f"The chain did not answer within {self._timeout_s:g} s." if timed_out else str(fault)
