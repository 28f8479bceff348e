"""One message a subject: posted once, edited when it changes, found again after a crash."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest

from tribune.store import messages, queries
from tribune.store.session import Store, open_store
from tribune_bot.errors import DiscordUnreachableError
from tribune_bot.posting.board import Board, Shown
from tribune_bot.server import Alert, Servers
from tribune_bot.views.buttons import CheckButton

ME = 42
GUILD, DEFAULT, CHOSEN = 4, 5, 6
SUBJECT = "case/7"


class Channel:
    """A channel that keeps what is sent; `fault` is raised in place of the next request."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.edits: list[dict[str, Any]] = []
        self.fault: Exception | None = None
        self.edited = asyncio.Event()

    def _check(self) -> None:
        fault, self.fault = self.fault, None
        if fault is not None:
            raise fault

    async def send(self, content: str, **other: Any) -> Any:
        self._check()
        row = SimpleNamespace(children=list(other["view"].children))
        author = SimpleNamespace(id=ME)
        made = SimpleNamespace(
            id=len(self.sent) + 1, content=content, author=author, components=[row], **other
        )
        self.sent.append(made)
        return made

    def get_partial_message(self, _message_id: int) -> Any:
        return self

    async def edit(self, **changes: Any) -> None:
        self._check()
        self.edits.append(changes)
        self.edited.set()

    async def history(self, **_: Any) -> AsyncIterator[Any]:
        for message in reversed(self.sent):
            yield message


@pytest.fixture
def store() -> Iterator[Store]:
    with open_store("sqlite://") as opened:
        yield opened


@pytest.fixture
def channel() -> Channel:
    return Channel()


def board_of(store: Store, channel: Channel) -> Board:
    return board_in(store, {DEFAULT: channel})


def board_in(store: Store, channels: dict[int, Channel]) -> Board:
    bot: Any = SimpleNamespace(
        user=SimpleNamespace(id=ME),
        get_partial_messageable=channels.__getitem__,
        servers=Servers(store, GUILD, DEFAULT),
    )
    services: Any = SimpleNamespace(store=store)
    return Board(bot, services)


def shown(text: str) -> Shown:
    return Shown(text, CheckButton.id_of(7), (CheckButton(7),))


def not_found() -> discord.NotFound:
    return discord.NotFound(SimpleNamespace(status=404, reason=""), "Unknown Message")  # type: ignore[arg-type]


async def test_show__twice_the_same__posts_once_and_edits_nothing(store: Store, channel: Channel) -> None:
    board = board_of(store, channel)
    assert await board.show(SUBJECT, shown("a"))
    assert not await board.show(SUBJECT, shown("a"))
    assert len(channel.sent) == 1
    assert channel.edits == []


async def test_show__changed__edits_in_place(store: Store, channel: Channel) -> None:
    board = board_of(store, channel)
    await board.show(SUBJECT, shown("a"))
    await board.show(SUBJECT, shown("b"))
    await board.settled()
    assert len(channel.sent) == 1
    assert [edit["content"] for edit in channel.edits] == ["b"]


async def test_show__mentions__are_closed(store: Store, channel: Channel) -> None:
    board = board_of(store, channel)
    await board.show(SUBJECT, shown("a"))
    await board.show(SUBJECT, shown("b"))
    await board.settled()
    closed: dict[str, list[str]] = {"parse": []}
    assert channel.sent[0].allowed_mentions.to_dict() == closed
    assert channel.edits[0]["allowed_mentions"].to_dict() == closed


async def test_show__posted__leaves_no_work_that_waits(store: Store, channel: Channel) -> None:
    await board_of(store, channel).show(SUBJECT, shown("a"))
    assert await store.read(queries.outbox_depth) == 0


async def test_show__not_posted_and_not_to_be__stays_silent(store: Store, channel: Channel) -> None:
    assert not await board_of(store, channel).show(SUBJECT, shown("a"), post=False)
    assert channel.sent == []


async def test_show__post_got_out_before_a_crash__is_found_again(store: Store, channel: Channel) -> None:
    class Crash(Exception):
        pass

    real = store.run

    async def crash(work: Any, *args: Any, **others: Any) -> Any:
        if work.__name__ == "record_posted":
            raise Crash
        return await real(work, *args, **others)

    store.run = crash  # type: ignore[method-assign, assignment]
    with pytest.raises(Crash):
        await board_of(store, channel).show(SUBJECT, shown("a"))
    store.run = real  # type: ignore[method-assign]
    await board_of(store, channel).show(SUBJECT, shown("a"))
    assert len(channel.sent) == 1


