"""Bring a monitor before the executive: `ape run admit_monitor 0x… NAME [--uri …]`, or `--dismiss`."""

from __future__ import annotations

from pathlib import Path

import click
from ape.cli import ConnectedProviderCommand

from scripts.acts import policies
from scripts.acts.command import deciding, deployment, key
from scripts.deployment.token_config import address
from tribune.ids import Address


@click.command(cls=ConnectedProviderCommand)
@click.argument("who", metavar="ADDRESS")
@click.argument("name", required=False)
@click.option("--uri", default="", help="Where the monitor presents itself.")
@click.option("--dismiss", is_flag=True, help="Bar it from new panels instead.")
@deciding
def cli(
    who: str,
    name: str | None,
    uri: str,
    dismiss: bool,
    plan: Path | None,
    folder: Path,
    alias: str | None,
    yes: bool,
) -> None:
    """Propose to admit a monitor (or to dismiss it), or write it for the executive."""
    if dismiss == (name is not None):
        raise click.UsageError("Give the monitor's name, or --dismiss.")
    with deployment(folder, yes=yes) as session:
        account, sender = Address(address(who, "The monitor")), key(alias, plan)
        if name is None:
            policies.dismiss_monitor(session, sender, account, plan=plan, folder=folder)
        else:
            policies.admit_monitor(session, sender, account, name, uri, plan=plan, folder=folder)
