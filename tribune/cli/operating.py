"""Commands for whoever keeps an installation well: doctor, backup, restore, service."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tribune.cli.data import free, progress, write
from tribune.cli.options import Force, Json, Output, SettingsFile
from tribune.cli.running import plain_errors, redactor_of
from tribune.cli.showing import json_text, painted, say
from tribune.wording import counted

if TYPE_CHECKING:
    from tribune.log import Redactor
    from tribune.operations.doctor import Line


service = typer.Typer(no_args_is_help=True, help="Files for what starts `tribune up` and watches it.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(doctor)
    app.command()(backup)
    app.command()(restore)
    app.add_typer(service, name="service")


def doctor(
    settings: SettingsFile = None,
    json: Json = False,
) -> None:
    """Say what is right, what is not, and how to mend it; end with 1 where something is not ok."""
    import asyncio
    from dataclasses import asdict

    from tribune.exceptions import ConfigurationError
    from tribune.log import configure
    from tribune.operations.doctor import Line, examine, passed
    from tribune.operations.finding import not_ok
    from tribune.settings import DEFAULT_FILE, load_settings

    configure(process="doctor", json=False, level="CRITICAL")  # what matters is in the findings
    read = None
    try:
        read = load_settings(settings)
    except ConfigurationError as fault:
        lines = [Line("settings", not_ok(fault.message, fault.mend))]
    else:
        file = settings or (DEFAULT_FILE if DEFAULT_FILE.is_file() else None)
        lines = asyncio.run(examine(read, file))
    redactor = redactor_of(read)
    if json:
        found = [redactor.value("", {"check": one.check, **asdict(one.finding)}) for one in lines]
        print(json_text(found), end="")
    else:
        for one in lines:
            _show(one, redactor)
    if not passed(lines):
        raise typer.Exit(1)


BackupFile = Annotated[Path, typer.Argument(help="The backup.", show_default=False)]


def backup(
    file: BackupFile,
    settings: SettingsFile = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Write what cannot be made again from the chain into one file: rows, deployments, settings. No keys."""
    from tribune.operations.archive import write_archive
    from tribune.operations.backup import make_backup
    from tribune.settings import DEFAULT_FILE, load_settings

    with plain_errors(), progress(json) as tell:
        free(file, force)
        read = load_settings(settings)
        place = settings or (DEFAULT_FILE if DEFAULT_FILE.is_file() else None)
        made, counts = make_backup(read, place, tell=tell)
        tell(f"Writing {file}")
        write_archive(file, made, force=force)
    words = _counted(f"Wrote {file}", counts)
    after = "Keys, passwords and tokens are not in it: keep them apart."
    say(json, {"file": str(file), "rows": counts}, f"{words}\n{after}")


def restore(
    file: BackupFile,
    settings: SettingsFile = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Put a backup into the places that the settings name, after every digest was checked."""
    from tribune.operations.archive import read_archive
    from tribune.operations.backup import restore_backup

    with plain_errors(), progress(json) as tell:
        tell(f"Reading {file}")
        archive = read_archive(file)
        counts = restore_backup(archive, settings, force=force, tell=tell)
    made_at = archive.facts.get("made_at")
    words = _counted(f"Restored what was kept at {made_at or 'an unknown time'}", counts)
    after = "The index of the chain is read again. Bring the keys, then run: tribune doctor"
    say(json, {"made_at": made_at, "rows": counts}, f"{words}\n{after}")


@service.command("systemd")
def service_systemd(
    settings: SettingsFile = None,
    output: Output = None,
    program: Annotated[
        str, typer.Option(help="The command tribune; by default this one.", show_default=False)
    ] = "",
    user: Annotated[
        str, typer.Option(help="Who runs it; by default a user of its own.", show_default=False)
    ] = "",
    force: Force = False,
) -> None:
    """Print a systemd unit for what the settings file names."""
    from tribune.operations.service import systemd_unit
    from tribune.settings import load_settings

    with plain_errors():
        _put(
            output,
            systemd_unit(load_settings(settings), program=program, user=user),
            force,
        )


@service.command("container")
def service_container(settings: SettingsFile = None, output: Output = None, force: Force = False) -> None:
    """Print a Containerfile for what the settings file names."""
    from tribune.operations.container import container_file
    from tribune.settings import load_settings

    with plain_errors():
        _put(output, container_file(load_settings(settings)), force)


@service.command("alerts")
def service_alerts(settings: SettingsFile = None, output: Output = None, force: Force = False) -> None:
    """Print alert rules for Prometheus; thresholds are those of the settings."""
    from tribune.settings import load_settings
    from tribune.telemetry.alerts import rules_file

    with plain_errors():
        _put(output, rules_file(load_settings(settings)), force)


def _put(output: Path | None, text: str, force: bool) -> None:
    if output is None:
        typer.echo(text, nl=False)
        return
    free(output, force)
    write(output, text.encode(), force)
    typer.echo(f"Wrote {output}: read it before you install it.", err=True)


def _counted(done: str, counts: dict[str, int]) -> str:
    return f"{done}: " + ", ".join(f"{counted(rows, 'row')} of {name}" for name, rows in counts.items())


def _show(line: Line, redactor: Redactor) -> None:
    found = line.finding
    print(f"{painted(f'{found.outcome:<8}')} {line.check:<10} {redactor.text(found.says)}")
    if found.mend:
        print(f"{'':<19} → {redactor.text(found.mend)}")
