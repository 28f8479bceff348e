"""How much of others' doing the relayer was asked to bring to the chain. Counts rows that are there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, union_all
from sqlmodel import Session, SQLModel, col, select

from tribune.store.states import BallotState
from tribune.store.tables import CallSignature, HolderCall, SignedDelegation, StoredBallot


def asked_by(session: Session, wallet: str, since: datetime) -> int:
    """Return how many ballots, delegations and signatures under calls a wallet gave since a time."""
    return (
        _count(session, StoredBallot, since, *_BALLOTS, col(StoredBallot.voter) == wallet)
        + _count(session, SignedDelegation, since, *_DELEGATIONS, col(SignedDelegation.delegator) == wallet)
        + _count(session, CallSignature, since, col(CallSignature.signer) == wallet)
    )


def asked_by_all(session: Session, since: datetime) -> int:
    """Return how many ballots and delegations all wallets gave, with the calls that were sent.

    Signatures under a call count once it is sent: before that they cost nothing.
    """
    return sum(_count(session, table, since, *conditions) for table, conditions in _OF_ALL)


def used_up_at(session: Session, since: datetime, most: int) -> datetime | None:
    """Return when so many of what `asked_by_all` counts had come since a time; None where they have not."""
    if most <= 0:
        return since
    times = [
        select(col(table.created_at)).where(col(table.created_at) > since, *conditions)  # type: ignore[attr-defined]
        for table, conditions in _OF_ALL
    ]
    made = union_all(*times).subquery().c[0]
    return session.exec(select(made).order_by(made).offset(most - 1).limit(1)).first()


# One without a signature was brought to the chain by its voter; one refused before it was sent cost nothing.
_BALLOTS = (
    col(StoredBallot.signature) != "",
    or_(col(StoredBallot.state) != str(BallotState.REJECTED), col(StoredBallot.tx_hash) != ""),
)
_DELEGATIONS = (col(SignedDelegation.state) != str(BallotState.REJECTED),)
_SENT = (col(HolderCall.tx_hash) != "",)
_OF_ALL: tuple[tuple[type[SQLModel], tuple[Any, ...]], ...] = (
    (StoredBallot, _BALLOTS),
    (SignedDelegation, _DELEGATIONS),
    (HolderCall, _SENT),
    (CallSignature, (col(CallSignature.call_id).in_(select(HolderCall.id).where(*_SENT)),)),
)


def _count(session: Session, table: type[SQLModel], since: datetime, *conditions: object) -> int:
    made = col(table.created_at) > since  # type: ignore[attr-defined]
    return int(session.exec(select(func.count()).select_from(table).where(made, *conditions)).one())  # type: ignore[arg-type]
