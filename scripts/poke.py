"""Record how a case ended, or a frame without report: `ape run poke --case N`, or `--model M --frame F`."""

from __future__ import annotations

from pathlib import Path

import click
from ape.cli import ConnectedProviderCommand

from scripts.acts import cases
from scripts.acts.command import deployment, key, sending
from tribune.ids import CaseId, FrameIndex, ModelId


@click.command(cls=ConnectedProviderCommand)
@click.option("--case", type=click.IntRange(min=1), help="The case whose vote or window is over.")
@click.option("--model", type=click.IntRange(min=1), help="With --frame: the model.")
@click.option("--frame", type=click.IntRange(min=1), help="The frame without an accepted report.")
@sending
def cli(
    case: int | None, model: int | None, frame: int | None, folder: Path, alias: str | None, yes: bool
) -> None:
    """Record how a case ended, or that nobody reported on a frame in time. Anyone may."""
    if (case is None) == (model is None) or (model is None) != (frame is None):
        raise click.UsageError("Give --case, or --model and --frame.")
    with deployment(folder, yes=yes) as session:
        if case is not None:
            cases.poke_case(session, key(alias), CaseId(case))
        elif model is not None and frame is not None:
            cases.poke_stale(session, key(alias), ModelId(model), FrameIndex(frame))
