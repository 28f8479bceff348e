"""Cases, from the chain to the channel: posted within a second, kept up to date, their votes opened.

What a case asks for is written to the outbox in the transaction that moves our place among the events on: a
restart loses nothing and repeats nothing. The message itself is edited from what the chain says now.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from discord.ext import commands

from tribune.ballots.cases.view import UnknownCaseError
from tribune.chain.enums import Outcome, State
from tribune.exceptions import ChainError, RevertedError, TribuneError
from tribune.ids import CaseId
from tribune.language import _
from tribune.log import get_logger
from tribune.store import incidents, messages, queries
from tribune.store.tables import now
from tribune.sync.outbox import AlreadyDone, Outbox, PermanentFailure
from tribune_bot.following import follow
from tribune_bot.messages.case_message import CaseFacts, case_message, subject_of, withdrawn
from tribune_bot.messages.case_news import joined_news, news_of, thread_name
from tribune_bot.messages.charts import case_chart
from tribune_bot.messages.facts import read_facts, read_joined
from tribune_bot.messages.reminders import reminder_times
from tribune_bot.posting.board import CLOCK_SKEW

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tribune.store.session import Session
    from tribune.store.tables import ChainEvent
    from tribune_bot.client import TribuneBot

READER = "bot.cases"
"""Name of our checkpoint; its block number is the row id of the last event taken in."""
TOO_LATE = ("CaseWindowOver", "CaseNotOpen", "EpochStale", "CaseUnknown")
"""Refusals after which a case's vote can never be opened."""
RETRY_S = 1.0
NEWS = timedelta(days=7)
"""A case that is settled and older than this is history: a new bot does not post it."""
POST, OPEN_VOTE, CHART = "discord.case", "chain.open_case", "discord.chart"
JOINED = "discord.joined"


