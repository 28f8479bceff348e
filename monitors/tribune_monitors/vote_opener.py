"""Opens the vote of a case that nobody opened: the loop from breach to vote needs no bot.

Waits for a quarter of the time in which the vote can be opened, so that whoever watches the cases may come
first, and then its turn among the panel. Somebody else's opening is success.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta

from tribune.chain import Tribune
from tribune.chain.cases import Case
from tribune.chain.enums import Outcome
from tribune.chain.types import Block
from tribune.exceptions import RevertedError
from tribune.ids import CaseId, ModelId
from tribune.log import get_logger
from tribune.sync.sender import Sender

QUARTER = 4
LEAST_WAIT_S = 1.0
"""Shortest pause before a case is looked at again: the next block may still not have come to its moment."""
LONGEST_WINDOW = timedelta(days=30)
"""Cases opened before that are history: a window is bounded by the voting period, which is days."""

Turn = Callable[[ModelId, int, datetime], Awaitable[tuple[int, int]]]
"""Our turn among a model's panel for a number, as of a time, and how many members it has."""


class VoteOpener:
    """Watches for cases whose vote nobody opens.

    Args:
        tribune: the contracts.
        sender: sends with the monitor's key.
        turn: asked where several monitors could act at once.
        stagger_s: one turn, shorter where the window would not give each member one.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        tribune: Tribune,
        sender: Sender,
        turn: Turn,
        *,
        stagger_s: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tribune = tribune
        self._sender = sender
        self._turn = turn
        self._stagger_s = stagger_s
        self._clock = clock
        self._done: set[CaseId] = set()
        self._oldest = CaseId(0)
        self._late_from: dict[CaseId, float] = {}

    def forget(self) -> None:
        """Look at all cases anew, as after a reorganisation."""
        self._done = set()  # another one: a look that has begun notes what it read in the old
        self._late_from = {}
        self._oldest = CaseId(0)

    async def open_votes(self, models: Collection[ModelId], head: Block) -> float | None:
        """Open the votes that are late; return in how many seconds the next one may be ours to open.

        Args:
            models: whose cases.
            head: the newest block.

        Returns:
            None where no case waits for its quarter or for our turn.

        Raises:
            ChainError: we could not look, or not send; call again.
        """
        waits = []
        for case in await self._unopened(head.time):
            if case.model_id not in models:
                continue
            late = case.opened_at + (case.open_until - case.opened_at) / QUARTER
            left = (late - head.time).total_seconds()
            if left <= 0:
                turn, members = await self._turn(case.model_id, case.case_id, head.time)
                turn_s = min(self._stagger_s, (case.open_until - late).total_seconds() / (members + 2))
                since = self._late_from.setdefault(case.case_id, self._clock())
                left = since + turn * turn_s - self._clock()
            if left > 0:
                waits.append(max(left, LEAST_WAIT_S))
            else:
                await self._open(case)
        return min(waits, default=None)

    async def _open(self, case: Case) -> None:
        log = get_logger(__name__)
        try:
            receipt = await self._sender.send(self._tribune.pause_governor.open_case(case.case_id))
        except RevertedError as fault:  # somebody was first, or it cannot be opened any more
            log.info("vote not opened by us", case=case.case_id, error=fault.message)
        else:
            log.warning("opened the vote that nobody else opened", case=case.case_id, tx=receipt.tx_hash)

    async def _unopened(self, now: datetime) -> list[Case]:
        """Return the cases whose vote can still be opened, oldest first."""
        switch, governor = self._tribune.kill_switch, self._tribune.pause_governor.address
        done = self._done
        found: list[Case] = []
        number = await switch.case_count()
        while number > self._oldest:
            case_id = CaseId(number)
            number -= 1
            if case_id in done:
                continue
            case = await switch.case(case_id)
            if case.opened_at < now - LONGEST_WINDOW:
                self._oldest = case_id  # nor can any before it
                break
            if case.outcome is not Outcome.OPEN or case.vote_at(governor) or case.open_until < now:
                done.add(case_id)
                self._late_from.pop(case_id, None)
            else:
                found.append(case)
        return found[::-1]
