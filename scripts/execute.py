"""Carry out what was decided: `ape run execute CASE`, or `--proposal FILE` of the slow lane."""

from __future__ import annotations

from pathlib import Path

import click
from ape.cli import ConnectedProviderCommand

from scripts.acts import cases, proposals
from scripts.acts.command import deployment, key, sending
from tribune.ids import CaseId


@click.command(cls=ConnectedProviderCommand)
@click.argument("case", type=click.IntRange(min=1), required=False)
@click.option("--proposal", type=Path, help="File of a proposal, as the act that proposed it kept it.")
@sending
def cli(case: int | None, proposal: Path | None, folder: Path, alias: str | None, yes: bool) -> None:
    """Carry out a passed vote: of a case, or of a proposal (into the timelock first, then out of it)."""
    if (case is None) == (proposal is None):
        raise click.UsageError("Give the number of a case, or --proposal FILE.")
    with deployment(folder, yes=yes) as session:
        if case is not None:
            cases.execute_case(session, key(alias), CaseId(case))
        elif proposal is not None:
            proposals.advance(session, key(alias), proposal)
