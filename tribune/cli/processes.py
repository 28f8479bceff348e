"""Commands that run until they are stopped: bot, web, log. A monitor's are in `monitor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from tribune.cli.options import OfModel, OfVersion, SettingsFile
from tribune.cli.running import serve
from tribune.ids import ModelId, VersionNumber

if TYPE_CHECKING:
    import asyncio

    from tribune.settings import Settings

bot = typer.Typer(no_args_is_help=True, help="Run the Discord bot.")
log = typer.Typer(no_args_is_help=True, help="A steward's decision log.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(bot, name="bot")
    app.command()(web)
    app.add_typer(log, name="log")


@bot.command("run")
def bot_run(settings: SettingsFile = None) -> None:
    """Post cases, open their votes, relay ballots, carry out what passed."""

    async def part(read: Settings, stop: asyncio.Event) -> None:
        from tribune_bot.app import run

        await run(read, stop)

    serve("bot", settings, part)


def web(settings: SettingsFile = None) -> None:
    """Serve the dashboard, the JSON API, ballot pages and evidence."""

    async def part(read: Settings, stop: asyncio.Event) -> None:
        from tribune.web.server import run

        await run(read, stop)

    serve("web", settings, part)


@log.command("seal")
def log_seal(model: OfModel, version: OfVersion, settings: SettingsFile = None) -> None:
    """Seal each frame of a served version and anchor it on the chain, with the logger's key."""

    async def part(read: Settings, stop: asyncio.Event) -> None:
        from tribune.gate.sealing.logger import run

        await run(read, ModelId(model), VersionNumber(version), stop)

    serve(f"log-{model}-{version}", settings, part)
