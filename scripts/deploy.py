"""Deploy Tribune's contracts: `ape run deploy --network … --config FILE [--account ALIAS]`.

Refuses unsafe settings before it sends anything, can be run again after a failure, writes
`deployments/<chainId>.json` and ends with the check of `verify_roles`. `--dry-run` and `--plan` send nothing.
"""

from __future__ import annotations

import json
from pathlib import Path

import click
from ape.cli import ConnectedProviderCommand

from scripts.deployment import ape_key, chain_checks
from scripts.deployment import config as deployment_config
from scripts.deployment.run import by_key, by_plan, dry_run
from scripts.deployment.token_config import Holder, read_holders
from tribune.exceptions import ConfigurationError, TribuneError


@click.command(cls=ConnectedProviderCommand)
@click.option("--config", "path", type=Path, default=Path("deployments/local.toml"), show_default=True)
@click.option(
    "--holders", type=Path, help='JSON file with [{"address", "tokens"}], in place of the file\'s holders.'
)
@click.option("--account", "alias", help="Alias of the deployer's ape account; local chains have one.")
@click.option(
    "--folder", type=Path, default=Path("deployments"), show_default=True, help="Where the record goes."
)
@click.option("--dry-run", "dry", is_flag=True, help="Say and simulate every step; send nothing.")
@click.option(
    "--plan", type=Path, metavar="FOLDER", help="Write files for the [executive] to carry out; send nothing."
)
@click.option("--create", is_flag=True, help="With --plan: create the contracts with --account now.")
@click.option("--salt", default="", help="With --plan: a word; another one gives other addresses.")
@click.option("--anew", is_flag=True, help="Give up a deployment that was begun, and begin again.")
def cli(
    path: Path,
    holders: Path | None,
    alias: str | None,
    folder: Path,
    dry: bool,
    plan: Path | None,
    create: bool,
    salt: str,
    anew: bool,
) -> None:
    """Deploy all contracts, hand ADMIN to the executive, and write the record that every other part reads."""
    try:
        config = deployment_config.load(path, _holders(holders))
        node = ape_key.connected()
        for warning in chain_checks.check(config, node):
            click.echo(f"WARNING: {warning}")
        if plan is not None:
            account = ape_key.account(alias) if create else None
            by_plan(config, node, plan, salt, account, click.echo)
        elif dry:
            dry_run(config, node, str(ape_key.account(alias).address), click.echo)
        else:
            by_key(config, node, ape_key.account(alias), folder, anew, click.echo)
    except TribuneError as error:
        raise click.ClickException(str(error)) from error


def _holders(path: Path | None) -> tuple[Holder, ...]:
    try:
        return read_holders(json.loads(path.read_text(encoding="utf-8"))) if path else ()
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"The file of holders, {path}, cannot be read: {error}.") from error
