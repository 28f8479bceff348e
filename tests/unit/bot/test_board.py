"""One message a subject: posted once, edited when it changes, found again after a crash."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest

from tribune.store import messages
from tribune.store.session import Store, open_store
from tribune_bot.board import Board, Shown
from tribune_bot.errors import DiscordUnreachableError
from tribune_bot.views.buttons import CheckButton

ME = 42
SUBJECT = "case/7"


class Channel:
    """A channel that keeps what is sent; `fault` is raised in place of the next request."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.edits: list[dict[str, Any]] = []
        self.fault: Exception | None = None

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
    bot: Any = SimpleNamespace(user=SimpleNamespace(id=ME), get_partial_messageable=lambda _id: channel)
    services: Any = SimpleNamespace(store=store, channel_id=5)
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
    assert len(channel.sent) == 1
    assert [edit["content"] for edit in channel.edits] == ["b"]


async def test_show__mentions__are_closed(store: Store, channel: Channel) -> None:
    board = board_of(store, channel)
    await board.show(SUBJECT, shown("a"))
    await board.show(SUBJECT, shown("b"))
    closed: dict[str, list[str]] = {"parse": []}
    assert channel.sent[0].allowed_mentions.to_dict() == closed
    assert channel.edits[0]["allowed_mentions"].to_dict() == closed


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


async def test_show__changed_since_the_post_before_a_crash__is_brought_up_to_date(
    store: Store, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise EOFError

    with monkeypatch.context() as patched:
        patched.setattr(messages, "record_posted", killed)
        with pytest.raises(EOFError):
            await board_of(store, channel).show(SUBJECT, shown("a"))
    await board_of(store, channel).show(SUBJECT, shown("b"))
    assert len(channel.sent) == 1
    assert [edit["content"] for edit in channel.edits] == ["b"]


async def test_show__deleted_in_the_moment_in_which_it_is_found__stays_deleted(
    store: Store, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise EOFError

    with monkeypatch.context() as patched:
        patched.setattr(messages, "record_posted", killed)
        with pytest.raises(EOFError):
            await board_of(store, channel).show(SUBJECT, shown("a"))
    channel.fault = not_found()
    board = board_of(store, channel)
    await board.show(SUBJECT, shown("b"))
    await board.show(SUBJECT, shown("b"))
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


async def test_show__edit_failed__is_edited_at_the_next_call(store: Store, channel: Channel) -> None:
    board = board_of(store, channel)
    await board.show(SUBJECT, shown("a"))
    channel.fault = aiohttp.ClientConnectionError()
    with pytest.raises(DiscordUnreachableError):
        await board.show(SUBJECT, shown("b"))
    assert await board.show(SUBJECT, shown("b"))


async def test_show__message_was_deleted__is_not_posted_again(store: Store, channel: Channel) -> None:
    board = board_of(store, channel)
    await board.show(SUBJECT, shown("a"))
    channel.fault = not_found()
    await board.show(SUBJECT, shown("b"))
    assert len(channel.sent) == 1
    assert not await board.show(SUBJECT, shown("b"))


async def test_attach__posted__replaces_the_picture(store: Store, channel: Channel) -> None:
    board = board_of(store, channel)
    await board.show(SUBJECT, shown("a"))
    await board.attach(SUBJECT, "case-7.png", b"png", "a chart")
    assert [file.filename for file in channel.edits[0]["attachments"]] == ["case-7.png"]
