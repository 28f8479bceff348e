"""What tests of the indexer do: open one, read its events, compare with an index made from nothing."""

from __future__ import annotations

from typing import Any

from sqlmodel import col, select

from tribune.chain.client import Chain
from tribune.chain.codec import Abi
from tribune.ids import Address
from tribune.store.session import Store, open_store
from tribune.store.tables import ChainEvent
from tribune.sync.indexer import Indexer

ABI = Abi("Emitter", [])


def indexer(chain: Chain, store: Store, emitter: Address, finality_blocks: int = 12) -> Indexer:
    chain.finality_blocks = finality_blocks
    return Indexer(chain, store, {emitter: ABI})


async def topics(indexer: Indexer, since: int = 0) -> list[int]:
    return [int(event.topics[0], 16) for event in await indexer.events_since(since)]


def events(store: Store) -> list[dict[str, Any]]:
    """The event table, but for the numbers of its rows."""
    with store.session(readonly=True) as session:
        rows = session.exec(select(ChainEvent).order_by(col(ChainEvent.id))).all()
        return [row.model_dump(exclude={"id"}) for row in rows]


async def rebuilt(chain: Chain, emitter: Address) -> list[dict[str, Any]]:
    """The event table of an index that is made now, from nothing."""
    with open_store("sqlite://") as fresh:
        await indexer(chain, fresh, emitter).catch_up()
        return events(fresh)
