"""Where to read on in the index: a place of the chain as a row. Reads only.

Rows are in the chain's order, but what a reorg took away comes back under new numbers. So whoever reads on
later says where it was by a place of the chain (block, index of the log in it), never by a row.
"""

from __future__ import annotations

from sqlalchemy import tuple_
from sqlmodel import Session, col, select

from tribune.store.tables import ChainEvent


def row_at(session: Session, place: tuple[int, int]) -> int:
    """Return a row id that every event before a place is below, and none at it or after it.

    Args:
        session: with the index.
        place: block number, and index of the log in the block.
    """
    last = session.exec(
        select(ChainEvent.id)
        .where(tuple_(col(ChainEvent.block_number), col(ChainEvent.log_index)) < place)
        .order_by(col(ChainEvent.block_number).desc(), col(ChainEvent.log_index).desc())
        .limit(1)
    ).first()
    return 0 if last is None else last + 1
