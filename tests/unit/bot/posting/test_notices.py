"""Direct messages: promised once, sent once, and to who takes none nothing is told anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from support.index import happened, put
from tribune.store import queries
from tribune.store.session import Store, open_store
from tribune.store.states import BallotState, CallState, OutboxState
from tribune.store.tables import CallSignature, HolderCall, StoredBallot, now
from tribune_bot.cogs.voter_notices import VoterNotices
from tribune_bot.posting.notices import KIND, Notices
from tribune_bot.server import Servers

ADA, BEN = 11, 12
WALLET = "0x" + "Aa" * 20
PROPOSAL = 99


class DirectChannel:
    """A person's channel; `fault` is raised in place of the next message."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.fault: Exception | None = None

    async def send(self, content: str, **other: Any) -> Any:
        fault, self.fault = self.fault, None
        if fault is not None:
            raise fault
        made = SimpleNamespace(id=len(self.sent) + 1, content=content, author=SimpleNamespace(id=42), **other)
        self.sent.append(made)
        return made

    async def history(self, **_: Any) -> AsyncIterator[Any]:
        for message in reversed(self.sent):
            yield message


class Bot:
    """As much of a bot as messages need."""

    def __init__(self, store: Store) -> None:
        self.user = SimpleNamespace(id=42)
        self.channels: dict[int, DirectChannel] = {}
        self.notices = Notices(self, store)  # type: ignore[arg-type]
        self.servers = Servers(store, 4, 5)
        self.services: Any = SimpleNamespace(
            store=store,
            contracts=SimpleNamespace(read=self._read),
            ballot_url=lambda case: f"https://dao.example/b/{case}",
            proposal_url=lambda number: f"https://dao.example/p/{number}",
        )

    async def _read(self, *_: Any) -> list[int]:
        return [0]

    async def create_dm(self, user: discord.Object) -> DirectChannel:
        return self.channels.setdefault(user.id, DirectChannel())

    def told(self, user: int) -> list[str]:
        channel = self.channels.get(user)
        return [] if channel is None else [message.content for message in channel.sent]


@pytest.fixture
def store() -> Iterator[Store]:
    with open_store("sqlite://") as opened:
        yield opened


@pytest.fixture
async def bot(store: Store) -> Bot:
    """A bot that has looked before, so that what follows is news."""
    made = Bot(store)
    await caught_up(made)
    return made


def closed() -> discord.Forbidden:
    answer: Any = SimpleNamespace(status=403, reason="")
    return discord.Forbidden(answer, {"code": 50007, "message": "Cannot send messages to this user"})


def server_error() -> Any:
    return SimpleNamespace(status=503, reason="")


def cast(days_ago: float = 0) -> Any:
    event = happened(
        "VoteCast",
        contract="PauseGovernor",
        proposal_id=PROPOSAL,
        voter=WALLET,
        support=1,
        weight=12_400,
        reason="",
    )
    event.block_time = now() - timedelta(days=days_ago)
    return event


def ballot(user: int = 0, **other: Any) -> StoredBallot:
    return StoredBallot(
        proposal_id=str(PROPOSAL),
        case_id=7,
        voter=WALLET,
        support=1,
        signature="0x01",
        discord_user_id=user,
        **other,
    )


async def caught_up(bot: Bot) -> None:
    while await VoterNotices(bot).take_in():  # type: ignore[arg-type]
        pass
    await bot.notices.outbox.drain()


async def test_tell_user__twice_by_one_key__is_told_once(bot: Bot) -> None:
    assert await bot.notices.tell_user(ADA, "x", "a")
    assert not await bot.notices.tell_user(ADA, "x", "b")
    await bot.notices.outbox.drain()
    assert bot.told(ADA) == ["a"]


async def test_tell_user__mentions__are_closed(bot: Bot) -> None:
    await bot.notices.tell_user(ADA, "x", "@everyone", [("See", "https://dao.example/b/7")])
    await bot.notices.outbox.drain()
    [sent] = bot.channels[ADA].sent
    assert sent.allowed_mentions.to_dict() == {"parse": []}
    assert [button.url for button in sent.view.children] == ["https://dao.example/b/7"]


async def test_tell_user__takes_no_messages__is_over_and_the_next_is_told(bot: Bot, store: Store) -> None:
    bot.channels[ADA] = DirectChannel()
    bot.channels[ADA].fault = closed()
    await bot.notices.tell_user(ADA, "x", "a")
    await bot.notices.tell_user(BEN, "x", "a")
    await bot.notices.outbox.drain()
    row = await store.read(queries.outbox_row, f"dm/{ADA}/x")
    assert row is not None
    assert (row.state, row.result) == (OutboxState.DONE, {"closed": 50007})
    assert (bot.told(ADA), bot.told(BEN)) == ([], ["a"])


async def test_tell_user__discord_fails_for_one_person__the_others_are_told_meanwhile(bot: Bot) -> None:
    bot.channels[ADA] = DirectChannel()
    bot.channels[ADA].fault = discord.DiscordServerError(server_error(), "try again")
    await bot.notices.tell_user(ADA, "x", "first")
    await bot.notices.tell_user(ADA, "y", "second")
    await bot.notices.tell_user(BEN, "x", "a")
    await bot.notices.outbox.drain()
    assert (bot.told(ADA), bot.told(BEN)) == ([], ["a"])
    await asyncio.sleep(0.6)  # the first pause
    await bot.notices.outbox.drain()
    assert bot.told(ADA) == ["first", "second"]


