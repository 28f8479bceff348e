"""A deployment that is being acted on: its record, its contracts, and where words go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from scripts.deployment import record
from scripts.deployment.node import Node
from scripts.deployment.record import Record
from tribune.chain import Tribune
from tribune.chain.client import Chain
from tribune.chain.deployments import load_deployment
from tribune.exceptions import ConfigurationError

T = TypeVar("T")
_TIMEOUT_S = 20.0


@dataclass
class Session:
    """Reads and words of one act.

    Args:
        node: the chain as scripts read it.
        record: of the deployment.
        tribune: its contracts, typed.
        runner: what the typed reads run on.
        say: takes each line for people.
        confirm: asks a yes-or-no question.
    """

    node: Node
    record: Record
    tribune: Tribune
    runner: asyncio.Runner
    say: Callable[[str], None]
    confirm: Callable[[str], bool]

    def ask(self, reading: Coroutine[Any, Any, T]) -> T:
        """Return what a typed read gives."""
        return self.runner.run(reading)


@contextmanager
def opened(
    node: Node, folder: Path, say: Callable[[str], None], confirm: Callable[[str], bool]
) -> Iterator[Session]:
    """Open the deployment of the connected chain, and close its client afterwards.

    Raises:
        ConfigurationError: nothing is recorded for this chain, or the connection is not over HTTP.
    """
    url = getattr(node.web3.provider, "endpoint_uri", None)
    if not str(url).startswith("http"):
        raise ConfigurationError("The node is not connected over HTTP.", mend="Choose another --network.")
    found, _ = record.read(folder, node.chain_id)
    with asyncio.Runner() as runner:
        chain = Chain(str(url), chain_id=node.chain_id, timeout_s=_TIMEOUT_S)
        tribune = Tribune(chain, load_deployment(folder, node.chain_id))
        try:
            yield Session(node, found, tribune, runner, say, confirm)
        finally:
            runner.run(tribune.close())