class Cases(commands.Cog):
    """Watches cases."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot
        self.services = bot.services
        store = self.services.store
        # One case that cannot be told or opened holds up no other; and votes are opened without Discord.
        told = {POST: self._post, CHART: self._chart, JOINED: self._tell_joined}
        self.outbox = Outbox(store, told, lane_of=str)
        self.openings = Outbox(store, {OPEN_VOTE: self._open_vote}, lane_of=str)
        self._shown: dict[CaseId, datetime | None] = {}
        """Posted cases that may still change, with the next time at which they do so by themselves."""
        self._turns: defaultdict[CaseId, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def cog_load(self) -> None:
        """Register the jobs."""
        self.bot.add_job("index the chain", self.services.indexer.run, needs_discord=False)
        self.bot.add_job("follow cases", self.follow, needs_discord=False)
        self.bot.add_job("open votes", self.openings.run, needs_discord=False)
        self.bot.add_job("tell of cases", self.outbox.run)
        self.bot.add_job("watch cases", self.watch)
        self.bot.add_job("speak in threads", self.bot.threads.outbox.run)

    async def follow(self) -> None:
        """Take in events, until cancelled."""
        await self._until_done(self._load)
        await follow(self.services.indexer, lambda _: self.take_in(), "cases could not be taken in")

    async def watch(self) -> None:
        """Keep messages up to date, until cancelled."""
        await self._until_done(self._find_posted)
        await follow(
            self.services.indexer,
            lambda changed: self.refresh(everything=changed),
            "cases could not be followed",
        )

    async def _until_done(self, work: Any) -> None:
        while True:
            try:
                await work()
                return
            except TribuneError as fault:
                get_logger(__name__).warning("the bot cannot start its watch", error=str(fault))
                await asyncio.sleep(RETRY_S)

    async def _load(self) -> None:
        """Find out what is open."""
        for case_id in await self.bot.docket.load():  # also those that a replaced governor left behind
            await self.services.store.run(_ask, case_id, self._governor)
        self._wake()

    async def _find_posted(self) -> None:
        """Find out what is posted."""
        for subject in await self.services.store.read(messages.posted_subjects, "case/"):
            self._shown.setdefault(CaseId(int(subject.removeprefix("case/"))), None)

    def _wake(self) -> None:
        self.outbox.wake()
        self.openings.wake()

    @property
    def _governor(self) -> str:
        return self.services.tribune.pause_governor.address

    async def take_in(self) -> int:
        """Write down what new events ask for; return how many events there were."""
        events = await self.services.store.run(_take_in, self._governor)
        for event in events:
            if event.name == "CaseOpened":
                self.bot.docket.add(CaseId(event.args["case_id"]))
        if events:
            self._wake()
        return len(events)

    async def refresh(self, *, everything: bool) -> None:
        """Bring posted messages up to date: all of them, or those whose time has come.

        Raises:
            ChainUnreachableError, DiscordUnreachableError: call again.
        """
        head = self.services.indexer.head
        if head is None:
            return
        due = [c for c, at in self._shown.items() if everything or (at is not None and at <= head.time)]
        for case_id in sorted(due):
            try:
                await self.show(case_id)
            except UnknownCaseError:
                await self._withdraw(case_id)

    async def _withdraw(self, case_id: CaseId) -> None:
        """Say that a reorg undid a case, once the index has lost it too: a node may only be behind.

        Should it come back, its event brings it back.
        """
        if await self.services.store.read(incidents.events_of_case, case_id, ["CaseOpened"]):
            return
        self.bot.docket.settle(case_id)
        async with self.bot.servers.speaking():
            await self.bot.board.show(subject_of(case_id), withdrawn(case_id), post=False)

    async def show(self, case_id: CaseId, *, post: bool = False) -> CaseFacts:
        """Bring the message of a case up to date, one at a time: no older reading has the last word."""
        self._shown.setdefault(case_id, None)  # from here on a refresh waits for its turn
        async with self._turns[case_id], self.bot.servers.speaking():
            return await self._show(case_id, post=post)

    async def _show(self, case_id: CaseId, *, post: bool) -> CaseFacts:
        facts = await read_facts(self.services, case_id)
        vote = facts.vote
        if post and vote.outcome != "open" and vote.read_at - vote.opened_at > NEWS:
            post = False
        url = self.services.evidence_url(vote.evidence) if vote.evidence is not None else None
        shown = case_message(facts, url, self.services.incident_url(case_id))
        await self.bot.board.show(subject_of(case_id), shown, post=post)
        quiet_until = (await self.bot.servers.now()).quiet_until(now())
        if vote.outcome == "open" or (facts.ending and vote.read_at - facts.ending.time < NEWS):
            urls = self.services.ballot_url(case_id), self.services.incident_url(case_id)
            news = news_of(vote, *urls, quiet_until)
            await self.bot.threads.tell(subject_of(case_id), thread_name(vote), news)
        if vote.outcome == "open":
            self.bot.docket.add(case_id)  # again, where a reorg took its end away
        else:
            self.bot.docket.settle(case_id)
        if self._may_change(facts):
            self._shown[case_id] = _next_change(facts, quiet_until)
        else:
            self._shown.pop(case_id, None)
        return facts

    def _may_change(self, facts: CaseFacts) -> bool:
        """Return whether a message may have to tell something else: what is not final can be undone."""
        vote = facts.vote
        if vote.outcome == "open" or vote.model.state in (State.PAUSED, State.SUSPENDED):
            return True
        final = vote.block - self.services.tribune.chain.finality_blocks
        return facts.ending is None or facts.ending.block > final

    async def _post(self, key: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Post a case's message, then its chart follows by an edit: the alert never waits for a figure."""
        case_id = CaseId(payload["case"])
        facts = await self.show(case_id, post=True)
        if facts.vote.rule is not None:
            await self.services.store.run(queries.enqueue, f"chart/case/{case_id}", CHART, payload)
            self.outbox.wake()
        return {}

    async def _chart(self, key: str, payload: dict[str, Any]) -> dict[str, Any]:
        case_id = CaseId(payload["case"])
        async with self.bot.servers.speaking():
            facts = await read_facts(self.services, case_id)
            return await self._attach_chart(facts)

    async def _attach_chart(self, facts: CaseFacts) -> dict[str, Any]:
        case_id = facts.vote.case_id
        try:
            image = await case_chart(self.services, facts.vote)
        except ChainError:
            raise
        except Exception as fault:  # a figure that cannot be drawn must not be tried for ever
            raise PermanentFailure(f"The chart cannot be drawn ({type(fault).__name__}: {fault}).") from fault
        if image is not None:
            words = facts.vote.words
            await self.bot.board.attach(
                subject_of(case_id),
                f"case-{case_id}.png",
                image,
                _("Chart: {what}").format(what=f"{words.finding} {words.limit_words}".strip()),
            )
        return {}

    async def _tell_joined(self, key: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Say in a case's thread what else was broken while it was open."""
        case_id = CaseId(payload["case"])
        if await self.services.store.read(queries.posted_message, subject_of(case_id)) is None:
            raise ChainError("The message of the case is not posted yet.", case_id=case_id)
        async with self.bot.servers.speaking():
            facts = await read_facts(self.services, case_id)
            joined = await read_joined(self.services, case_id, payload["breach"])
            news = joined_news(key, joined, payload["breach"]["frame"], self.services.incident_url(case_id))
            await self.bot.threads.tell(subject_of(case_id), thread_name(facts.vote), [news])
        return {}

    async def _open_vote(self, key: str, payload: dict[str, Any]) -> dict[str, Any]:
        case_id = CaseId(payload["case"])
        if await self._needs_no_opening(case_id):
            raise AlreadyDone
        try:
            receipt = await self.services.sender.send(self.services.tribune.pause_governor.open_case(case_id))
        except RevertedError as fault:
            if await self._needs_no_opening(case_id):  # somebody was quicker, which is as good
                raise AlreadyDone from None
            if fault.ids.get("error") in TOO_LATE:
                raise
            # Somebody's transaction, perhaps our own of before a restart, may be under way: look again.
            raise ChainError(fault.message) from fault
        return {"tx": receipt.tx_hash}

    async def _needs_no_opening(self, case_id: CaseId) -> bool:
        case = await self.services.tribune.kill_switch.case(case_id)
        ours = self.services.tribune.pause_governor.address
        return case.vote_at(ours) != 0 or case.outcome is not Outcome.OPEN


def _next_change(facts: CaseFacts, quiet_until: datetime | None) -> datetime | None:
    """Return the next time at which a case changes though nothing happens on the chain."""
    vote = facts.vote
    times = [vote.open_until, vote.snapshot, vote.deadline, vote.suspended_until]
    times += reminder_times(vote) or ()
    if quiet_until is not None:  # by our clock, which may be behind the chain's
        times.append(max(quiet_until, vote.read_at + CLOCK_SKEW))
    later = [time for time in times if time is not None and time >= vote.read_at]
    return min(later, default=None)


def _take_in(session: Session, governor: str) -> list[ChainEvent]:
    place = queries.checkpoint(session, READER)
    events = list(queries.events_since(session, place.block_number if place is not None else 0))
    for event in events:
        if event.name == "CaseOpened":
            _ask(session, event.args["case_id"], governor)
        elif event.name == "CaseJoined" and event.block_time >= now() - NEWS:
            _ask_to_tell(session, event)
    if events:
        queries.set_checkpoint(session, READER, events[-1].id or 0, "")
    return events


def _ask(session: Session, case_id: int, governor: str) -> None:
    """Write down what an open case asks for; what is written already stays as it is."""
    queries.enqueue(session, f"message/case/{case_id}", POST, {"case": case_id})
    queries.enqueue(session, f"open/case/{case_id}/{governor}", OPEN_VOTE, {"case": case_id})


def _ask_to_tell(session: Session, event: ChainEvent) -> None:
    """Write down that a case was joined: each rule once, however many frames break it, and not its own."""
    case_id, breach = int(event.args["case_id"]), event.args["breach"]
    opened = incidents.events_of_case(session, case_id, ["CaseOpened"])
    if any(_about(one.args["details"]) == _about(breach) for one in opened):
        return
    key = f"joined/case/{case_id}/{_about(breach)}"
    queries.enqueue(session, key, JOINED, {"case": case_id, "breach": dict(breach)})


def _about(details: Mapping[str, Any]) -> str:
    """Return what a breach is of, whichever frame it is in: kind, policy and rule."""
    return f"{details['kind']}/{details['policy']}/{details['rule']}"
