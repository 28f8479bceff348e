"""The queue of signed delegations. Commits nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import Session, col, select

from tribune.store.states import BallotState
from tribune.store.tables import SignedDelegation, now


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


def mined_delegations(session: Session, within: timedelta, above: int) -> Sequence[SignedDelegation]:
    """Return the delegations that were found within this time in a later block than `above`."""
    return session.exec(
        select(SignedDelegation).where(
            SignedDelegation.state == BallotState.MINED,
            col(SignedDelegation.block_number) > above,
            col(SignedDelegation.updated_at) > now() - within,
        )
    ).all()
