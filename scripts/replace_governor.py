"""Replace the PauseGovernor by one decision: `ape run replace_governor --config FILE [--plan FOLDER]`."""

from __future__ import annotations

from pathlib import Path

import click
from ape.cli import ConnectedProviderCommand

from scripts.acts import replacement
from scripts.acts.command import deciding, deployment, key
from scripts.deployment import config as deployment_config
from scripts.deployment.ape_key import compiled
from scripts.deployment.token_config import address
from tribune.ids import Address


@click.command(cls=ConnectedProviderCommand)
@click.option("--config", "path", type=Path, required=True, help="Its [fast_lane] is the new one's.")
@click.option("--new", metavar="0x…", help="One that was created before; left out, --account creates it.")
@deciding
def cli(path: Path, new: str | None, plan: Path | None, folder: Path, alias: str | None, yes: bool) -> None:
    """Create another PauseGovernor and propose it in the present one's place."""
    with deployment(folder, yes=yes) as session:
        lane = deployment_config.fast_lane(path)
        found: Address | None
        if new is not None:
            found = Address(address(new, "--new"))
        else:
            found = replacement.create(session, key(alias), compiled("PauseGovernor"), lane)
        if found is not None:
            replacement.replace(session, key(alias, plan), found, lane, plan=plan, folder=folder)
