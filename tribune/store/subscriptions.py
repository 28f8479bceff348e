"""Who asked for direct messages about a model. Commits nothing."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func
from sqlmodel import Session, col, delete, select

from tribune.store.tables import ChainEvent, Subscription

EVERY_MODEL = 0


def subscribe(session: Session, discord_user_id: int, model_id: int, language: str) -> None:
    """Record that a user wants messages about a model, or about `EVERY_MODEL`, in a language."""
    kept = session.get(Subscription, (discord_user_id, model_id))
    if kept is None:
        kept = Subscription(discord_user_id=discord_user_id, model_id=model_id)
    kept.language = language
    session.add(kept)


def unsubscribe(session: Session, discord_user_id: int, model_id: int | None = None) -> int:
    """Forget a user's subscription, or all of them where no model is given; return how many there were."""
    statement = delete(Subscription).where(col(Subscription.discord_user_id) == discord_user_id)
    if model_id is not None:
        statement = statement.where(col(Subscription.model_id) == model_id)
    return int(session.connection().execute(statement).rowcount)


def subscriptions_of(session: Session, discord_user_id: int) -> Sequence[Subscription]:
    """Return what a user gets messages about."""
    return session.exec(
        select(Subscription)
        .where(Subscription.discord_user_id == discord_user_id)
        .order_by(col(Subscription.model_id))
    ).all()


def subscribers_of(session: Session, model_id: int) -> dict[int, str]:
    """Return user → language of those who want messages about a model."""
    rows = session.exec(
        select(Subscription)
        .where(col(Subscription.model_id).in_([model_id, EVERY_MODEL]))
        .order_by(col(Subscription.discord_user_id))
    )
    return {row.discord_user_id: row.language for row in rows}


def newest_event(session: Session) -> int:
    """Return the row id of the newest event, 0 where there is none."""
    return int(session.exec(select(func.max(ChainEvent.id))).one() or 0)


def model_of_case(session: Session, case_id: int) -> int | None:
    """Return the model of a case, None where the index does not have it."""
    opened = session.exec(
        select(ChainEvent).where(ChainEvent.name == "CaseOpened").order_by(col(ChainEvent.id).desc())
    )
    return next((event.model_id for event in opened if event.args["case_id"] == case_id), None)
