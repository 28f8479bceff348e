"""Files for the programs around Tribune, made from the settings."""

from __future__ import annotations

import typer

from tribune.cli.running import SettingsFile, plain_errors

service = typer.Typer(no_args_is_help=True, help="Files for what runs and watches Tribune.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(service, name="service")


@service.command("alerts")
def alerts(settings: SettingsFile = None) -> None:
    """Print alert rules for Prometheus; thresholds are those of the settings."""
    from tribune.settings import load_settings
    from tribune.telemetry.alerts import rules_file

    with plain_errors():
        typer.echo(rules_file(load_settings(settings)), nl=False)
