"""Tells each voter by direct message once its ballot is in a block, whoever brought it there, and what became
of its signature under a call and of its delegation.

Told are the owners of linked wallets, and whoever gave the ballot in Discord, each in the language in which
they last spoke to the bot, else in the server's. A vote that a reorg undoes and
that is counted again is told once; one that cannot be brought back is told as lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import discord
from discord.ext import commands

from tribune.ballots.cases.view import counted_votes
from tribune.ballots.cast import EVENTS
from tribune.ballots.lane import Lane
from tribune.chain.enums import Support
from tribune.exceptions import TribuneError
from tribune.language import _, best_of, language, spoken
from tribune.log import get_logger
from tribune.store import notices as told
from tribune.store import queries, readers
from tribune.store.states import BallotState, CallState
from tribune.store.subscriptions import newest_event
from tribune.store.tables import now
from tribune_bot.following import follow
from tribune_bot.posting.notices import NEWS, is_owed, owe
from tribune_bot.words.speech import language_of
from tribune_bot.words.text import harmless

if TYPE_CHECKING:
    from datetime import datetime

    from tribune.language import Language
    from tribune.store.session import Session
    from tribune.store.tables import ChainEvent, HolderCall, SignedDelegation, StoredBallot
    from tribune_bot.client import TribuneBot

READER = "bot.notices"
"""Name of our checkpoint; its block number is the row id of the last event taken in."""
AT_ONCE = 200
MOST_SPEAKERS = 10_000
"""People whose language is kept in memory, so that not each press asks the store."""
SLACK = timedelta(minutes=1)
"""How far each look at what has ended reaches behind the one before it; the first reaches back as news do."""


class Told(NamedTuple):
    """One message to one person."""

    user: int
    key: str
    text: str
    links: tuple[tuple[str, str], ...] = ()


class VoterNotices(commands.Cog):
    """Tells people what became of what they signed."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot
        self.services = bot.services
        self._decimals: int | None = None
        self._looked: datetime | None = None
        self._spoke: dict[int, Language] = {}
        """In which language people spoke to us lately."""

    async def cog_load(self) -> None:
        """Register the jobs."""
        self.bot.add_job("send direct messages", self.bot.notices.outbox.run)
        self.bot.add_job("tell voters", self.watch)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Remember in which language somebody speaks to us, beside the answer."""
        user, spoke = interaction.user.id, language_of(interaction)
        if self._spoke.get(user) is spoke:
            return
        store = self.services.store
        try:
            if await store.read(readers.language_of, user) != spoke:
                await store.run(readers.remember, user, spoke.value)
        except TribuneError as fault:  # the server's language will do
            get_logger(__name__).warning("a person's language could not be kept", error=str(fault))
            return
        if len(self._spoke) >= MOST_SPEAKERS:
            self._spoke.clear()
        self._spoke[user] = spoke

    async def watch(self) -> None:
        """Tell what is to be told, until cancelled."""
        await follow(self.services.indexer, self._take_in_all, "voters could not be told")

    async def _take_in_all(self, _changed: bool) -> None:
        while await self.take_in():
            pass

    async def take_in(self) -> bool:
        """Promise a message to whoever is concerned by what is new; return whether there may be more.

        Raises:
            StoreError, ChainUnreachableError: call again.
        """
        if self._decimals is None:
            [self._decimals] = await self.services.contracts.read(("TribuneToken", "decimals", ()))
        began = now()
        since = began - NEWS if self._looked is None else self._looked - SLACK
        async with self.bot.servers.speaking():
            found, place, more = await self.services.store.read(self._find, self._decimals, since)
        if found or place is not None:
            await self.services.store.run(_promise, found, place)
            self.bot.notices.outbox.wake()
        self._looked = began
        return more

    def _find(self, session: Session, decimals: int, since: datetime) -> tuple[list[Told], int | None, bool]:
        """Return what is to be told, our next place among events, and whether more of them wait."""
        place = queries.checkpoint(session, READER)
        if place is None:  # a new bot tells nobody what happened before it
            return [], newest_event(session), False
        events = queries.events_since(session, place.block_number, names=EVENTS, limit=AT_ONCE)
        news = [event for event in events if event.block_time >= now() - NEWS]
        found = [one for event in news for one in self._counted(session, event, decimals)]
        for ballot in told.refused_ballots(session, since):
            found += self._refused(session, ballot)
        for delegation in told.ended_delegations(session, since):
            found += self._delegated(session, delegation)
        for call in told.ended_calls(session, since):
            found += self._called(session, call)
        fresh = [one for one in found if not is_owed(session, one.user, one.key)]
        return fresh, (events[-1].id or 0) if events else None, len(events) == AT_ONCE

    def _counted(self, session: Session, event: ChainEvent, decimals: int) -> list[Told]:
        args = event.args
        proposal, voter = int(args["proposal_id"]), args["voter"]
        ballot = queries.ballot_of(session, proposal, voter)
        found: list[Told] = []
        for user in _spoken_to(session, _concerned(session, voter, ballot.discord_user_id if ballot else 0)):
            text = _(
                "Your vote was counted in block {block}: {choice}, {votes} votes, of wallet `{wallet}`.\n"
                "Transaction: `{tx}`"
            ).format(
                block=event.block_number,
                choice=choice(args["support"]),
                votes=counted_votes(int(args["weight"]), decimals),
                wallet=voter,
                tx=event.tx_hash,
            )
            links = self._vote_links(event.contract, ballot, proposal)
            found.append(Told(user, _ballot_key(proposal, voter), text, links))
        return found

    def _refused(self, session: Session, ballot: StoredBallot) -> list[Told]:
        """Tell who gave it in Discord that a ballot does not count, and who was told that it did."""
        proposal, key = int(ballot.proposal_id), _ballot_key(int(ballot.proposal_id), ballot.voter)
        found: list[Told] = []
        for user in _spoken_to(session, _concerned(session, ballot.voter, ballot.discord_user_id)):
            was_told = is_owed(session, user, key)
            if was_told or user == ballot.discord_user_id:
                told_then = (
                    _(
                        "Your vote of wallet `{wallet}` was counted, but the chain took it back, and it does "
                        "not count any more. {why}"
                    )
                    if was_told
                    else _("Your vote of wallet `{wallet}` was not counted. {why}")
                )
                links = self._vote_links(ballot.governor, ballot, proposal)
                text = told_then.format(wallet=ballot.voter, why=harmless(_(ballot.error), 300))
                # Signed again, it may be refused again, for another reason.
                again = f"{key}/refused/{_stamp(ballot.updated_at)}"
                found.append(Told(user, again, text, links))
        return found

    def _vote_links(
        self, contract: str, ballot: StoredBallot | None, proposal: int
    ) -> tuple[tuple[str, str], ...]:
        services = self.services
        if ballot is not None and ballot.case_id:
            return ((_("The vote"), services.ballot_url(ballot.case_id)),)
        return ((_("The vote"), services.proposal_url(proposal)),) if contract == Lane.SLOW else ()

    def _delegated(self, session: Session, row: SignedDelegation) -> list[Told]:
        key = f"delegation/{row.delegator}/{row.nonce}/{row.state}"
        if row.state == BallotState.REJECTED:  # signed again, it may be refused again
            key += f"/{_stamp(row.updated_at)}"
        users = _spoken_to(session, _concerned(session, row.delegator))
        return [Told(user, key, _delegated_text(row)) for user in users]

    def _called(self, session: Session, call: HolderCall) -> list[Told]:
        """Tell who began a call, and who signed it, that its vote has opened, or never will."""
        users = dict.fromkeys([call.discord_user_id] if call.discord_user_id else [])
        for signer in told.signers_of(session, call.id or 0):
            users |= dict.fromkeys(told.owners_of(session, signer))
        found: list[Told] = []
        for user in _spoken_to(session, users):
            links: tuple[tuple[str, str], ...] = ()
            if call.state == CallState.OPENED:
                text = _("Holders' call {number}, which you signed or began, has opened its vote.").format(
                    number=call.id
                )
                links = ((_("The vote"), self.services.ballot_url(call.case_id)),)
            else:
                text = _(
                    "Holders' call {number}, which you signed or began, is over without a vote. {why}"
                ).format(number=call.id, why=harmless(_(call.error), 300) if call.error else "")
            found.append(Told(user, f"call/{call.id}/{call.state}", text, links))
        return found


def _spoken_to(session: Session, users: Iterable[int]) -> Iterator[int]:
    """Yield people, each while their language is spoken: theirs where we know it, else the one before."""
    otherwise = language()
    for user in users:
        with spoken(best_of([readers.language_of(session, user)], otherwise)):
            yield user


def _delegated_text(row: SignedDelegation) -> str:
    if row.state == BallotState.MINED:
        return _(
            "Your delegation was written to the chain in block {block}: `{wallet}` now votes through "
            "`{delegatee}`, from the next vote on.\nTransaction: `{tx}`"
        ).format(block=row.block_number, wallet=row.delegator, delegatee=row.delegatee, tx=row.tx_hash)
    return _("Your delegation of wallet `{wallet}` was not written to the chain. {why}").format(
        wallet=row.delegator, why=harmless(_(row.error), 300) if row.error else ""
    )


def choice(support: int) -> str:
    """Return a choice as people read it."""
    return {Support.AGAINST: _("Against"), Support.FOR: _("For"), Support.ABSTAIN: _("Abstain")}[
        Support.of(support)
    ]


def _stamp(time: datetime) -> int:
    return int(time.timestamp() * 1e6)


def _ballot_key(proposal: int, voter: str) -> str:
    return f"ballot/{proposal}/{voter}"


def _concerned(session: Session, wallet: str, user_id: int = 0) -> list[int]:
    """Return the users that a wallet's doing is told to."""
    users = [*([user_id] if user_id else []), *told.owners_of(session, wallet)]
    return list(dict.fromkeys(users))


def _promise(session: Session, found: list[Told], place: int | None) -> None:
    for one in found:
        owe(session, one.user, one.key, one.text, one.links)
    if place is not None:
        queries.set_checkpoint(session, READER, place, "")
