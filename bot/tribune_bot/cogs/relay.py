"""Brings ballots to the chain and carries out what was voted; pays gas, decides nothing.

Ballots that come together go together. Every call is simulated first; what somebody else has done already
counts as done. A case whose vote ended otherwise is recorded by `poke`; a vote whose opening was lost, as by
a reorg, is opened again.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from discord.ext import commands

from tribune.chain.enums import Outcome, ProposalState
from tribune.exceptions import RevertedError, TribuneError
from tribune.ids import CaseId
from tribune.log import get_logger
from tribune.store import queries
from tribune.store.states import BallotState
from tribune.waiting import came_within

if TYPE_CHECKING:
    from tribune.chain.cases import Case
    from tribune.chain.types import ContractCall
    from tribune.store.session import Session
    from tribune_bot.client import TribuneBot

LOOK_S = 0.25
"""Pause between two looks at the queue; a look is one local read."""
QUIET_S = 0.4
"""Ballots are sent once none has come for this long …"""
GATHER_S = 1.5
"""… or the first has waited for this long: press to mined vote stays under five seconds."""
DUE_S = 1.0
"""Pause between two looks whether a vote has ended."""
RETRY_S = 2.0
LOST_AFTER = timedelta(seconds=30)
"""A vote that is not open so long after its case was opened: its opening was lost."""
_OVER = (ProposalState.DEFEATED, ProposalState.EXPIRED, ProposalState.CANCELED)


class Relay(commands.Cog):
    """Relays and executes."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot
        self.services = bot.services
        self._relayed = asyncio.Event()

    async def cog_load(self) -> None:
        """Register the jobs."""
        self.bot.add_job("relay ballots", self.relay_ballots, needs_discord=False)
        self.bot.add_job("carry out votes", self.carry_out, needs_discord=False)

    async def relay_ballots(self) -> None:
        """Relay what is queued, until cancelled."""
        while True:
            try:
                if await self.services.store.read(_waiting):
                    await self._gather()
                    await self.services.relay.relay_all()
                    self._relayed.set()
                await asyncio.sleep(LOOK_S)
            except TribuneError as fault:
                get_logger(__name__).warning("ballots could not be relayed", error=str(fault))
                await asyncio.sleep(RETRY_S)

    async def _gather(self) -> None:
        """Wait for ballots that come with the first one."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + GATHER_S
        before = -1
        while loop.time() < ends:
            queued = await self.services.store.read(_queued)
            if queued == before:
                return
            before = queued
            await asyncio.sleep(min(QUIET_S, max(ends - loop.time(), 0)))

    async def carry_out(self) -> None:
        """Execute passed votes and record ended ones, until cancelled."""
        while True:
            for case_id in self.bot.docket.open:
                try:
                    await self.finish(case_id)
                except TribuneError as fault:
                    get_logger(__name__).warning(
                        "a vote could not be finished", case=case_id, error=str(fault)
                    )
                    await asyncio.sleep(RETRY_S)
            if await came_within(DUE_S, self._relayed.wait()):
                self._relayed.clear()

    async def finish(self, case_id: CaseId) -> bool:
        """Do what is due on a case; return whether it is settled.

        Raises:
            ChainError: the chain could not be read or written; call again.
        """
        case = await self.services.tribune.kill_switch.case(case_id)
        if case.outcome is not Outcome.OPEN:
            self.bot.docket.settle(case_id)
            return True
        call = await self._due(case)
        if call is None:
            return False
        try:
            receipt = await self.services.sender.send(call)
        except RevertedError as fault:
            case = await self.services.tribune.kill_switch.case(case_id)
            if case.outcome is not Outcome.OPEN:
                return True  # somebody else was quicker
            if fault.ids.get("error") == "EpochStale":
                return False  # another vote has decided since: this one opens no more, and its window ends
            again = await self._due(case)
            if again is not None and again.description == call.description:
                raise
            return False  # likewise, and the case goes on
        get_logger(__name__).info(call.description, case=case_id, block=receipt.block_number)
        return True

    async def _due(self, case: Case) -> ContractCall | None:
        tribune = self.services.tribune
        if not case.vote_at(tribune.pause_governor.address):
            head = await tribune.chain.head()
            # A vote at a replaced governor is never carried out; after its latest end that can be recorded.
            if head.time > (case.vote_ends or case.open_until):
                return tribune.kill_switch.poke(case.case_id)
            if case.vote_ends is None and head.time > case.opened_at + LOST_AFTER:
                return tribune.pause_governor.open_case(case.case_id)
            return None
        state = await tribune.pause_governor.state(case.vote)
        if state is ProposalState.SUCCEEDED:
            return tribune.pause_governor.execute_case(case.case_id)
        return tribune.kill_switch.poke(case.case_id) if state in _OVER else None


def _waiting(session: Session) -> bool:
    states = (BallotState.QUEUED, BallotState.RELAYED)
    return any(queries.ballots_in(session, state, 1) for state in states)


def _queued(session: Session) -> int:
    return len(queries.ballots_in(session, BallotState.QUEUED))
