"""Check who may do what: `ape run verify_roles --network …`. Fails if any key holds an admin right.

Replays the access manager's events from the deployment's block on, and checks authorities, hubs, the
timelock's own roles and the parameters too.
"""

from __future__ import annotations

from pathlib import Path

import click
from ape.cli import ConnectedProviderCommand

from scripts.deployment import record
from scripts.deployment.ape_key import connected
from scripts.deployment.verify import verify
from tribune.exceptions import TribuneError


@click.command(cls=ConnectedProviderCommand)
@click.option(
    "--folder", type=Path, default=Path("deployments"), show_default=True, help="Where the record is."
)
def cli(folder: Path) -> None:
    """Print the holder of every role and the parameters; fail on anything beside the record."""
    try:
        node = connected()
        verify(node, record.read(folder, node.chain_id)[0], click.echo)
    except TribuneError as error:
        raise click.ClickException(str(error)) from error
