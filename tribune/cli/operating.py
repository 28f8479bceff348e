"""Commands for whoever keeps an installation well: doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tribune.cli.running import SettingsFile

if TYPE_CHECKING:
    from tribune.operations.doctor import Line


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(doctor)


def doctor(
    settings: SettingsFile = None,
    json: Annotated[bool, typer.Option("--json", help="Give the findings as JSON.")] = False,
) -> None:
    """Say what is right, what is not, and how to mend it; end with 1 where something is not ok."""
    import asyncio
    from dataclasses import asdict
    from json import dumps

    from tribune.exceptions import ConfigurationError
    from tribune.log import configure
    from tribune.operations.doctor import Line, examine, passed
    from tribune.operations.finding import not_ok
    from tribune.settings import DEFAULT_FILE, load_settings

    configure(process="doctor", json=False, level="CRITICAL")  # what matters is in the findings
    try:
        read = load_settings(settings)
    except ConfigurationError as fault:
        lines = [Line("settings", not_ok(fault.message, fault.mend))]
    else:
        file = settings or (DEFAULT_FILE if DEFAULT_FILE.is_file() else None)
        lines = asyncio.run(examine(read, file))
    if json:
        print(
            dumps(
                [{"check": one.check, **asdict(one.finding)} for one in lines], ensure_ascii=False, indent=1
            )
        )
    else:
        for one in lines:
            _show(one)
    if not passed(lines):
        raise typer.Exit(1)


def _show(line: Line) -> None:
    found = line.finding
    print(f"{found.outcome:<8} {line.check:<10} {found.says}")
    if found.mend:
        print(f"{'':<19} → {found.mend}")
