"""The file that every other part reads: `deployments/<chainId>.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scripts.deployment.config import DeploymentConfig, ExistingToken
from scripts.deployment.role_table import ADMIN, HOLDERS
from tribune.exceptions import ConfigurationError


@dataclass(frozen=True)
class Record:
    """What stands where on one chain, and who decides there."""

    chain_id: int
    block: int
    """First block that can hold an event of ours: readers begin there."""
    addresses: Mapping[str, str]
    """Contract name → address; `TribuneToken` is the token that votes, whoever made it."""
    executive: str
    """Timelock, Safe or DAO that holds ADMIN."""
    guardian: str | None

    @classmethod
    def of(cls, config: DeploymentConfig, chain_id: int, block: int, where: Mapping[str, str]) -> Record:
        """Return the record of a deployment whose created contracts stand at `where`."""
        given = {"TribuneToken": config.token.address} if isinstance(config.token, ExistingToken) else {}
        executive = config.executive or where[HOLDERS[ADMIN]]
        return cls(chain_id, block, {**where, **given}, executive, config.guardian)


def write(
    folder: Path, chain_id: int, block: int, addresses: dict[str, str], config: DeploymentConfig
) -> Path:
    """Write the record of a deployment and return its path.

    Args:
        folder: where records are.
        chain_id: of the chain.
        block: first block of the deployment.
        addresses: of the contracts that it created.
        config: what it was made with.
    """
    record = Record.of(config, chain_id, block, addresses)
    parameters = {
        "slow_lane": asdict(config.slow_lane) if config.slow_lane else None,
        "fast_lane": asdict(config.fast_lane),
        "switch": asdict(config.switch),
        "registry": asdict(config.registry),
        "vote_span_s": config.vote_span_s,
    }
    return save(folder, record, parameters)


def save(folder: Path, record: Record, parameters: Mapping[str, Any]) -> Path:
    """Write a record with what the contracts were deployed with; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{record.chain_id}.json"
    content = {
        **asdict(record),
        "addresses": dict(sorted(record.addresses.items())),
        "parameters": parameters,
    }
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return path


def read(folder: Path, chain_id: int) -> tuple[Record, dict[str, Any]]:
    """Return a chain's record and the parameters beside it.

    Raises:
        ConfigurationError: there is none, or it is not of its form.
    """
    path = folder / f"{chain_id}.json"
    if not path.exists():
        raise ConfigurationError(f"There is no {path}.", mend="Deploy first: ape run deploy.")
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        parameters = dict(raw.pop("parameters"))
        found = Record(**raw)
    except (OSError, ValueError, TypeError, KeyError) as fault:
        raise ConfigurationError(f"{path} is not of its form ({fault}).", mend="Deploy again.") from fault
    if found.chain_id != chain_id:
        raise ConfigurationError(f"{path} is of chain {found.chain_id}, not {chain_id}.", mend="Rename it.")
    return found, parameters
