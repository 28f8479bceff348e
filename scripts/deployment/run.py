"""The three ways of a deployment: by a key, as files for an executive, and as a rehearsal."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak

from scripts.deployment import encoding, plan_files, progress, record
from scripts.deployment.ape_key import ApeKey, compiled
from scripts.deployment.carry_out import carry_out, create
from scripts.deployment.config import DeploymentConfig
from scripts.deployment.node import Node
from scripts.deployment.plan import addresses, steps
from scripts.deployment.progress import Progress
from scripts.deployment.simulate import simulate
from scripts.deployment.steps import Deploy
from scripts.deployment.verify import verify
from tribune.exceptions import ConfigurationError

Say = Callable[[str], None]


def by_key(config: DeploymentConfig, node: Node, account: Any, folder: Path, anew: bool, say: Say) -> None:
    """Deploy with an ape account, going on where an earlier run stopped.

    Raises:
        ConfigurationError: configuration, contracts, key or chain are not those of the earlier run.
        ChainError: a step failed, or the node does not answer.
        UnsafeDeploymentError: the outcome is not as planned.
    """
    key = ApeKey(account)
    plan, path = steps(config, key.address), progress.path_of(folder, node.chain_id)
    if anew:
        path.unlink(missing_ok=True)
    found = progress.read(path)
    state = found or Progress(path, node.chain_id, key.address, "", node.nonce(key.address), node.head)
    where = addresses(plan, key.address, state.first_nonce)
    transactions = encoding.by_key(plan, where, compiled)
    digest = encoding.digest(transactions)
    if found is None:
        state.plan = digest
    else:
        state.same(node.chain_id, key.address, digest)
        say(f"Going on after {len(found.done)} of {len(plan)} steps, as {path} has it.")
    carry_out(node, key, transactions, where, state, say)
    written = record.write(folder, node.chain_id, state.block, where, config)
    state.finish()
    say(f"Written: {written}")
    verify(node, record.read(folder, node.chain_id)[0], say)


def by_plan(
    config: DeploymentConfig, node: Node, folder: Path, salt: str, account: Any | None, say: Say
) -> None:
    """Write a deployment as files for its executive; with an account, create the contracts now.

    Raises:
        ConfigurationError: no executive is named, or the network lacks the factory.
        ChainError: a transaction would fail.
    """
    if config.executive is None:
        raise ConfigurationError(
            "A plan is carried out by an existing Safe, timelock or DAO, and the file names none.",
            mend='Add [executive] address = "0x…", or deploy with --account.',
        )
    if node.code(encoding.FACTORY) != encoding.FACTORY_CODE:
        raise ConfigurationError(
            f"This network has no deterministic deployment proxy at {encoding.FACTORY}.",
            mend="Put it there (anyone can), or deploy with --account, which needs no factory.",
        )
    word = keccak(text=f"tribune/1/{salt}")
    plan = steps(config, config.executive)
    where = encoding.factory_addresses(plan, compiled, word)
    transactions = encoding.by_factory(plan, where, compiled, word)
    manager = where["TribuneAccessManager"]
    # Somebody may have created it before: its first event, the grant of ADMIN, must be in the record's range.
    block = node.created(manager) if node.code(manager) else node.head
    if account is not None:
        create(node, ApeKey(account), plan_files.missing(transactions, where, node), where, say)
    left = (*plan_files.missing(transactions, where, node), *_calls(transactions))
    say(_simulated(simulate(node, left, config.executive)))
    files = plan_files.write(
        folder,
        transactions,
        where,
        compiled,
        node,
        executive=config.executive,
        created_ms=int(time.time() * 1000),
    )
    files.append(record.write(folder, node.chain_id, block, where, config))
    for path in files:
        say(f"Written: {path}")
    say(f"Nothing was sent. {folder / 'README.md'} says what to do." if account is None else "")


def dry_run(config: DeploymentConfig, node: Node, sender: str, say: Say) -> None:
    """Say and simulate every step of a deployment by a key.

    Raises:
        ChainError: a step would fail.
    """
    plan = steps(config, sender)
    where = addresses(plan, sender, node.nonce(sender))
    transactions = encoding.by_key(plan, where, compiled)
    for number, one in enumerate(transactions, start=1):
        place = f" at {where[one.step.name]}" if isinstance(one.step, Deploy) else ""
        say(f"{number:3}. {one.says}{place}")
    say(_simulated(simulate(node, transactions, sender)))
    say("Nothing was sent.")


def _calls(transactions: tuple[encoding.Transaction, ...]) -> tuple[encoding.Transaction, ...]:
    return tuple(one for one in transactions if not isinstance(one.step, Deploy))


def _simulated(gas: int | None) -> str:
    if gas is None:
        return "Could not be simulated: this node has no eth_simulateV1. Try it on a fork first."
    return f"Simulated: every step succeeds, {gas:,} gas together."
