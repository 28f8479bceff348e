"""Deploy Tribune's contracts: `ape run deploy --network … [--config FILE] [--account ALIAS]`.

Follows `scripts/deployment/plan.py` step by step, checks the addresses that follow from the deployer's nonce,
writes `deployments/<chainId>.json`, and ends with the check of `verify_roles`. Refuses unsafe settings before
it sends anything.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ape
import click
from ape.cli import ConnectedProviderCommand

from scripts.deployment import config as deployment_config
from scripts.deployment import record
from scripts.deployment.plan import Deploy, addresses, resolved, steps
from scripts.deployment.token_config import read_holders
from scripts.deployment.verify import verify
from tribune.exceptions import TribuneError


@click.command(cls=ConnectedProviderCommand)
@click.option("--config", "config_path", type=Path, default=Path("deployments/local.toml"), show_default=True)
@click.option(
    "--holders", type=Path, help='JSON file with [{"address", "tokens"}], in place of the file\'s holders.'
)
@click.option(
    "--account", "alias", help="Alias of the deployer's ape account; a development account if left out."
)
@click.option(
    "--folder", type=Path, default=Path("deployments"), show_default=True, help="Where the record goes."
)
def cli(config_path: Path, holders: Path | None, alias: str | None, folder: Path) -> None:
    """Deploy all contracts, hand ADMIN to the timelock, and write the record that every other part reads."""
    try:
        listed = read_holders(json.loads(holders.read_text())) if holders else ()
        config = deployment_config.load(config_path, listed)
    except TribuneError as error:
        raise click.ClickException(str(error)) from error
    except (OSError, ValueError) as error:
        raise click.ClickException(f"The file of holders, {holders}, cannot be read: {error}.") from error
    deployer = ape.accounts.load(alias) if alias else ape.accounts.test_accounts[0]
    plan = steps(config, deployer.address)
    where = addresses(plan, deployer.address, deployer.nonce)
    block = ape.chain.blocks.head.number
    deployed: dict[str, Any] = {}
    for step in plan:
        arguments = resolved(step.arguments, where.__getitem__)
        if isinstance(step, Deploy):
            contract = deployer.deploy(getattr(ape.project, step.contract), *arguments)
            if contract.address != where[step.name]:
                raise click.ClickException(
                    f"{step.name} is at {contract.address}, not at {where[step.name]}: another transaction "
                    "of the deployer got in between. Deploy again with an account that nothing else uses."
                )
            deployed[step.name] = contract
            click.echo(f"{step.name:22} {contract.address}")
        else:
            getattr(deployed[step.name], step.function)(*arguments, sender=deployer)
            click.echo(f"{'':22} {step.name}.{step.function}: {step.why}")
    path = record.write(folder, ape.chain.chain_id, block, where, config)
    click.echo(f"Written: {path}")
    verify(where, block)
