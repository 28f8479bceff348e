"""What the bot keeps: which subject has which message, and what that message shows. Commits nothing."""

from __future__ import annotations

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from tribune.store.queries import add_once
from tribune.store.states import OutboxState
from tribune.store.tables import OutboxRow, PostedMessage, WalletLink, now


def intent_met(session: Session, key: str) -> None:
    """Record that a message whose intent was stored is out: it is no work that waits any more."""
    session.execute(
        update(OutboxRow)
        .where(col(OutboxRow.key) == f"post/{key}")
        .values(state=OutboxState.DONE, updated_at=now())
    )


def record_posted(
    session: Session, subject: str, channel_id: int, message_id: int, digest: str
) -> PostedMessage:
    """Record a subject's message; return the row in force, which is an earlier one where there is one."""
    row = PostedMessage(subject=subject, channel_id=channel_id, message_id=message_id, digest=digest)
    add_once(session, row)
    intent_met(session, subject)
    kept = session.get(PostedMessage, subject)
    if kept is None:  # the insert and this read are one transaction
        raise AssertionError("a recorded message cannot be absent")
    return kept


def record_shown(session: Session, subject: str, digest: str) -> None:
    """Record what a subject's message shows now."""
    session.execute(
        update(PostedMessage)
        .where(col(PostedMessage.subject) == subject)
        .values(digest=digest, updated_at=now())
    )


def posted_subjects(session: Session, prefix: str) -> list[str]:
    """Return the subjects with a message that begin with this prefix."""
    rows = session.exec(
        select(PostedMessage.subject).where(col(PostedMessage.subject).startswith(prefix, autoescape=True))
    )
    return list(rows)


def unlink_wallet(session: Session, discord_user_id: int, wallet: str) -> bool:
    """Forget a user's wallet; False where it was not linked."""
    done = session.connection().execute(
        delete(WalletLink).where(
            col(WalletLink.discord_user_id) == discord_user_id, col(WalletLink.wallet) == wallet
        )
    )
    return done.rowcount == 1


def unlink_from_others(session: Session, discord_user_id: int, wallet: str) -> bool:
    """Forget that a wallet is anybody else's; say whether it was."""
    done = session.connection().execute(
        delete(WalletLink).where(
            col(WalletLink.discord_user_id) != discord_user_id, col(WalletLink.wallet) == wallet
        )
    )
    return bool(done.rowcount)
