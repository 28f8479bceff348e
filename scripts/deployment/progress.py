"""How far a deployment has come: `deployments/<chainId>.partial.json`, written after each mined step.

Written whole and moved into place, so that a crash leaves the old file or the new one. Holds no secret. What
it says is checked against the chain before anything goes on.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tribune.exceptions import ConfigurationError

_ANEW = "Go back to them, or give up what was deployed and begin again with --anew."


@dataclass(frozen=True)
class Done:
    """A mined step."""

    says: str
    tx: str
    block: int
    block_hash: str


@dataclass
class Progress:
    """The state of one deployment by one key."""

    path: Path
    chain_id: int
    deployer: str
    plan: str
    """Digest of all transactions: changes with the configuration and with the contracts."""
    first_nonce: int
    block: int
    """Block before the first transaction: readers of events begin there."""
    done: list[Done] = field(default_factory=list)
    sending: str | None = None
    """Hash of a transaction that may have been sent, and is not known to be mined."""

    def save(self) -> None:
        """Write the file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        kept = {**asdict(self), "path": None}
        beside = self.path.with_suffix(".writing")
        with beside.open("w", encoding="utf-8") as file:
            file.write(json.dumps(kept, indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)

    def finish(self) -> None:
        """Remove the file: the record stands in its place now."""
        self.path.unlink(missing_ok=True)

    def same(self, chain_id: int, deployer: str, plan: str) -> None:
        """Raise ConfigurationError unless this is the progress of that plan by that key."""
        if self.chain_id != chain_id:
            raise ConfigurationError(f"{self.path} is of chain {self.chain_id}, not {chain_id}.", mend=_ANEW)
        if self.deployer != deployer:
            raise ConfigurationError(
                f"{self.path}: the deployment was begun by {self.deployer}, not by {deployer}.",
                mend="Use that account, or begin again with --anew.",
            )
        if self.plan != plan:
            raise ConfigurationError(
                f"The configuration or the contracts changed since the deployment in {self.path} began.",
                mend=_ANEW,
            )


def path_of(folder: Path, chain_id: int) -> Path:
    """Return where a chain's progress is kept."""
    return folder / f"{chain_id}.partial.json"


def read(path: Path) -> Progress | None:
    """Return the progress that a file holds, None where there is none.

    Raises:
        ConfigurationError: the file is not of its form.
    """
    if not path.exists():
        return None
    try:
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        done = [Done(**step) for step in raw.pop("done")]
        return Progress(**{**raw, "path": path, "done": done})
    except (OSError, ValueError, TypeError, KeyError) as fault:
        raise ConfigurationError(f"{path} is not of its form ({fault}).", mend=_ANEW) from fault
