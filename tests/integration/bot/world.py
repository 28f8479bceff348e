"""A bot over a real gateway connection to the stand-in Discord, on a real chain: for tests of the bot."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from support.discord.people import People
from support.discord.server import StandIn
from support.discord.world import Interaction, Message
from tribune.settings import ChainSettings, DiscordSettings, KeySource, Settings, WebSettings
from tribune_bot.app import run

Found = TypeVar("Found")

PATIENCE_S = 40.0
URL = "http://127.0.0.1:8000"


@dataclass
class BotWorld:
    """The stand-in, the chain, and the bot between them."""

    discord: StandIn
    settings: Settings
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    @property
    def people(self) -> People:
        return People(self.discord.world, self.discord.gateway)

    @property
    def messages(self) -> list[Message]:
        """Messages of the channel that are still there."""
        world = self.discord.world
        return [one for one in world.messages_in(world.channel.id) if not one.deleted]

    def start(self) -> None:
        self.stop = asyncio.Event()
        self.task = asyncio.create_task(run(self.settings, self.stop))

    async def halt(self) -> None:
        """Shut the bot down as SIGTERM does."""
        assert self.task is not None
        self.stop.set()
        await asyncio.wait_for(self.task, PATIENCE_S)

    async def kill(self) -> None:
        """End the bot where it stands."""
        assert self.task is not None
        self.task.cancel()
        await asyncio.wait({self.task}, timeout=PATIENCE_S)
        if not self.task.done():
            raise AssertionError(f"the bot does not end: {asyncio.all_tasks()}")
        with contextlib.suppress(asyncio.CancelledError):
            self.task.result()

    async def until(self, found: Callable[[], Found | None], what: str) -> Found:
        """Wait until something holds; fail at once where the bot has ended."""
        ends = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends:
            if value := found():
                return value
            if self.task is not None and self.task.done():
                self.task.result()
                raise AssertionError("the bot has ended")
            await self.discord.world.wait_beyond(self.discord.world.revision, 0.1)
        seen = [message.content for message in self.messages]
        raise AssertionError(f"waited in vain for: {what}; messages: {seen}")

    async def message(self, part: str) -> Message:
        """Wait for a message of the channel that contains this."""
        return await self.until(lambda: next((m for m in self.messages if part in m.content), None), part)

    async def answered(self, interaction: Interaction) -> Message:
        """Wait for the private answer to a press or a command."""
        return await self.until(lambda: self._answer(interaction), "an answer")

    def _answer(self, one: Interaction) -> Message | None:
        done = one.original is not None and one.original.content
        return one.original if done else None

    def press(self, user: str, message: Message, label: str) -> Interaction:
        world = self.discord.world
        button = next(
            part for row in message.components for part in row["components"] if part.get("label") == label
        )
        return self.people.press(world.find_user(user), message.id, button["custom_id"])

    def command(self, user: str, name: str, **options: Any) -> Interaction:
        world = self.discord.world
        return self.people.command(world.find_user(user), name, options, world.channel)


def labels(message: Message) -> list[str]:
    """Return the labels of a message's buttons."""
    return [part["label"] for row in message.components for part in row["components"]]


@asynccontextmanager
async def bot_world(folder: Path, http_url: str, ws_url: str, monkeypatch: Any) -> AsyncIterator[BotWorld]:
    """Start the stand-in and make settings of a bot that speaks there."""
    from support.anvil import RELAYER_KEY
    from support.discord.sample import find_description

    monkeypatch.setenv("TEST_RELAYER_KEY", RELAYER_KEY)
    async with StandIn(folder / "discord", openapi=find_description()) as discord:
        settings = Settings(
            chain=ChainSettings(http_url=http_url, ws_url=ws_url),
            discord=DiscordSettings(
                guild_id=int(discord.world.guild_id),
                channel_id=int(discord.world.channel.id),
                token_file=folder / "discord" / "bot-token",
                connect_host="127.0.0.1",
                connect_port=discord.rest_port,
                ca_file=folder / "discord" / "ca.pem",
            ),
            web=WebSettings(public_url=URL),
            keys={"relayer": KeySource(env="TEST_RELAYER_KEY")},
            deployments=folder,
            store_url=f"sqlite:///{folder / 'bot.db'}",
            evidence_urls=[str(folder / "evidence")],
        )
        world = BotWorld(discord, settings)
        try:
            yield world
        finally:
            if world.task is not None and not world.task.done():
                await world.kill()
