"""The command that runs all parts of one settings file together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from tribune.cli.options import SettingsFile
from tribune.cli.running import serve

if TYPE_CHECKING:
    import asyncio

    from tribune.settings import Settings


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(up)


def up(settings: SettingsFile = None) -> None:
    """Run all that the settings file names together: pages, bot, monitors, sealing of logs.

    What ends by itself is started again; what cannot start at all ends everything and says why.
    """

    async def part(read: Settings, stop: asyncio.Event) -> None:
        import os

        from tribune.exceptions import ConfigurationError
        from tribune.log import get_logger
        from tribune.operations.parts import parts_of
        from tribune.operations.service_manager import ServiceManager
        from tribune.operations.supervisor import Supervisor, say_json, say_text

        parts = parts_of(read)
        if not parts:
            raise ConfigurationError(
                "The settings name nothing to run.",
                mend="Give keys.monitor for a monitor, a table web for the pages, discord.guild_id and "
                "keys.relayer for the bot, seal and keys.logger for a log.",
            )
        get_logger(__name__).info("starting", parts=[one.name for one in parts])
        options = () if settings is None else ("--settings", str(settings))
        say = say_json if read.logging.json_lines else say_text
        manager = ServiceManager.taken_from(os.environ)
        supervisor = Supervisor(
            parts,
            say,
            options=options,
            secrets=read.secret_variables,
            ready=lambda: manager.ready("Runs " + ", ".join(one.name for one in parts)),
        )
        async with manager.told_we_live():
            await supervisor.run(stop)
        get_logger(__name__).info("all parts have stopped")

    serve("up", settings, part)
