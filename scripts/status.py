"""How every model stands, which cases are open and what can be done: `ape run status [MODEL] --network …`."""

from __future__ import annotations

from pathlib import Path

import click
from ape.cli import ConnectedProviderCommand

from scripts.acts import status as acts
from scripts.acts.command import deployment, reading
from tribune.ids import ModelId


@click.command(cls=ConnectedProviderCommand)
@click.argument("model", type=click.IntRange(min=1), required=False)
@reading
def cli(model: int | None, folder: Path) -> None:
    """Say how every model, or one, stands and what can be done next."""
    with deployment(folder) as session:
        acts.status(session, ModelId(model) if model is not None else None)
