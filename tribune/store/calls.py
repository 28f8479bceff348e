"""Holders' calls for a vote and the signatures under them. Commits nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, or_, update
from sqlmodel import Session, col, select

from tribune.store.queries import add_once
from tribune.store.states import CallState
from tribune.store.tables import CallSignature, HolderCall, now


def call_of(session: Session, call_id: int) -> HolderCall | None:
    """Return a call; None where there is none."""
    return session.get(HolderCall, call_id)


def call_citing(session: Session, evidence: str) -> HolderCall | None:
    """Return the call of a document; its digest names model, epoch and round, so there is at most one."""
    return session.exec(select(HolderCall).where(HolderCall.evidence == evidence)).first()


def add_call(session: Session, call: HolderCall) -> HolderCall:
    """Store a call; return the row in force, which is an earlier one where there is one for its document.

    Writers take turns, so no two can both find none.
    """
    known = call_citing(session, call.evidence)
    if known is not None:
        return known
    session.add(call)
    session.flush()
    return call


def calls_begun_by(session: Session, discord_user_id: int) -> int:
    """Return how many calls of a user still collect signatures."""
    statement = (
        select(func.count())
        .select_from(HolderCall)
        .where(HolderCall.discord_user_id == discord_user_id, HolderCall.state == CallState.COLLECTING)
    )
    return int(session.exec(statement).one())


def calls_to_watch(session: Session) -> Sequence[HolderCall]:
    """Return the calls that collect signatures, and those whose end a reorg may still undo, oldest first."""
    return session.exec(
        select(HolderCall)
        .where(or_(col(HolderCall.state) == str(CallState.COLLECTING), col(HolderCall.block_number) != 0))
        .order_by(col(HolderCall.id))
    ).all()


def newest_collecting(session: Session, limit: int) -> Sequence[HolderCall]:
    """Return the newest calls that collect signatures, newest first."""
    return session.exec(
        select(HolderCall)
        .where(HolderCall.state == CallState.COLLECTING)
        .order_by(col(HolderCall.id).desc())
        .limit(limit)
    ).all()


def signed_so_far(session: Session) -> tuple[int, int]:
    """Return how many calls and signatures there are: it changes with each that comes."""
    counts = [
        session.exec(select(func.count()).select_from(one)).one() for one in (HolderCall, CallSignature)
    ]
    return int(counts[0]), int(counts[1])


def change_call(session: Session, call_id: int, /, **values: Any) -> None:
    """Change a call's columns."""
    session.execute(
        update(HolderCall).where(col(HolderCall.id) == call_id).values(**values, updated_at=now())
    )


def signatures_of(session: Session, call_id: int) -> Sequence[CallSignature]:
    """Return the signatures under a call."""
    return session.exec(select(CallSignature).where(CallSignature.call_id == call_id)).all()


def add_signature(session: Session, call_id: int, signer: str, signature: str) -> bool:
    """Store a signature; return False, and change nothing, where the signer's is there already."""
    return add_once(session, CallSignature(call_id=call_id, signer=signer, signature=signature))


def drop_signature(session: Session, call_id: int, signer: str) -> None:
    """Forget a signature."""
    session.execute(
        delete(CallSignature).where(
            col(CallSignature.call_id) == call_id, col(CallSignature.signer) == signer
        )
    )
