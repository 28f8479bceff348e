"""Faults on command, as an unmodified client meets them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import discord
import pytest

from support.discord.client import Control
from support.discord.sample import PATIENCE_S, Bot, running
from support.discord.server import StandIn


async def until_connected(control: Control, *, identified: int, resumed: int) -> None:
    """Wait for the gateway's counts; bounded by the test's own patience."""
    async with asyncio.timeout(PATIENCE_S * 2):
        state = await control.get("state")
        while (state["identified"], state["resumed"], state["connected"]) != (identified, resumed, 1):
            state = await control.get("state", since=state["revision"], wait=PATIENCE_S)


@pytest.mark.parametrize(
    "fault", [{"kind": "reconnect"}, {"kind": "close", "code": 1011}, {"kind": "close", "code": 4000}]
)
async def test_gateway__cut__resumed_without_loss(
    bot: Bot, control: Control, stand_in: StandIn, fault: dict[str, object]
) -> None:
    before = {name: task for name, task in (("heard", asyncio.create_task(bot.wait_for("message"))),)}
    await control.post("faults", **fault)
    stand_in.gateway.dispatch_message("MESSAGE_CREATE", await _foreign_message(bot, stand_in))
    await asyncio.wait_for(bot.resumed.wait(), PATIENCE_S)
    heard = await asyncio.wait_for(before["heard"], PATIENCE_S)
    assert heard.content == "said while the bot was away"
    await until_connected(control, identified=1, resumed=1)


async def _foreign_message(
    bot: Bot, stand_in: StandIn, said: str = "said while the bot was away"
) -> dict[str, object]:
    from support.discord import payloads
    from support.discord.world import Message

    world = stand_in.world
    made = Message(world.snowflake(), world.channel.id, world.owner, content=said)
    return payloads.message_event(world, made)


@pytest.mark.parametrize(
    ("fault", "order"),
    [
        ({"kind": "repeat", "count": 2}, ["one", "one", "two", "two", "three"]),
        ({"kind": "swap"}, ["two", "one", "three"]),
    ],
)
async def test_gateway__events_repeated_or_swapped__heard_so(
    bot: Bot, control: Control, stand_in: StandIn, fault: dict[str, object], order: list[str]
) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()

    @bot.event
    async def on_message(message: discord.Message) -> None:
        heard.put_nowait(message.content)

    await control.post("faults", **fault)
    for said in ("one", "two", "three"):
        stand_in.gateway.dispatch_message("MESSAGE_CREATE", await _foreign_message(bot, stand_in, said))
    async with asyncio.timeout(PATIENCE_S):
        assert [await heard.get() for _ in order] == order


async def test_gateway__session_invalidated__identifies_again(bot: Bot, control: Control) -> None:
    await control.post("faults", kind="invalid_session", resumable=False)
    await until_connected(control, identified=2, resumed=0)


async def test_gateway__invalid_but_resumable__resumes(bot: Bot, control: Control) -> None:
    await control.post("faults", kind="invalid_session", resumable=True)
    await asyncio.wait_for(bot.resumed.wait(), PATIENCE_S)


async def test_gateway__closed_by_bot__session_forgotten(
    stand_in: StandIn, control: Control, tmp_path: Path
) -> None:
    async with running(tmp_path):
        assert (await control.get("state"))["connected"] == 1
    assert (await control.get("state"))["connected"] == 0


async def test_http__429_with_via__retried(bot: Bot, control: Control) -> None:
    await control.post("faults", kind="http", status=429, method="POST", path="/messages$", retry_after=0.01)
    sent = await bot.text_channel().send("after all")
    asked = [one for one in await control.get("requests") if one["path"].endswith("/messages")]
    assert [one["status"] for one in asked] == [429, 200]
    assert [one["id"] for one in (await control.get("messages"))["messages"]] == [str(sent.id)]


async def test_http__503__error_not_retried(bot: Bot, control: Control) -> None:
    await control.post("faults", kind="http", status=503, path="/messages$")
    with pytest.raises(discord.DiscordServerError):
        await bot.text_channel().send("lost")
    assert (await control.get("messages"))["messages"] == []


async def test_http__answer_lost_after_the_deed__nonce_keeps_it_single(bot: Bot, control: Control) -> None:
    await control.post("faults", kind="http", status=502, path="/messages$", after=True)
    await bot.text_channel().send("once", nonce="case-1")
    asked = [one["status"] for one in await control.get("requests") if one["path"].endswith("/messages")]
    assert len(asked) == 2
    assert len((await control.get("messages"))["messages"]) == 1


async def test_http__delayed__answered_late(bot: Bot, control: Control) -> None:
    await control.post("faults", kind="http", delay_s=0.2, path="/messages$")
    loop = asyncio.get_running_loop()
    started = loop.time()
    await bot.text_channel().send("slow")
    assert loop.time() - started >= 0.2
