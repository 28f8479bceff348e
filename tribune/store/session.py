"""Open the database: one `Store` a process, one transaction a `with store.session()`.

Both databases keep the same two promises. Writing transactions take turns: each takes the database's one
write lock at its start (`BEGIN IMMEDIATE` on SQLite, an advisory lock on PostgreSQL), so that what it reads
stays true until it has written, and it waits instead of failing half-way. Reading transactions wait for
nobody and see one moment (WAL on SQLite, repeatable read on PostgreSQL). Every database error comes out as
`StoreError`.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool
from sqlmodel import Session, create_engine

from tribune.exceptions import StoreError

__all__ = ["Session", "Store", "make_engine", "open_store"]

P = ParamSpec("P")
R = TypeVar("R")

BUSY_TIMEOUT_MS = 10_000
"""Longest wait for the turn to write."""

WRITE_LOCK = 0x7472_6962
"""Any constant number: PostgreSQL's advisory locks are named by integers, for each database."""

_POSTGRES = {
    # A server that is gone is noticed in seconds, not by the system's defaults of minutes to hours.
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}


class Store:
    """The database behind a URL.

    Args:
        url: `sqlite:///file.db`, `sqlite://` (in memory, for tests) or `postgresql://user@host/database`
            (needs the extra `tribune-dao[postgres]`).

    Raises:
        StoreError: the URL cannot be used.
    """

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        self._reading = self.engine.execution_options(takes_turn=False)
        self._brief: list[Engine] = []
        if self.engine.dialect.name == "postgresql":
            self._reading = self._reading.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        # An in-memory database is one connection, so its transactions take turns.
        self._turn = threading.RLock() if isinstance(self.engine.pool, StaticPool) else None

    @contextlib.contextmanager
    def session(self, *, readonly: bool = False) -> Iterator[Session]:
        """Open a transaction: committed when the block ends, rolled back when it raises.

        Rows stay readable after the commit. Do not await inside.

        Raises:
            StoreError: the database could not be opened, read or written.
        """
        with self._turn or contextlib.nullcontext():
            try:
                with Session(self._reading if readonly else self.engine, expire_on_commit=False) as session:
                    yield session
                    session.commit()
            except SQLAlchemyError as fault:
                raise _store_error(fault) from fault

    async def run(
        self, work: Callable[Concatenate[Session, P], R], /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Do `work(session, …)` as one writing transaction in a worker thread."""
        return await asyncio.to_thread(lambda: self._in_transaction(False, work, *args, **kwargs))

    async def read(
        self, work: Callable[Concatenate[Session, P], R], /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Do `work(session, …)` as one reading transaction in a worker thread."""
        return await asyncio.to_thread(lambda: self._in_transaction(True, work, *args, **kwargs))

    def _in_transaction(
        self, readonly: bool, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        with self.session(readonly=readonly) as session:
            return work(session, *args, **kwargs)

    def brief_engine(self, timeout_ms: int) -> Engine:
        """Return an engine for single statements that must not wait long; it is closed with the store."""
        if self._turn is not None:  # in memory there is one connection
            return self.engine
        engine = make_engine(
            self.engine.url.render_as_string(hide_password=False), busy_timeout_ms=timeout_ms
        )
        self._brief.append(engine)
        return engine.execution_options(takes_turn=False)  # one statement needs no turn before it begins

    def upgrade(self) -> None:
        """Create the tables or bring them to this release; nothing to do is quick."""
        from tribune.store.upgrade import upgrade_engine

        upgrade_engine(self.engine)

    def close(self) -> None:
        """Close all connections."""
        for engine in (self.engine, *self._brief):
            engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_store(url: str) -> Store:
    """Open a store and bring its tables to this release.

    Raises:
        StoreError: the database cannot be opened or migrated.
    """
    store = Store(url)
    store.upgrade()
    return store


def make_engine(url: str, *, busy_timeout_ms: int | None = None) -> Engine:
    """Return an engine with the settings that this project relies on.

    Args:
        url: as of a store.
        busy_timeout_ms: longest wait for a turn to write; None: ten seconds.

    Raises:
        StoreError: the URL is malformed or its driver is not installed.
    """
    try:
        parsed = make_url(url)
        if url in ("sqlite://", "sqlite:///:memory:"):
            engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
        elif url.startswith("sqlite"):
            engine = create_engine(url, connect_args={"check_same_thread": False})
        else:
            if parsed.drivername in ("postgres", "postgresql"):
                parsed = parsed.set(drivername="postgresql+psycopg")
            args = {key: value for key, value in _POSTGRES.items() if key not in parsed.query}
            engine = create_engine(parsed, pool_pre_ping=True, connect_args=args)
    except (
        ArgumentError,
        NoSuchModuleError,
        ImportError,
        ValueError,
    ) as fault:  # ValueError: a port like "abc"
        raise StoreError(
            f"The store's address cannot be used ({type(fault).__name__}).",
            mend="Set TRIBUNE_STORE_URL to sqlite:///file.db or postgresql://user@host/database (which needs "
            "pip install 'tribune-dao[postgres]').",
        ) from None
    if engine.dialect.name == "sqlite":

        def prepare(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
            _prepare_sqlite(connection, busy_timeout_ms or BUSY_TIMEOUT_MS)

        event.listen(engine, "connect", prepare)
        event.listen(engine, "begin", _begin_sqlite)
    else:

        def begin(connection: Connection) -> None:
            _begin_postgres(connection, busy_timeout_ms or BUSY_TIMEOUT_MS)

        event.listen(engine, "begin", begin)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, busy_timeout_ms: int) -> None:
    connection.isolation_level = None  # Python's own implicit BEGIN comes too late to take the write lock
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {busy_timeout_ms}")
    _use_wal(cursor, busy_timeout_ms)
    cursor.execute("PRAGMA synchronous = FULL")  # an outbox row must survive a power cut
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _use_wal(cursor: sqlite3.Cursor, busy_timeout_ms: int) -> None:
    """Turn WAL on; two processes that do so at once on a fresh file are not made to wait by SQLite itself."""
    deadline = time.monotonic() + busy_timeout_ms / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as fault:
            if fault.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    takes_turn = connection.get_execution_options().get("takes_turn", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if takes_turn else "BEGIN")


def _begin_postgres(connection: Connection, busy_timeout_ms: int) -> None:
    if connection.get_execution_options().get("takes_turn", True):
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {busy_timeout_ms}")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})")


def _store_error(fault: SQLAlchemyError) -> StoreError:
    original: Any = getattr(fault, "orig", None)
    text = f"{type(original or fault).__name__}: {original or fault}".splitlines()[0]
    if "locked" in text or "LockNotAvailable" in text:
        mend = "Another process holds the database: stop it, or give each process a store of its own."
    elif "no such table" in text or "UndefinedTable" in text:
        mend = "The store has not been set up: each process does so when it starts, so start it again."
    elif any(sign in text for sign in ("unable to open", "readonly", "disk", "DiskFull", "ReadOnly")):
        mend = "Check that the store's folder exists, is writable and has room (or the server's disk has)."
    elif isinstance(fault, DBAPIError) and (fault.connection_invalidated or "connect" in text):
        mend = (
            "Check that the database server of TRIBUNE_STORE_URL runs; what was not written is tried again."
        )
    else:
        mend = ""
    return StoreError(f"The store did not answer as it should ({text}).", mend=mend)
