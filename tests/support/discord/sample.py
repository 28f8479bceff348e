"""A small bot of plain discord.py, with one of each: command, modal, persistent button. For tests only."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import discord
from discord import app_commands

from .client import connector, token

PATIENCE_S = 10.0


def find_description() -> Path | None:
    """Return Discord's OpenAPI description where it lies beside the checkout, else None."""
    found = Path(__file__).resolve().parents[4] / "shared" / "discord-openapi.json"
    return found if found.is_file() else None


class Reason(discord.ui.Modal, title="Why?"):
    """Asks for one line and says it back."""

    why: discord.ui.TextInput[Reason] = discord.ui.TextInput(label="Reason", custom_id="why", max_length=40)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"Because: {self.why.value}", ephemeral=True)


class Choice(discord.ui.View):
    """Asks for roles and a channel, and says what was chosen."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.select(cls=discord.ui.RoleSelect, custom_id="roles", min_values=0, max_values=2)
    async def roles(self, interaction: discord.Interaction, select: discord.ui.RoleSelect[Any]) -> None:
        """Say the roles."""
        await interaction.response.send_message(", ".join(one.name for one in select.values) or "none")

    @discord.ui.select(cls=discord.ui.ChannelSelect, custom_id="room")
    async def room(self, interaction: discord.Interaction, select: discord.ui.ChannelSelect[Any]) -> None:
        """Say the channel."""
        await interaction.response.send_message(select.values[0].name)


class Vote(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"vote:(?P<case>\d+)"):
    """Puts its answer off, then gives a link that only the voter sees."""

    def __init__(self, case: int) -> None:
        super().__init__(discord.ui.Button(label="Vote", custom_id=f"vote:{case}"))
        self.case = case

    @classmethod
    async def from_custom_id(cls, interaction: discord.Interaction, item: Any, match: Any) -> Vote:
        return cls(int(match["case"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        view = discord.ui.View()
        view.add_item(discord.ui.Button(label="Open the ballot", url=f"https://example.org/b/{self.case}"))
        await interaction.edit_original_response(content=f"Ballot {self.case}", view=view)


async def power(interaction: discord.Interaction, who: discord.User, at: int = 0) -> None:
    """Say what was asked for."""
    await interaction.response.send_message(f"{who.name} at {at}", ephemeral=True)


async def read(
    interaction: discord.Interaction, text: discord.Attachment, room: discord.TextChannel | None = None
) -> None:
    """Say what a file holds, where, and in which language."""
    held = (await text.read()).decode()
    await interaction.response.send_message(f"{text.filename}: {held} in {room} {interaction.locale.value}")


async def why(interaction: discord.Interaction) -> None:
    """Open the modal."""
    await interaction.response.send_modal(Reason())


class Bot(discord.Client):
    """Its commands are `/power who at`, `/read text room` and `/why`, its button is `Vote`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(intents=discord.Intents.default(), guild_ready_timeout=0.05, **options)
        self.tree = app_commands.CommandTree(self)
        self.resumed = asyncio.Event()
        self.failed: list[BaseException] = []
        self.tree.add_command(app_commands.Command(name="power", description="Yours", callback=power))
        self.tree.add_command(app_commands.Command(name="read", description="Files", callback=read))
        self.tree.add_command(app_commands.Command(name="why", description="Ask", callback=why))

    async def setup_hook(self) -> None:
        self.add_dynamic_items(Vote)

    async def on_resumed(self) -> None:
        self.resumed.set()

    def text_channel(self) -> discord.TextChannel:
        """Return the guild's one text channel from the cache."""
        (channel,) = self.guilds[0].text_channels
        return channel


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Bot]:
    """Start a bot against the stand-in of a folder, wait until it is ready, close it at the end."""
    bot = Bot(connector=connector(folder))
    async with bot:
        life = asyncio.create_task(bot.start(token(folder)))
        ready = asyncio.create_task(bot.wait_until_ready())
        await asyncio.wait({life, ready}, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
        if not bot.is_ready():
            ready.cancel()
            life.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await life  # raises what the start failed with
            raise TimeoutError("the bot did not become ready")
        yield bot
    with contextlib.suppress(asyncio.CancelledError):
        await life
