"""The file that every other part reads: `deployments/<chainId>.json`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from scripts.deployment.config import DeploymentConfig


def write(
    folder: Path, chain_id: int, block: int, addresses: dict[str, str], config: DeploymentConfig
) -> Path:
    """Write the record of a deployment and return its path.

    `block` is the first block of the deployment; readers of events begin there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{chain_id}.json"
    record = {
        "chain_id": chain_id,
        "block": block,
        "addresses": dict(sorted(addresses.items())),
        "parameters": {
            "slow_lane": asdict(config.slow_lane) if config.slow_lane else None,
            "fast_lane": asdict(config.fast_lane),
            "switch": asdict(config.switch),
            "vote_span_s": config.vote_span_s,
        },
    }
    path.write_text(json.dumps(record, indent=2) + "\n")
    return path
