"""People press, type and submit; the bot answers in its own time; Discord's rules about it hold."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
import pytest

from support.discord.client import Control, ControlError
from support.discord.sample import PATIENCE_S, Bot, Vote, running
from support.discord.server import StandIn


async def post_button(bot: Bot, case: int = 7) -> str:
    view = discord.ui.View(timeout=None)
    view.add_item(Vote(case))
    return str((await bot.text_channel().send("Vote", view=view)).id)


async def next_interaction(bot: Bot, act: Any) -> discord.Interaction:
    """Return what the bot is handed when a person acts; the bot itself answers nothing to it."""
    heard = asyncio.create_task(bot.wait_for("interaction", timeout=PATIENCE_S))
    await asyncio.sleep(0)
    await act
    interaction: discord.Interaction = await heard
    return interaction


async def post_plain_button(bot: Bot) -> str:
    """Post a button that no item of the bot answers to."""
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Nothing", custom_id="nothing"))
    sent = await bot.text_channel().send("Press", view=view)
    view.stop()
    return str(sent.id)


async def pressed(bot: Bot, control: Control) -> discord.Interaction:
    message_id = await post_plain_button(bot)
    return await next_interaction(
        bot, control.post("press", user="ben", message_id=message_id, custom_id="nothing")
    )


async def test_press__dynamic_item__deferred_then_private_link(bot: Bot, control: Control) -> None:
    message_id = await post_button(bot)
    answer = await control.post(
        "press", user="ben", message_id=message_id, custom_id="vote:7", wait=PATIENCE_S
    )
    assert (answer["done"], answer["callback"], answer["user"]) == (True, "deferred_message", "ben")
    (shown,) = answer["messages"]
    assert shown["links"] == [{"label": "Open the ballot", "url": "https://example.org/b/7"}]
    assert (shown["ephemeral"], shown["seen_by"], shown["loading"]) == (True, "ben", False)
    assert [one["id"] for one in (await control.get("messages"))["messages"]] == [message_id]


async def test_press__after_bot_restart__still_answered(stand_in: StandIn, control: Control) -> None:
    async with running(stand_in.folder) as first:
        message_id = await post_button(first, 8)
    async with running(stand_in.folder):
        answer = await control.post(
            "press", user="ada", message_id=message_id, custom_id="vote:8", wait=PATIENCE_S
        )
    assert answer["messages"][0]["content"] == "Ballot 8"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"user": "ben", "custom_id": "other"}, 409),
        ({"user": "nobody", "custom_id": "vote:7"}, 404),
        ({"user": "ben"}, 400),
    ],
    ids=["no such button", "no such user", "field missing"],
)
async def test_press__impossible__refused(
    bot: Bot, control: Control, body: dict[str, str], status: int
) -> None:
    with pytest.raises(ControlError) as refused:
        await control.post("press", message_id=await post_button(bot), **body)
    assert refused.value.status == status


async def test_press__ephemeral_of_another_user__refused(bot: Bot, control: Control) -> None:
    interaction = await pressed(bot, control)
    view = discord.ui.View(timeout=None)
    view.add_item(Vote(1))
    await interaction.response.send_message("yours", view=view, ephemeral=True)
    (shown,) = (await control.get(f"interactions/{interaction.id}"))["messages"]
    with pytest.raises(ControlError) as refused:
        await control.post("press", user="ada", message_id=shown["id"], custom_id="vote:1")
    assert refused.value.status == 409
    own = await control.post("press", user="ben", message_id=shown["id"], custom_id="vote:1", wait=PATIENCE_S)
    assert own["done"]


async def test_command__with_options__cast_and_answered(bot: Bot, control: Control) -> None:
    await bot.tree.sync()
    answer = await control.post(
        "command", user="ada", name="power", options={"who": "cleo", "at": "12"}, wait=PATIENCE_S
    )
    assert answer["messages"][0]["content"] == "cleo at 12"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("nothing", {}),
        ("power", {}),
        ("power", {"who": "ada", "x": 1}),
        ("power", {"who": "ada", "at": "soon"}),
    ],
    ids=["unknown", "option missing", "option unknown", "wrong type"],
)
async def test_command__impossible__refused(
    bot: Bot, control: Control, name: str, options: dict[str, Any]
) -> None:
    await bot.tree.sync()
    with pytest.raises(ControlError) as refused:
        await control.post("command", user="ada", name=name, options=options)
    assert refused.value.status == 409


async def test_modal__opened_and_submitted__answered(bot: Bot, control: Control) -> None:
    await bot.tree.sync()
    opened = await control.post("command", user="ada", name="why", wait=PATIENCE_S)
    assert (opened["callback"], opened["modal"]["title"]) == ("modal", "Why?")
    answer = await control.post(
        "modal", user="ada", interaction_id=opened["id"], values={"why": "harm"}, wait=PATIENCE_S
    )
    assert answer["messages"][0]["content"] == "Because: harm"


@pytest.mark.parametrize(
    ("user", "values"),
    [("ben", {"why": "x"}), ("ada", {}), ("ada", {"why": "x" * 41}), ("ada", {"other": "x"})],
    ids=["not theirs", "required", "too long", "no such field"],
)
async def test_modal__impossible__refused(
    bot: Bot, control: Control, user: str, values: dict[str, str]
) -> None:
    await bot.tree.sync()
    opened = await control.post("command", user="ada", name="why", wait=PATIENCE_S)
    with pytest.raises(ControlError) as refused:
        await control.post("modal", user=user, interaction_id=opened["id"], values=values)
    assert refused.value.status == 409


async def test_autocomplete__choices__returned(bot: Bot, control: Control) -> None:
    async def model(interaction: discord.Interaction, name: str) -> None:
        """Take anything."""

    async def suggest(interaction: discord.Interaction, typed: str) -> list[discord.app_commands.Choice[str]]:
        return [discord.app_commands.Choice(name=f"{typed}-employment", value="1")]

    command: Any = discord.app_commands.Command(name="model", description="One", callback=model)
    command.autocomplete("name")(suggest)
    bot.tree.add_command(command)
    await bot.tree.sync()
    answer = await control.post(
        "autocomplete", user="ada", name="model", options={"name": "acs"}, focused="name", wait=PATIENCE_S
    )
    assert answer["choices"] == [{"name": "acs-employment", "value": "1"}]


async def test_subcommand__nested_name__reaches_it(bot: Bot, control: Control) -> None:
    async def pause(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("paused", ephemeral=True)

    group = discord.app_commands.Group(name="propose", description="Propose")
    group.add_command(discord.app_commands.Command(name="pause", description="Pause", callback=pause))
    bot.tree.add_command(group)
    await bot.tree.sync()
    answer = await control.post("command", user="ada", name="propose pause", wait=PATIENCE_S)
    assert answer["messages"][0]["content"] == "paused"


async def test_callback__update__edits_the_pressed_message(bot: Bot, control: Control) -> None:
    interaction = await pressed(bot, control)
    await interaction.response.edit_message(content="Pressed", view=None)
    found = await control.get(f"interactions/{interaction.id}")
    assert (found["callback"], found["updates"], found["messages"]) == ("update", 1, [])
    assert (await control.get(f"messages/{found['message_id']}"))["content"] == "Pressed"


async def test_callback__deferred_update_then_follow_up__done_only_then(bot: Bot, control: Control) -> None:
    interaction = await pressed(bot, control)
    await interaction.response.defer()
    assert not (await control.get(f"interactions/{interaction.id}"))["done"]
    await interaction.followup.send("Counted", ephemeral=True)
    found = await control.get(f"interactions/{interaction.id}", wait=PATIENCE_S)
    assert (found["done"], found["messages"][0]["content"]) == (True, "Counted")


async def test_follow_up__after_deferred_answer__fills_it(bot: Bot, control: Control) -> None:
    interaction = await pressed(bot, control)
    await interaction.response.defer(ephemeral=True, thinking=True)
    await interaction.followup.send("first")
    await interaction.followup.send("second", ephemeral=True)
    found = await control.get(f"interactions/{interaction.id}")
    assert [one["content"] for one in found["messages"]] == ["first", "second"]
    assert found["messages"][0]["ephemeral"]
    assert (found["messages"][0]["edited"], found["messages"][0]["history"]) == (None, [])


async def test_original_response__fetched_and_deleted__gone(bot: Bot, control: Control) -> None:
    interaction = await pressed(bot, control)
    await interaction.response.send_message("for a moment", ephemeral=True)
    assert (await interaction.original_response()).content == "for a moment"
    await interaction.delete_original_response()
    assert (await control.get(f"interactions/{interaction.id}"))["messages"][0]["deleted"]


async def test_callback__second_time__refused(bot: Bot, control: Control) -> None:
    interaction = await pressed(bot, control)
    await interaction.response.defer()
    another_process: Any = discord.InteractionResponse(interaction)  # knows nothing of the first answer
    with pytest.raises(discord.HTTPException) as refused:
        await another_process.defer()
    assert refused.value.code == 40060


async def test_callback__after_the_bound__unknown_interaction(
    bot: Bot, control: Control, stand_in: StandIn
) -> None:
    interaction = await pressed(bot, control)
    stand_in.world.interactions[str(interaction.id)].created_s -= 3.1
    with pytest.raises(discord.NotFound) as refused:
        await interaction.response.defer()
    assert refused.value.code == 10062


async def test_follow_up__expired_token__refused(bot: Bot, control: Control) -> None:
    interaction = await pressed(bot, control)
    await interaction.response.defer(ephemeral=True, thinking=True)
    await control.post(f"interactions/{interaction.id}/expire")
    with pytest.raises(discord.HTTPException) as refused:
        await interaction.edit_original_response(content="too late")
    assert (refused.value.status, refused.value.code) == (401, 50027)


async def test_edit__ephemeral_by_channel__unknown_message(bot: Bot, control: Control) -> None:
    interaction = await pressed(bot, control)
    await interaction.response.send_message("private", ephemeral=True)
    private = await interaction.original_response()
    with pytest.raises(discord.NotFound):
        await bot.text_channel().get_partial_message(private.id).edit(content="public?")


async def test_press__in_direct_channel__user_without_guild(
    bot: Bot, control: Control, stand_in: StandIn
) -> None:
    ben = await bot.fetch_user(int(stand_in.world.find_user("ben").id))
    view = discord.ui.View(timeout=None)
    view.add_item(Vote(9))
    sent = await ben.send("Yours to vote", view=view)
    answer = await control.post(
        "press", user="ben", message_id=str(sent.id), custom_id="vote:9", wait=PATIENCE_S
    )
    assert answer["messages"][0]["content"] == "Ballot 9"
