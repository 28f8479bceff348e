"""The command line: the one place where parts are put together.

Every command prints plain errors with their mend and ends with the code of the error.
Heavy parts are imported by the command that needs them.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from tribune.exceptions import TribuneError
from tribune.ids import Cid, ModelId, VersionNumber
from tribune.settings import Settings, load_settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Token holders watch over the AI models that act in their name, and can stop them.",
)
monitor = typer.Typer(no_args_is_help=True, help="Run an independent monitor.")
bot = typer.Typer(no_args_is_help=True, help="Run the Discord bot.")
log = typer.Typer(no_args_is_help=True, help="A steward's decision log.")
verify = typer.Typer(no_args_is_help=True, help="Check what others say.")
app.add_typer(monitor, name="monitor")
app.add_typer(bot, name="bot")
app.add_typer(log, name="log")
app.add_typer(verify, name="verify")

SettingsFile = Annotated[
    Path | None, typer.Option("--settings", help="A TOML file; ./tribune.toml is read where it exists.")
]
Number = Annotated[int, typer.Argument(min=1, max=2**32 - 1, help="Counted from 1.")]


@monitor.command("run")
def monitor_run(settings: SettingsFile = None) -> None:
    """Watch models, measure due frames, sign and send reports."""
    _serve("monitor", settings, lambda read, stop: _monitor(read, stop))


@bot.command("run")
def bot_run(settings: SettingsFile = None) -> None:
    """Post cases, open their votes, relay ballots, carry out what passed."""
    _serve("bot", settings, lambda read, stop: _bot(read, stop))


@app.command()
def web(settings: SettingsFile = None) -> None:
    """Serve the ballot pages and evidence."""
    _serve("web", settings, lambda read, stop: _web(read, stop))


@log.command("seal")
def log_seal(model: Number, version: Number, settings: SettingsFile = None) -> None:
    """Seal each frame of a served version and anchor it on the chain, with the logger's key."""

    async def run(read: Settings, stop: asyncio.Event) -> None:
        from tribune.gate.logger import run as run_logger

        await run_logger(read, ModelId(model), VersionNumber(version), stop)

    _serve("logger", settings, run)


@app.command()
def status(model: Number, settings: SettingsFile = None) -> None:
    """Say where a model stands, read from the chain."""

    async def run(read: Settings) -> None:
        from tribune.chain import Tribune
        from tribune.reports.oversight import watched

        async with await Tribune.connect(read) as tribune:
            model_id = ModelId(model)
            name = await tribune.model_registry.name(model_id)
            if not name:
                raise TribuneError(f"There is no model {model}.", mend="Models are counted from 1.")
            found = await tribune.kill_switch.status(model_id)
            until = f" until {found.until:%Y-%m-%d %H:%M:%S} UTC at the latest" if found.until else ""
            oversight = watched(found.oversight, in_service=found.is_operational)
            print(f"{name} v{found.version}: {found.state}{until}")
            print(f"oversight {found.oversight}: {oversight}")
            if found.halted:
                end = f" until {found.halted_until:%Y-%m-%d %H:%M:%S} UTC" if found.halted_until else ""
                print(f"all models are halted{end}")
            if found.case_id:
                print(f"case {found.case_id}")

    _run(settings, run)


@verify.command("report")
def verify_report(cid: str, settings: SettingsFile = None) -> None:
    """Recompute a report from the sealed log, and name the first cell that differs."""

    async def run(read: Settings) -> None:
        from tribune_monitors.recheck import recheck

        outcome = await recheck(read, Cid(cid))
        print(outcome.words)
        if not outcome.same:
            raise typer.Exit(1)

    _run(settings, run)


async def _monitor(settings: Settings, stop: asyncio.Event) -> None:
    from tribune_monitors.app import run

    await run(settings, stop)


async def _bot(settings: Settings, stop: asyncio.Event) -> None:
    from tribune_bot.app import run

    await run(settings, stop)


async def _web(settings: Settings, stop: asyncio.Event) -> None:
    from tribune.web.server import run

    await run(settings, stop)


def _serve(
    process: str,
    file: Path | None,
    part: Callable[[Settings, asyncio.Event], Coroutine[Any, Any, None]],
) -> None:
    """Run a part until SIGINT or SIGTERM."""

    async def run(settings: Settings) -> None:
        from tribune.log import configure

        configure(process=process, json=settings.logging.json_lines, level=settings.logging.level)
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop.set)
        await part(settings, stop)

    _run(file, run)


def _run(file: Path | None, part: Callable[[Settings], Coroutine[Any, Any, None]]) -> None:
    try:
        asyncio.run(part(load_settings(file)))
    except TribuneError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(error.exit_code) from None


def main() -> None:
    """Enter the command line."""
    app(prog_name="tribune")


if __name__ == "__main__":
    main()
