"""Drafts of slow-lane proposals, each on the caller's session and in its transaction. Commits nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from tribune.store.tables import ProposalDraft, now


def add_draft(session: Session, draft: ProposalDraft) -> None:
    """Store a draft."""
    session.add(draft)


def draft_of(session: Session, draft_id: str) -> ProposalDraft | None:
    """Return a draft by its id."""
    return session.get(ProposalDraft, draft_id)


def drafts_by(session: Session, discord_user_id: int, within: timedelta, at: datetime | None = None) -> int:
    """Return how many drafts a user made in the last stretch of time."""
    since = (at or now()) - within
    statement = select(func.count()).select_from(ProposalDraft)
    return session.exec(
        statement.where(
            ProposalDraft.discord_user_id == discord_user_id, col(ProposalDraft.created_at) > since
        )
    ).one()
