"""Leases: one process at a time does what a name stands for. Each act is one statement, and safe between two.

A lease ends by the clock that its caller passes: the database's, which all who share it go by, never the
chain's, which a node may tell wrong. One that would last twice as long as any can was written by a clock
that was wrong, and is free. It keeps honest processes apart; it does not stop one that acts after its lease
ended, so what it guards must be safe to do twice. Commits nothing.
"""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime, timedelta

from sqlalchemy import Insert, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from tribune.store.tables import Lease


def database_time(session: Session) -> datetime:
    """Return the database's time, once the caller's turn has come; this machine's where it is a file of it.

    A time from before the turn is older than what the one before it wrote.
    """
    session.connection()  # takes the turn
    if session.get_bind().dialect.name == "postgresql":
        told: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
        return told.astimezone(UTC)
    return datetime.now(UTC)


def take_lease(session: Session, name: str, holder: str, now: datetime, ttl: timedelta) -> Lease | None:
    """Take a lease that is free, ended, or this holder's own; None where another has it.

    Args:
        session: the caller's transaction.
        name: what only one may do.
        holder: who asks; new for each process.
        now: the present time, by the clock that all who ask go by.
        ttl: how long it lasts unless renewed.
    """
    on = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    mine = {"holder": holder, "host": platform.node(), "pid": os.getpid(), "until": now + ttl}
    statement: Insert = (
        on(Lease)
        .values(name=name, **mine)
        .on_conflict_do_update(
            index_elements=[col(Lease.name)],
            set_=mine,
            where=or_(col(Lease.until) <= now, col(Lease.until) > now + 2 * ttl, col(Lease.holder) == holder),
        )
        .returning(Lease)
    )
    return session.execute(statement, execution_options={"populate_existing": True}).scalar()


def renew(session: Session, name: str, holder: str, now: datetime, ttl: timedelta) -> Lease | None:
    """Make a holder's own lease last longer; None where it lost it to another or gave it up."""
    statement = (
        update(Lease)
        .where(col(Lease.name) == name, col(Lease.holder) == holder)
        .values(until=now + ttl)
        .returning(Lease)
    )
    return session.execute(statement, execution_options={"populate_existing": True}).scalar()


def release(session: Session, name: str, holder: str) -> bool:
    """Give up a holder's own lease; False where it has none."""
    statement = delete(Lease).where(col(Lease.name) == name, col(Lease.holder) == holder)
    return session.connection().execute(statement).rowcount == 1


def lease_of(session: Session, name: str) -> Lease | None:
    """Return who has or last had a lease, so that one who is turned away can say so."""
    return session.get(Lease, name)


def held(session: Session, begin: str, now: datetime) -> list[str]:
    """Return the names of leases that begin so and have not ended."""
    name = col(Lease.name)
    found = select(name).where(name.startswith(begin, autoescape=True), col(Lease.until) > now)
    return list(session.execute(found).scalars())
