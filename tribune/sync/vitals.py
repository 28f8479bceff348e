"""Vital signs that every process on chain and store has: nodes, newest block, clocks, outbox, balance.

Each sign is read for telemetry alone: nothing here decides, and what cannot be read is an error for
`tribune.telemetry.watch` to note.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from tribune.chain.heads import split
from tribune.chain.types import COIN
from tribune.exceptions import ChainUnreachableError
from tribune.store.vitals import StoreVitals, store_vitals

if TYPE_CHECKING:
    from tribune.chain.client import Chain
    from tribune.ids import Address
    from tribune.store.session import Store
    from tribune.telemetry import Telemetry


class ChainVitals:
    """Reads what the nodes show.

    Args:
        chain: the chain.
        clock: the local clock, Unix time.
    """

    def __init__(self, chain: Chain, clock: Callable[[], float] = time.time) -> None:
        self._chain = chain
        self._clock = clock
        self._seen = -1
        self._looked_at: float | None = None

    async def __call__(self, telemetry: Telemetry) -> None:
        """Ask every node.

        Raises:
            ChainUnreachableError: none answered; what could be read is shown all the same.
        """
        views = await self._chain.views()
        telemetry.show_all("tribune_rpc_up", {view.name: view.head is not None for view in views})
        heads = {view.name: view.head for view in views if view.head is not None}
        telemetry.show_all("tribune_rpc_head_number", {name: head.number for name, head in heads.items()})
        telemetry.show("tribune_rpc_split_view", split(views))
        for name, failures in self._chain.rpc.failures.items():
            telemetry.show("tribune_rpc_errors_total", failures, endpoint=name)
        if not heads:
            raise ChainUnreachableError(f"No node shows its newest block ({views[0].error}).")
        newest = max(heads.values(), key=lambda head: head.number)
        telemetry.show("tribune_chain_head_number", newest.number)
        telemetry.show("tribune_chain_head_timestamp_seconds", newest.timestamp)
        self._compare(telemetry, newest.number, newest.timestamp)

    def _compare(self, telemetry: Telemetry, number: int, timestamp: int) -> None:
        """Show by how much the local clock is surely wrong against a new block's time.

        The block came between the last look and this one; what that leaves open is taken as right.
        """
        local, before = self._clock(), self._looked_at
        if number != self._seen:
            skew = min(0.0, local - timestamp)  # a block of the future
            if before is not None:
                skew = max(skew, before - timestamp)  # it came after the last look, and says that it is older
            telemetry.show("tribune_clock_skew_seconds", skew)
        self._seen, self._looked_at = number, local


async def read_store(store: Store, telemetry: Telemetry) -> None:
    """Show what waits in a store's outbox, and how far its index is where it has one.

    Raises:
        StoreError: it does not answer.
    """
    found: StoreVitals = await store.read(store_vitals)
    telemetry.show_all("tribune_outbox_rows", found.rows)
    telemetry.show("tribune_outbox_oldest_seconds", found.oldest_s)
    telemetry.show("tribune_ballot_oldest_seconds", found.ballot_s)
    if found.indexed is not None:
        telemetry.show("tribune_index_block", found.indexed)


async def read_balance(chain: Chain, address: Address, role: str, telemetry: Telemetry) -> None:
    """Show what a key has to pay gas with.

    Raises:
        ChainError: we could not look.
    """
    telemetry.show("tribune_balance_coins", await chain.balance(address) / COIN, role=role)
