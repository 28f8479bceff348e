"""How much of others' doing the relayer was asked to bring to the chain. Counts rows that are there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, or_
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
    """Return the same of all wallets, and the calls that were sent to the chain."""
    return (
        _count(session, StoredBallot, since, *_BALLOTS)
        + _count(session, SignedDelegation, since, *_DELEGATIONS)
        + _count(session, CallSignature, since)
        + _count(session, HolderCall, since, col(HolderCall.tx_hash) != "")
    )


# One without a signature was brought to the chain by its voter; one refused before it was sent cost nothing.
_BALLOTS = (
    col(StoredBallot.signature) != "",
    or_(col(StoredBallot.state) != str(BallotState.REJECTED), col(StoredBallot.tx_hash) != ""),
)
_DELEGATIONS = (col(SignedDelegation.state) != str(BallotState.REJECTED),)


def _count(session: Session, table: type[SQLModel], since: datetime, *conditions: object) -> int:
    made = col(table.created_at) > since  # type: ignore[attr-defined]
    return int(session.exec(select(func.count()).select_from(table).where(made, *conditions)).one())  # type: ignore[arg-type]
