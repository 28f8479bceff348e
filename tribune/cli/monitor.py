"""`tribune monitor …`: run an independent monitor, try one without a key, see how it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tribune.cli.options import Json, SettingsFile
from tribune.cli.running import plain_errors, run, serve
from tribune.cli.showing import say, show_json
from tribune.exceptions import ConfigurationError

if TYPE_CHECKING:
    import asyncio

    from tribune.settings import Settings

monitor = typer.Typer(no_args_is_help=True, help="Run an independent monitor.")
Name = Annotated[str, typer.Option(help="One of several, of the table monitors.NAME.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(monitor, name="monitor")


@monitor.command("run")
def monitor_run(
    name: Name = "",
    settings: SettingsFile = None,
    once: Annotated[bool, typer.Option("--once", help="Do what is due now, then end.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Measure and show; sign and send nothing. Needs no key.")
    ] = False,
    json: Json = False,
) -> None:
    """Watch models, measure due frames, sign and send reports.

    Without a key it shows what it would report, says where a key goes, and ends with an error. --json is for
    what a dry run found; otherwise the log tells what is done.
    """
    if json and not dry_run:
        with plain_errors():
            raise ConfigurationError(
                "--json is for what a dry run found.",
                mend="Add --dry-run, or let the log be JSON lines (logging.json_lines).",
            )

    async def part(read: Settings, stop: asyncio.Event) -> None:
        from tribune_monitors.app import run

        own = _of(read, name)
        if "monitor" in own.keys:
            await run(own, stop, once=once)
            return
        where = "TRIBUNE_KEYS__MONITOR__KEYSTORE, see docs/operating.md"
        typer.echo(f"There is no key for the role monitor ({where}): a dry run.", err=True)
        await _dry_run(own)
        raise ConfigurationError(  # who supervises it must not take this for work
            "Nothing was signed, since there is no key.", mend=f"Name one ({where}), or add --dry-run."
        )

    if dry_run:
        run(settings, lambda read: _dry_run(_of(read, name), json=json))
    else:
        serve(f"monitor-{name}" if name else "monitor", settings, part)


@monitor.command("status")
def monitor_status(
    name: Name = "",
    settings: SettingsFile = None,
    json: Json = False,
) -> None:
    """Say what this machine's monitors did, and whether they run."""

    async def part(read: Settings) -> None:
        from tribune_monitors.status import lines, read_status

        found = await read_status(_of(read, name))
        say(json, found.to_json(), "\n".join(lines(found)))

    run(settings, part)


def _of(read: Settings, name: str) -> Settings:
    return read.of_monitor(name) if name else read


async def _dry_run(settings: Settings, *, json: bool = False) -> None:
    from tribune_monitors.dry_run import lines, outlooks

    found = []
    async for outlook in outlooks(settings):
        found.append(outlook.to_json())
        if not json:
            typer.echo("\n".join(lines(outlook)))
    if json:
        show_json({"frames": found})
    elif not found:
        typer.echo("Nothing is due: no frame with an anchored log is open.")
