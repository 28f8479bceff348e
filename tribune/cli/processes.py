"""Commands that run until they are stopped: monitor, bot, web, log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tribune.cli.running import Number, SettingsFile, serve
from tribune.ids import ModelId, VersionNumber

if TYPE_CHECKING:
    import asyncio

    from tribune.settings import Settings

monitor = typer.Typer(no_args_is_help=True, help="Run an independent monitor.")
bot = typer.Typer(no_args_is_help=True, help="Run the Discord bot.")
log = typer.Typer(no_args_is_help=True, help="A steward's decision log.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(monitor, name="monitor")
    app.add_typer(bot, name="bot")
    app.command()(web)
    app.add_typer(log, name="log")


@monitor.command("run")
def monitor_run(
    name: Annotated[
        str, typer.Option(help="One of several, of the table monitors.NAME.", show_default=False)
    ] = "",
    settings: SettingsFile = None,
) -> None:
    """Watch models, measure due frames, sign and send reports."""

    async def part(read: Settings, stop: asyncio.Event) -> None:
        from tribune_monitors.app import run

        await run(read.of_monitor(name) if name else read, stop)

    serve(f"monitor-{name}" if name else "monitor", settings, part)


@bot.command("run")
def bot_run(settings: SettingsFile = None) -> None:
    """Post cases, open their votes, relay ballots, carry out what passed."""

    async def part(read: Settings, stop: asyncio.Event) -> None:
        from tribune_bot.app import run

        await run(read, stop)

    serve("bot", settings, part)


def web(settings: SettingsFile = None) -> None:
    """Serve the ballot pages and evidence."""

    async def part(read: Settings, stop: asyncio.Event) -> None:
        from tribune.web.server import run

        await run(read, stop)

    serve("web", settings, part)


@log.command("seal")
def log_seal(model: Number, version: Number, settings: SettingsFile = None) -> None:
    """Seal each frame of a served version and anchor it on the chain, with the logger's key."""

    async def part(read: Settings, stop: asyncio.Event) -> None:
        from tribune.gate.logger import run

        await run(read, ModelId(model), VersionNumber(version), stop)

    serve(f"log-{model}-{version}", settings, part)
