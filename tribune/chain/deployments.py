"""Where the contracts of one chain are: `deployments/<chainId>.json`, written by the deploy script.

```json
{"chain_id": 31337, "block": 12, "addresses": {"KillSwitch": "0x…"}, "parameters": {"…": 0}}
```
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tribune.chain.types import checksum
from tribune.exceptions import ConfigurationError
from tribune.ids import Address

_MEND = "Run `make demo` for a local chain, or `ape run deploy` for this one."


@dataclass(frozen=True, slots=True)
class Deployment:
    """The contracts of one chain."""

    chain_id: int
    block: int
    """First block that can hold an event of ours: where indexing starts."""
    addresses: Mapping[str, Address]
    """Address by contract name, such as `KillSwitch`."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """What the contracts were deployed with."""

    def address(self, name: str) -> Address:
        """Return a contract's address.

        Raises:
            ConfigurationError: this deployment has no such contract.
        """
        try:
            return self.addresses[name]
        except KeyError:
            raise ConfigurationError(
                f"The deployment on chain {self.chain_id} has no {name}.", mend=_MEND, contract=name
            ) from None


def load_deployment(folder: Path, chain_id: int) -> Deployment:
    """Read a chain's deployment.

    Raises:
        ConfigurationError: there is none, it cannot be read, or it is another chain's.
    """
    path = folder / f"{chain_id}.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(
            f"Nothing is deployed on chain {chain_id}: {path} does not exist.", mend=_MEND, chain_id=chain_id
        ) from None
    except (OSError, ValueError) as fault:
        raise ConfigurationError(
            f"The deployment file {path} cannot be read ({type(fault).__name__}).", mend=_MEND
        ) from None
    try:
        deployment = Deployment(
            chain_id=int(raw["chain_id"]),
            block=int(raw["block"]),
            addresses=MappingProxyType({str(k): checksum(v) for k, v in raw["addresses"].items()}),
            parameters=MappingProxyType(dict(raw.get("parameters", {}))),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise ConfigurationError(
            f"The deployment file {path} is not of its form ({type(fault).__name__}: {fault}).", mend=_MEND
        ) from None
    if deployment.chain_id != chain_id:
        raise ConfigurationError(
            f"The deployment file {path} is of chain {deployment.chain_id}, not {chain_id}.", mend=_MEND
        )
    return deployment
