"""In which language a Discord user is told what happens later. Commits nothing."""

from __future__ import annotations

from sqlmodel import Session

from tribune.store.tables import Reader


def language_of(session: Session, discord_user_id: int) -> str | None:
    """Return the tag of the language in which a user last spoke to us; None where it is not known."""
    found = session.get(Reader, discord_user_id)
    return None if found is None else found.language


def remember(session: Session, discord_user_id: int, language: str) -> None:
    """Record the language in which a user speaks to us."""
    session.merge(Reader(discord_user_id=discord_user_id, language=language))
