"""Check who may do what: `ape run verify_roles --network …`. Fails if any key holds an admin right.

Replays the access manager's events from the deployment's block on, and checks the timelock's own roles too.
"""

from __future__ import annotations

import json
from pathlib import Path

import ape
import click
from ape.cli import ConnectedProviderCommand

from scripts.deployment.verify import verify


@click.command(cls=ConnectedProviderCommand)
@click.option(
    "--folder", type=Path, default=Path("deployments"), show_default=True, help="Where the record is."
)
def cli(folder: Path) -> None:
    """Print the holder of every role and fail on any that the plan does not name."""
    path = folder / f"{ape.chain.chain_id}.json"
    if not path.exists():
        raise click.ClickException(f"There is no {path}. Deploy first: ape run deploy.")
    record = json.loads(path.read_text())
    verify(record["addresses"], record["block"])
