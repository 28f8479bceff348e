"""Open the vote of a case: `ape run open_case CASE --network …`. Anyone may, once, within its window."""

from __future__ import annotations

from pathlib import Path

import click
from ape.cli import ConnectedProviderCommand

from scripts.acts import cases
from scripts.acts.command import deployment, key, sending
from tribune.ids import CaseId


@click.command(cls=ConnectedProviderCommand)
@click.argument("case", type=click.IntRange(min=1))
@sending
def cli(case: int, folder: Path, alias: str | None, yes: bool) -> None:
    """Open the vote of a case."""
    with deployment(folder, yes=yes) as session:
        cases.open_case(session, key(alias), CaseId(case))
