"""Whose wallet is whose, as far as their owners want others to see it. Commits nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import update
from sqlmodel import Session, col, select

from tribune.store.tables import WalletLink


def links_of(session: Session, discord_user_id: int) -> Sequence[WalletLink]:
    """Return a user's wallets, in the order in which they were linked."""
    return session.exec(
        select(WalletLink)
        .where(WalletLink.discord_user_id == discord_user_id)
        .order_by(col(WalletLink.linked_at))
    ).all()


def set_public(session: Session, discord_user_id: int, wallet: str, public: bool) -> bool:
    """Say whether others may see that a wallet is a user's; False where it is not linked to that user."""
    done = session.connection().execute(
        update(WalletLink)
        .where(col(WalletLink.discord_user_id) == discord_user_id, col(WalletLink.wallet) == wallet)
        .values(public=public)
    )
    return done.rowcount == 1


def public_owners(session: Session, wallets: Iterable[str]) -> dict[str, int]:
    """Return wallet → Discord user for those of these wallets whose owners made that public.

    A wallet that several users proved is nobody's alone, so it is left out.
    """
    found: dict[str, set[int]] = {}
    rows = session.exec(
        select(WalletLink).where(col(WalletLink.wallet).in_(list(wallets)), col(WalletLink.public))
    )
    for row in rows:
        found.setdefault(row.wallet, set()).add(row.discord_user_id)
    return {wallet: users.pop() for wallet, users in found.items() if len(users) == 1}