async def posted_by_one_that_is_killed(
    store: Store, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Post "a", and end before the store knows of it."""

    def killed(*_: object) -> None:
        raise EOFError

    with monkeypatch.context() as patched:
        patched.setattr(messages, "record_posted", killed)
        with pytest.raises(EOFError):
            await board_of(store, channel).show(SUBJECT, shown("a"))


async def test_show__changed_since_the_post_before_a_crash__is_brought_up_to_date(
    store: Store, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    await posted_by_one_that_is_killed(store, channel, monkeypatch)
    await board_of(store, channel).show(SUBJECT, shown("b"))
    assert len(channel.sent) == 1
    assert [edit["content"] for edit in channel.edits] == ["b"]


async def test_show__deleted_in_the_moment_in_which_it_is_found__stays_deleted(
    store: Store, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    await posted_by_one_that_is_killed(store, channel, monkeypatch)
    channel.fault = not_found()
    board = board_of(store, channel)
    await board.show(SUBJECT, shown("b"))
    await board.show(SUBJECT, shown("b"))
    await board.settled()
    assert len(channel.sent) == 1
    assert channel.edits == []


async def test_show__post_did_not_get_out__is_posted_with_the_same_nonce(
    store: Store, channel: Channel
) -> None:
    nonces: list[str] = []
    real = channel.send

    async def send(content: str, **other: Any) -> Any:
        nonces.append(other["nonce"])
        return await real(content, **other)

    channel.send = send  # type: ignore[method-assign]
    channel.fault = aiohttp.ClientConnectionError()
    board = board_of(store, channel)
    with pytest.raises(DiscordUnreachableError):
        await board.show(SUBJECT, shown("a"))
    await board.show(SUBJECT, shown("a"))
    assert len(channel.sent) == 1
    assert len(nonces) == 2
    assert len(set(nonces)) == 1
    assert len(nonces[0]) <= 25


async def test_show__edit_failed__is_made_by_itself(
    store: Store, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tribune_bot.posting.board.FIRST_PAUSE_S", 0.0)
    monkeypatch.setattr("tribune_bot.posting.board.EDIT_EVERY_S", 0.0)
    board = board_of(store, channel)
    await board.show(SUBJECT, shown("a"))
    channel.fault = aiohttp.ClientConnectionError()
    assert await board.show(SUBJECT, shown("b"))
    await board.settled()
    assert [edit["content"] for edit in channel.edits] == ["b"]


async def test_show__message_was_deleted__is_not_posted_again(store: Store, channel: Channel) -> None:
    board = board_of(store, channel)
    await board.show(SUBJECT, shown("a"))
    channel.fault = not_found()
    await board.show(SUBJECT, shown("b"))
    await board.settled()
    assert len(channel.sent) == 1
    assert not await board.show(SUBJECT, shown("b"))


async def test_show__changes_faster_than_edits_are_allowed__edits_once_more_with_the_newest(
    store: Store, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tribune_bot.posting.board.EDIT_EVERY_S", 0.3)
    board = board_of(store, channel)
    await board.show(SUBJECT, shown("0"))
    await board.show(SUBJECT, shown("1"))
    await board.settled()
    began = time.monotonic()
    for text in ("2", "3", "4"):
        await board.show(SUBJECT, shown(text))
        await asyncio.sleep(0.01)
    await board.settled()
    assert [edit["content"] for edit in channel.edits] == ["1", "4"]
    assert time.monotonic() - began >= 0.25


async def test_show__changes_back_while_an_edit_is_recorded__shows_the_newest(
    store: Store, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tribune_bot.posting.board.EDIT_EVERY_S", 0.0)
    board = board_of(store, channel)
    await board.show(SUBJECT, shown("a"))
    read, recorded, held = store.read, asyncio.Event(), asyncio.Event()
    run = store.run

    async def record(work: Any, *args: Any, **others: Any) -> Any:
        recorded.set()  # Discord shows "b", and the store is about to know
        await held.wait()
        return await run(work, *args, **others)

    async def slow(work: Any, *args: Any, **others: Any) -> Any:
        found = await read(work, *args, **others)
        if recorded.is_set():
            held.set()
            await asyncio.sleep(0.1)  # what was read is old by now
        return found

    monkeypatch.setattr(store, "run", record)
    await board.show(SUBJECT, shown("b"))
    await recorded.wait()
    monkeypatch.setattr(store, "read", slow)
    await asyncio.gather(board.show(SUBJECT, shown("a")), _set_soon(held))
    await board.settled(SUBJECT)
    assert [edit["content"] for edit in channel.edits] == ["b", "a"]


async def _set_soon(event: asyncio.Event) -> None:
    await asyncio.sleep(0.05)
    event.set()


async def test_show__one_message_is_made_to_wait__the_other_is_edited(store: Store) -> None:
    slow, quick = Channel(), Channel()
    board = board_in(store, {DEFAULT: slow, CHOSEN: quick})
    await board.show("case/7", shown("a"))
    await Servers(store, GUILD, DEFAULT).choose(cases_channel=CHOSEN)
    board_two = board_in(store, {DEFAULT: slow, CHOSEN: quick})
    await board_two.show("case/8", shown("a"))
    released = asyncio.Event()
    real = slow.edit

    async def wait(**changes: Any) -> None:
        await released.wait()
        await real(**changes)

    slow.edit = wait  # type: ignore[method-assign]
    await board_two.show("case/7", shown("b"))
    await board_two.show("case/8", shown("b"))
    await asyncio.wait_for(quick.edited.wait(), 5)
    assert slow.edits == []
    released.set()
    await board_two.settled()
    assert len(slow.edits) == 1


async def test_close__edit_is_waiting__ends_it(store: Store, channel: Channel) -> None:
    board = board_of(store, channel)
    await board.show(SUBJECT, shown("a"))
    await board.show(SUBJECT, shown("b"))
    await board.close()
    assert channel.edits == []


async def test_show__chosen_channel__is_kept_when_another_is_chosen(store: Store) -> None:
    default, chosen = Channel(), Channel()
    await Servers(store, GUILD, DEFAULT).choose(cases_channel=CHOSEN)
    board = board_in(store, {DEFAULT: default, CHOSEN: chosen})
    await board.show(SUBJECT, shown("a"))
    await board.show("proposal/1", shown("p"))
    assert [message.content for message in chosen.sent] == ["a"]
    assert [message.content for message in default.sent] == ["p"]
    await Servers(store, GUILD, DEFAULT).choose(cases_channel=DEFAULT)
    board = board_in(store, {DEFAULT: default, CHOSEN: chosen})
    await board.show(SUBJECT, shown("b"))
    await board.settled()
    assert [edit["content"] for edit in chosen.edits] == ["b"]


@pytest.mark.parametrize("code", [10003, 50001, 50013])
async def test_show__chosen_channel_is_closed__is_told_in_the_configured_one_with_the_mend(
    store: Store, code: int
) -> None:
    default, chosen = Channel(), Channel()
    answer: Any = SimpleNamespace(status=403, reason="")
    chosen.fault = discord.Forbidden(answer, {"code": code, "message": "no"})
    await Servers(store, GUILD, DEFAULT).choose(cases_channel=CHOSEN)
    await board_in(store, {DEFAULT: default, CHOSEN: chosen}).show(SUBJECT, shown("a"))
    assert default.sent[0].content == "a"
    assert f"I cannot write in <#{CHOSEN}>" in default.sent[1].content
    assert "/setup" in default.sent[1].content


async def test_show__alert__mentions_exactly_the_chosen_roles_once(store: Store, channel: Channel) -> None:
    await Servers(store, GUILD, DEFAULT).choose(trip_roles=[71, GUILD, 72], vote_roles=[73])
    board = board_of(store, channel)
    alarm = replace(shown("a"), alert=Alert.TRIP)
    await board.show(SUBJECT, alarm)
    await board.show(SUBJECT, replace(alarm, content="b"))
    await board.settled()
    assert channel.sent[0].content == "a\n<@&71> <@&72>"
    assert channel.sent[0].allowed_mentions.to_dict()["roles"] == [71, 72]
    assert channel.sent[0].allowed_mentions.to_dict()["parse"] == []
    assert channel.edits[0]["content"] == "b"
    assert channel.edits[0]["allowed_mentions"].to_dict() == {"parse": []}


async def test_attach__posted__replaces_the_picture(store: Store, channel: Channel) -> None:
    board = board_of(store, channel)
    await board.show(SUBJECT, shown("a"))
    await board.attach(SUBJECT, "case-7.png", b"png", "a chart")
    assert [file.filename for file in channel.edits[0]["attachments"]] == ["case-7.png"]
