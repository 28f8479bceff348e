"""`/setup` and direct messages over a real gateway connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from integration.bot.world import BotWorld, labels
from support.discord.world import DIRECT_CHANNEL, Message
from tribune.store import server as chosen
from tribune.store.session import open_store
from tribune_bot.posting.notices import owe

if TYPE_CHECKING:
    from support.chain import TestChain


def settings_of(world: BotWorld) -> dict[str, Any]:
    guild = world.settings.discord.guild_id or 0
    with open_store(world.settings.store_url) as store, store.session() as session:
        return chosen.server_settings(session, guild)


def part_id(message: Message, begin: str) -> str:
    """Return the custom_id of a part of a message."""
    ids = [str(part["custom_id"]) for row in message.components for part in row["components"]]
    return next(one for one in ids if one.startswith(begin))


async def test_setup__admin__chooses_language_channel_and_quiet_hours(
    chain: TestChain, world: BotWorld
) -> None:
    world.start()
    await world.until(lambda: world.discord.gateway.connected, "the gateway")
    owner = world.discord.world.owner
    panel = await world.answered(world.command(owner.name, "setup"))
    assert panel.ephemeral
    assert "I may do all that I need there" in panel.content

    world.people.press(owner, panel.id, part_id(panel, "tribune:setup:language:de"))
    await world.until(lambda: settings_of(world).get("language") == "de", "the language")
    channel = world.discord.world.channel.id
    world.people.press(owner, panel.id, part_id(panel, "tribune:setup:cases_channel"), [channel])
    await world.until(lambda: settings_of(world).get("cases_channel") == int(channel), "the channel")

    opened = world.people.press(owner, panel.id, part_id(panel, "tribune:setup:quiet"))
    await world.until(lambda: opened.modal, "the form")
    world.people.submit(owner, opened, {"zone": "Europe/Nowhere", "start": "22:00", "end": "7:00"})
    await world.until(lambda: "Europe/Nowhere" in panel.content, "the refusal")
    assert "quiet" not in settings_of(world)
    again = world.people.press(owner, panel.id, part_id(panel, "tribune:setup:quiet"))
    await world.until(lambda: again.modal, "the form")
    world.people.submit(owner, again, {"zone": "Europe/Berlin", "start": "22:00", "end": "7:00"})
    await world.until(lambda: settings_of(world).get("quiet"), "the quiet hours")

    world.people.press(
        owner, panel.id, part_id(panel, "tribune:setup:trip_roles"), [world.discord.world.guild_id]
    )
    await world.until(lambda: "@everyone" in panel.content.replace("\u200b", ""), "the refusal")
    assert "trip_roles" not in settings_of(world)
    await world.halt()


async def test_setup__anyone_else__is_refused(chain: TestChain, world: BotWorld) -> None:
    world.start()
    await world.until(lambda: world.discord.gateway.connected, "the gateway")
    answer = await world.answered(world.command("cleo", "setup"))
    assert answer.ephemeral
    assert "Only who may manage this server" in answer.content
    assert not labels(answer)
    await world.halt()


async def test_direct_message__promised_before_a_restart__is_told_once(
    chain: TestChain, world: BotWorld
) -> None:
    ada = world.discord.world.find_user("ada")
    with open_store(world.settings.store_url) as store, store.session() as session:
        owe(session, int(ada.id), "x", "Your vote was counted.", [("The vote", "https://dao.example/b/7")])

    def told() -> list[Message]:
        channels = world.discord.world.channels.values()
        own = [one for one in channels if one.kind == DIRECT_CHANNEL and one.recipient == ada]
        return [message for one in own for message in world.discord.world.messages_in(one.id)]

    world.start()
    [message] = await world.until(told, "the direct message")
    assert message.content == "Your vote was counted."
    assert labels(message) == ["The vote"]
    await world.kill()
    world.start()
    await world.until(lambda: world.discord.gateway.identified > 1, "the second start")
    await world.answered(world.command("ada", "wallets"))
    assert len(told()) == 1
    assert world.messages == []
    await world.halt()
