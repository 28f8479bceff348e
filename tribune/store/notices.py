"""Who is to be told about what they signed, and what became of it. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from tribune.store.states import BallotState, CallState
from tribune.store.tables import CallSignature, HolderCall, SignedDelegation, StoredBallot, WalletLink


def owners_of(session: Session, wallet: str) -> list[int]:
    """Return the Discord users who proved a wallet."""
    return list(session.exec(select(WalletLink.discord_user_id).where(WalletLink.wallet == wallet)))


def refused_ballots(session: Session, since: datetime) -> Sequence[StoredBallot]:
    """Return the ballots that were refused since a time."""
    return session.exec(
        select(StoredBallot)
        .where(StoredBallot.state == BallotState.REJECTED, col(StoredBallot.updated_at) >= since)
        .order_by(col(StoredBallot.id))
    ).all()


def ended_delegations(session: Session, since: datetime) -> Sequence[SignedDelegation]:
    """Return the signed delegations that were mined or refused since a time."""
    ended = [str(BallotState.MINED), str(BallotState.REJECTED)]
    return session.exec(
        select(SignedDelegation)
        .where(col(SignedDelegation.state).in_(ended), col(SignedDelegation.updated_at) >= since)
        .order_by(col(SignedDelegation.id))
    ).all()


def ended_calls(session: Session, since: datetime) -> Sequence[HolderCall]:
    """Return the holders' calls that opened a vote, or can open none any more, since a time."""
    return session.exec(
        select(HolderCall)
        .where(HolderCall.state != CallState.COLLECTING, col(HolderCall.updated_at) >= since)
        .order_by(col(HolderCall.id))
    ).all()


def signers_of(session: Session, call_id: int) -> list[str]:
    """Return the wallets that signed a call."""
    return list(session.exec(select(CallSignature.signer).where(CallSignature.call_id == call_id)))
