"""Bring a model's policy before the executive: `ape run set_policy MODEL policy.toml --panel 0x… …`."""

from __future__ import annotations

from pathlib import Path

import click
from ape.cli import ConnectedProviderCommand

from scripts.acts import policies
from scripts.acts.command import deciding, deployment, key
from scripts.deployment.token_config import address
from tribune.ids import Address, ModelId


@click.command(cls=ConnectedProviderCommand)
@click.argument("model", type=click.IntRange(min=1))
@click.argument("policy", type=Path)
@click.option("--panel", multiple=True, metavar="0x…", help="A monitor; give it once for each of them.")
@deciding
def cli(
    model: int,
    policy: Path,
    panel: tuple[str, ...],
    plan: Path | None,
    folder: Path,
    alias: str | None,
    yes: bool,
) -> None:
    """Propose a model's policy to the slow lane, or write it for the executive."""
    with deployment(folder, yes=yes) as session:
        who = [Address(address(one, "--panel")) for one in panel]
        policies.set_policy(session, key(alias, plan), ModelId(model), policy, who, plan=plan, folder=folder)
