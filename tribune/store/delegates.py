"""Who votes with whose tokens, as the index has it. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from tribune.store.tables import ChainEvent

CONTRACT = "TribuneToken"


def largest_delegates(session: Session, limit: int) -> list[tuple[str, int]]:
    """Return (account, votes) of those with the most votes, the most first.

    The last change of each account says what it has: votes change by nothing that is not told.
    """
    newest = (
        select(func.max(ChainEvent.id))
        .where(ChainEvent.name == "DelegateVotesChanged", ChainEvent.contract == CONTRACT)
        .group_by(ChainEvent.args["delegate"].as_string())
    )
    rows = session.exec(select(ChainEvent.args).where(col(ChainEvent.id).in_(newest)))
    found = [(str(args["delegate"]), int(args["new_votes"])) for args in rows]
    return sorted((one for one in found if one[1]), key=lambda one: (-one[1], one[0]))[:limit]


def delegated_at(session: Session, wallets: Sequence[str]) -> dict[str, datetime]:
    """Return wallet → when it was delegated last; without those that never were."""
    rows = session.exec(
        select(ChainEvent.args, ChainEvent.block_time)
        .where(
            ChainEvent.name == "DelegateChanged",
            ChainEvent.contract == CONTRACT,
            ChainEvent.args["delegator"].as_string().in_(list(wallets)),
        )
        .order_by(col(ChainEvent.id))
    )
    return {str(args["delegator"]): time for args, time in rows}
