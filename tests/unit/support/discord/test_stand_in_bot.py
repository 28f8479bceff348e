"""An unmodified discord.py client against the stand-in: what a bot does in its working life."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import discord
import pytest

from support.discord.client import Control
from support.discord.sample import PATIENCE_S, Bot, Vote, find_description, running
from support.discord.server import StandIn

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x03\x00\x00\x00\x02\x08\x02\x00\x00\x00"
    b"\x12\x16\xf1\x4d\x00\x00\x00\x00IEND\xaeB`\x82"
)


def chart(name: str = "chart.png") -> discord.File:
    return discord.File(io.BytesIO(PNG), filename=name)


async def test_login__right_token__ready_with_guild_channel_and_members(bot: Bot, stand_in: StandIn) -> None:
    assert bot.user is not None
    assert bot.user.id == bot.application_id == int(stand_in.world.application_id)
    assert bot.text_channel().id == int(stand_in.world.channel.id)
    assert bot.text_channel().permissions_for(bot.guilds[0].me).send_messages
    assert {member.name for member in bot.guilds[0].members} >= {"tribune"}


async def test_login__wrong_token__refused(stand_in: StandIn, tmp_path: Path) -> None:
    (tmp_path / "bot-token").write_text("another")
    with pytest.raises(discord.LoginFailure):
        async with running(tmp_path):
            pass


async def test_sync__global_and_guild__registered_under_stable_ids(bot: Bot, control: Control) -> None:
    first = {one.name: one.id for one in await bot.tree.sync()}
    again = {one.name: one.id for one in await bot.tree.sync()}
    bot.tree.copy_global_to(guild=bot.guilds[0])
    of_guild = await bot.tree.sync(guild=bot.guilds[0])
    assert first.keys() == {"power", "read", "why"}
    assert again == first
    assert {one.guild_id for one in of_guild} == {bot.guilds[0].id}
    assert len((await control.get("state"))["commands"]) == 6


async def test_send__embed_with_chart_and_buttons__readable_by_control(bot: Bot, control: Control) -> None:
    embed = discord.Embed(title="Stopped", description="**why**", colour=0xCC0000).add_field(
        name="n", value="2000"
    )
    embed.set_image(url="attachment://chart.png")
    view = discord.ui.View(timeout=None)
    view.add_item(Vote(7))
    view.add_item(discord.ui.Button(label="See the evidence", url="https://example.org/e"))
    sent = await bot.text_channel().send("A model was stopped", embed=embed, file=chart(), view=view)

    (shown,) = (await control.get("messages"))["messages"]
    assert (shown["id"], shown["content"]) == (str(sent.id), "A model was stopped")
    assert shown["embeds"][0]["title"] == "Stopped"
    assert (shown["embeds"][0]["image"]["width"], shown["embeds"][0]["image"]["height"]) == (3, 2)
    assert [one["custom_id"] for one in shown["buttons"]] == ["vote:7"]
    assert shown["links"] == [{"label": "See the evidence", "url": "https://example.org/e"}]
    assert await control.raw(shown["attachments"][0]["path"]) == PNG
    # As at Discord, a file that an embed shows is not listed beside it.
    assert sent.attachments == []
    assert sent.embeds[0].image.url is not None
    assert await bot.http.get_from_cdn(sent.embeds[0].image.url) == PNG


async def test_edit__new_chart__in_place_with_history(bot: Bot, control: Control) -> None:
    embed = discord.Embed(title="28 % for").set_image(url="attachment://a.png")
    sent = await bot.text_channel().send(embed=embed, file=chart("a.png"))
    after = discord.Embed(title="31 % for").set_image(url="attachment://b.png")
    await sent.edit(embed=after, attachments=[chart("b.png")])

    (shown,) = (await control.get("messages"))["messages"]
    assert shown["embeds"][0]["title"] == "31 % for"
    assert [one["filename"] for one in shown["attachments"]] == ["b.png"]
    assert [one["embeds"][0]["title"] for one in shown["history"]] == ["28 % for"]
    assert shown["edited"] is not None


async def test_fetch__message_and_history__as_sent(bot: Bot) -> None:
    sent = [await bot.text_channel().send(str(number)) for number in range(3)]
    assert (await bot.text_channel().fetch_message(sent[1].id)).content == "1"
    assert [one.content async for one in bot.text_channel().history(limit=2)] == ["2", "1"]
    assert [one.content async for one in bot.text_channel().history(after=sent[0])] == ["1", "2"]


async def test_delete__message__unknown_afterwards(bot: Bot) -> None:
    sent = await bot.text_channel().send("gone soon")
    await sent.delete()
    with pytest.raises(discord.NotFound) as refused:
        await bot.text_channel().fetch_message(sent.id)
    assert refused.value.code == 10008


async def test_send__to_user__direct_channel(bot: Bot, control: Control, stand_in: StandIn) -> None:
    ben = await bot.fetch_user(int(stand_in.world.find_user("ben").id))
    sent = await ben.send("Your vote counted")
    assert isinstance(sent.channel, discord.DMChannel)
    shown = await control.get("messages", channel_id=str(sent.channel.id))
    assert [one["content"] for one in shown["messages"]] == ["Your vote counted"]
    assert (await control.get("messages"))["messages"] == []


async def test_create_thread__from_message__takes_messages(bot: Bot, control: Control) -> None:
    sent = await bot.text_channel().send("Case 1")
    thread = await sent.create_thread(name="case-1")
    await thread.send("inside")
    await thread.edit(archived=True)
    shown = await control.get("messages", channel_id=str(thread.id))
    assert [one["content"] for one in shown["messages"]] == ["inside"]
    assert (await control.get(f"messages/{sent.id}"))["thread_id"] == str(thread.id)


async def test_mentions__closed_by_default__nobody_pinged(
    bot: Bot, control: Control, stand_in: StandIn
) -> None:
    ben = stand_in.world.find_user("ben")
    closed = await bot.text_channel().send(f"<@{ben.id}>", allowed_mentions=discord.AllowedMentions.none())
    opened = await bot.text_channel().send(
        f"<@{ben.id}>", allowed_mentions=discord.AllowedMentions(users=True)
    )
    assert (await control.get(f"messages/{closed.id}"))["mentions"] == []
    assert (await control.get(f"messages/{opened.id}"))["mentions"] == ["ben"]


@pytest.mark.parametrize("content", ["", "x" * 2001], ids=["empty", "too long"])
async def test_send__over_hard_limits__refused_as_at_discord(bot: Bot, content: str) -> None:
    with pytest.raises(discord.HTTPException) as refused:
        await bot.text_channel().send(content)
    assert refused.value.status == 400
    assert refused.value.code in (50006, 50035)


async def test_send__same_nonce_twice__one_message(bot: Bot, control: Control) -> None:
    first = await bot.text_channel().send("once", nonce="case-1")
    second = await bot.text_channel().send("once", nonce="case-1")
    assert first.id == second.id
    assert len((await control.get("messages"))["messages"]) == 1


async def test_whole_session__against_description__no_request_breaks_it(bot: Bot, control: Control) -> None:
    if find_description() is None:
        pytest.skip("shared/discord-openapi.json is not here")
    await bot.tree.sync()
    view = discord.ui.View(timeout=None)
    view.add_item(Vote(1))
    sent = await bot.text_channel().send(embed=discord.Embed(title="t"), file=chart(), view=view)
    await control.post("press", user="ada", message_id=str(sent.id), custom_id="vote:1", wait=PATIENCE_S)
    await sent.edit(content="edited")
    report = await control.get("validation")
    assert report["enabled"]
    assert report["checked"] >= 6
    assert (report["requests"], report["answers"], report["unsupported"]) == ([], [], [])


async def test_message_create__own_message__arrives_over_the_gateway(bot: Bot) -> None:
    heard = asyncio.create_task(bot.wait_for("message", timeout=PATIENCE_S))
    await asyncio.sleep(0)
    sent = await bot.text_channel().send("hello")
    assert (await heard).id == sent.id
