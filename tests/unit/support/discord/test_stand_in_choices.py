"""People choose roles and channels, hand in files, and have a language."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import discord
import pytest

from support.discord.client import Control, ControlError
from support.discord.sample import PATIENCE_S, Bot, Choice, find_description
from support.discord.server import StandIn


@pytest.fixture
async def stand_in(tmp_path: Path) -> AsyncIterator[StandIn]:
    """A stand-in with two channels and two roles."""
    rooms, roles = ("oversight", "proposals"), ("voters", "stewards")
    async with StandIn(tmp_path, openapi=find_description(), channels=rooms, roles=roles) as discord:
        yield discord
        report = discord.ledger.report()
    assert report["answers"] == []


@pytest.fixture
async def panel(bot: Bot) -> str:
    """Return the id of a message with selects."""
    return str((await bot.guilds[0].text_channels[0].send("Choose", view=Choice())).id)


async def ids(control: Control, kind: str) -> list[str]:
    return [one["id"] for one in (await control.get("state"))[kind]]


async def choose(control: Control, panel: str, custom_id: str, values: list[str]) -> str:
    press: dict[str, Any] = {"user": "ada", "message_id": panel, "custom_id": custom_id, "values": values}
    answer = await control.post("press", **press, wait=PATIENCE_S)
    return str(answer["messages"][0]["content"])


async def test_choose__roles__resolved(control: Control, panel: str) -> None:
    assert await choose(control, panel, "roles", (await ids(control, "roles"))[1:]) == "voters, stewards"


async def test_choose__no_role_where_none_is_needed__taken(control: Control, panel: str) -> None:
    assert await choose(control, panel, "roles", []) == "none"


async def test_choose__channel__resolved(control: Control, panel: str) -> None:
    assert await choose(control, panel, "room", (await ids(control, "channels"))[1:]) == "proposals"


@pytest.mark.parametrize("values", [[], ["17"]], ids=["too few", "not there"])
async def test_choose__impossible__refused(control: Control, panel: str, values: list[str]) -> None:
    with pytest.raises(ControlError) as refused:
        await choose(control, panel, "room", values)
    assert refused.value.status == 409


async def test_select__chosen_before__its_ids_are_text(bot: Bot, control: Control) -> None:
    room, view = bot.guilds[0].text_channels[1], Choice()
    view.room.default_values = [discord.SelectDefaultValue.from_channel(room)]
    sent = await bot.guilds[0].text_channels[0].send("Choose", view=view)
    shown = (await control.get(f"messages/{sent.id}"))["components"][1]["components"][0]
    assert shown["default_values"] == [{"id": str(room.id), "type": "channel"}]


async def test_command__file_channel_and_language__as_the_person_gave_them(
    bot: Bot, control: Control
) -> None:
    await bot.tree.sync()
    file = {"filename": "policy.toml", "base64": base64.b64encode(b"k = 2").decode()}
    options = {"text": file, "room": (await ids(control, "channels"))[1]}
    answer = await control.post(
        "command", user="ada", name="read", options=options, locale="de", wait=PATIENCE_S
    )
    assert answer["messages"][0]["content"] == "policy.toml: k = 2 in proposals de"