async def test_tell_user__killed_after_it_was_sent__is_not_told_again(bot: Bot, store: Store) -> None:
    await bot.notices.tell_user(ADA, "x", "a")
    await bot.notices.outbox.drain()

    def forget(session: Any) -> None:
        row = queries.outbox_row(session, f"dm/{ADA}/x")
        assert row is not None
        row.state = OutboxState.QUEUED
        session.add(row)

    await store.run(forget)
    await bot.notices.outbox.drain()
    assert bot.told(ADA) == ["a"]
    assert await store.read(queries.outbox_depth, KIND) == 0


async def test_take_in__linked_wallet_and_who_gave_it__are_told_once_with_block(
    bot: Bot, store: Store
) -> None:
    await store.run(queries.link_wallet, ADA, WALLET)
    await store.run(lambda session: session.add(ballot(user=BEN, state=BallotState.MINED)))
    await store.run(lambda session: put(session, cast()))
    await caught_up(bot)
    await caught_up(bot)
    for user in (ADA, BEN):
        [text] = bot.told(user)
        assert "counted in block 1: For, 12,400 votes" in text
        assert "0x" + "0" * 64 in text


async def test_take_in__somebody_who_spoke_german__is_told_in_german_others_as_the_server_speaks(
    bot: Bot, store: Store
) -> None:
    await store.run(queries.link_wallet, ADA, WALLET)
    await store.run(lambda session: session.add(ballot(user=BEN, state=BallotState.MINED)))
    notices = VoterNotices(bot)  # type: ignore[arg-type]
    await notices.on_interaction(pressed(ADA, discord.Locale.british_english))
    await notices.on_interaction(pressed(ADA, discord.Locale.german))
    await store.run(lambda session: put(session, cast()))
    await caught_up(bot)
    assert "Deine Stimme wurde in Block 1 gezählt: Dafür, 12.400 Stimmen" in bot.told(ADA)[0]
    assert "counted in block 1: For, 12,400 votes" in bot.told(BEN)[0]


def pressed(user: int, locale: discord.Locale) -> Any:
    return SimpleNamespace(user=SimpleNamespace(id=user), locale=locale, guild_locale=None)


async def test_take_in__counted_again_after_a_reorg__is_told_once(bot: Bot, store: Store) -> None:
    await store.run(queries.link_wallet, ADA, WALLET)
    await store.run(lambda session: put(session, cast()))
    await caught_up(bot)
    await store.run(lambda session: put(session, cast()))
    await caught_up(bot)
    assert len(bot.told(ADA)) == 1


async def test_take_in__before_the_first_look_ever__is_told_nobody(store: Store) -> None:
    await store.run(queries.link_wallet, ADA, WALLET)
    await store.run(put, cast())
    fresh = Bot(store)
    await caught_up(fresh)
    await caught_up(fresh)
    assert fresh.told(ADA) == []


async def test_take_in__index_read_again__tells_no_votes_of_long_ago(bot: Bot, store: Store) -> None:
    await store.run(queries.link_wallet, ADA, WALLET)
    await store.run(put, cast(days_ago=8))
    await caught_up(bot)
    assert bot.told(ADA) == []


async def test_take_in__nobody_linked__nobody_is_told(bot: Bot, store: Store) -> None:
    await store.run(lambda session: put(session, cast()))
    await caught_up(bot)
    assert await store.read(queries.outbox_depth) == 0


async def test_take_in__refused_after_it_was_told__is_told_as_lost(bot: Bot, store: Store) -> None:
    await store.run(queries.link_wallet, ADA, WALLET)
    await store.run(lambda session: put(session, cast()))
    await caught_up(bot)
    refused = ballot(state=BallotState.REJECTED, error="The vote had ended.")
    await store.run(lambda session: session.add(refused))
    await caught_up(bot)
    await caught_up(bot)
    assert len(bot.told(ADA)) == 2
    assert "does not count any more" in bot.told(ADA)[1]
    assert "The vote had ended." in bot.told(ADA)[1]


async def test_take_in__refused_on_the_page_without_discord__is_told_nobody(bot: Bot, store: Store) -> None:
    await store.run(queries.link_wallet, ADA, WALLET)
    await store.run(lambda session: session.add(ballot(state=BallotState.REJECTED, error="No.")))
    await caught_up(bot)
    assert bot.told(ADA) == []


async def test_take_in__call_opened_its_vote__its_signers_are_told(bot: Bot, store: Store) -> None:
    call = HolderCall(
        id=3,
        kind="holder_pause",
        model_id=1,
        version=1,
        epoch=0,
        round=0,
        evidence="0x00",
        cid="bafkrei",
        deadline=now(),
        discord_user_id=BEN,
        state=CallState.OPENED,
        case_id=7,
    )
    await store.run(queries.link_wallet, ADA, WALLET)
    await store.run(lambda session: session.add(call))
    await store.run(lambda session: session.add(CallSignature(call_id=3, signer=WALLET, signature="0x")))
    await caught_up(bot)
    await caught_up(bot)
    assert len(bot.told(ADA)) == len(bot.told(BEN)) == 1
    assert "has opened its vote" in bot.told(ADA)[0]
