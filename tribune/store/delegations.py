"""The queue of signed delegations. Commits nothing."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from tribune.store.tables import BallotState, SignedDelegation


def delegation_of(session: Session, delegator: str, nonce: int) -> SignedDelegation | None:
    """Return a wallet's delegation of a number."""
    return session.exec(
        select(SignedDelegation).where(
            SignedDelegation.delegator == delegator, SignedDelegation.nonce == nonce
        )
    ).first()


def waiting_delegations(session: Session, limit: int) -> Sequence[SignedDelegation]:
    """Return the oldest delegations that are in no block, as far as is known."""
    states = [str(BallotState.QUEUED), str(BallotState.RELAYED)]
    return session.exec(
        select(SignedDelegation)
        .where(col(SignedDelegation.state).in_(states))
        .order_by(col(SignedDelegation.id))
        .limit(limit)
    ).all()
