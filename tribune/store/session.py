"""Open the database: one `Store` a process, one transaction a `with store.session()`.

SQLite runs in WAL mode with a busy timeout, and a writing transaction takes its lock at the start
(`BEGIN IMMEDIATE`): it waits for its turn instead of failing half-way. PostgreSQL needs nothing special.
Every database error comes out as `StoreError`, except that rows in conflict stay the caller's business.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool
from sqlmodel import Session, create_engine

from tribune.exceptions import StoreError

__all__ = ["Session", "Store", "make_engine", "open_store"]

P = ParamSpec("P")
R = TypeVar("R")

BUSY_TIMEOUT_MS = 10_000


class Store:
    """The database behind a URL.

    Args:
        url: `sqlite:///file.db`, `sqlite://` (in memory, for tests) or `postgresql+psycopg://…`.

    Raises:
        StoreError: the URL cannot be used.
    """

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
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
            engine = self.engine.execution_options(readonly=True) if readonly else self.engine
            try:
                with Session(engine, expire_on_commit=False) as session:
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

    def upgrade(self) -> None:
        """Create the tables or bring them to this release; nothing to do is quick."""
        from tribune.store.upgrade import upgrade_engine

        upgrade_engine(self.engine)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

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


def make_engine(url: str) -> Engine:
    """Return an engine with the settings that this project relies on.

    Raises:
        StoreError: the URL is malformed or its driver is not installed.
    """
    try:
        if url in ("sqlite://", "sqlite:///:memory:"):
            engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
        elif url.startswith("sqlite"):
            engine = create_engine(url, connect_args={"check_same_thread": False})
        else:
            engine = create_engine(url, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError, ImportError) as fault:
        raise StoreError(
            f"The store's address cannot be used ({type(fault).__name__}).",
            mend="Set TRIBUNE_STORE_URL to sqlite:///file.db or postgresql+psycopg://user@host/database.",
        ) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # Python's own implicit BEGIN comes too late to take the write lock
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # an outbox row must survive a power cut
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    readonly = connection.get_execution_options().get("readonly", False)
    connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")


def _store_error(fault: SQLAlchemyError) -> StoreError:
    original: Any = getattr(fault, "orig", None)
    text = f"{type(original or fault).__name__}: {original or fault}".splitlines()[0]
    if "locked" in text:
        mend = "Another process holds the database: stop it, or give each process a store of its own."
    elif "no such table" in text or "UndefinedTable" in text:
        mend = "The store has not been set up: each process does so when it starts, so start it again."
    elif "unable to open" in text or "readonly" in text or "disk" in text:
        mend = "Check that the folder of the store exists, is writable and has room."
    else:
        mend = ""
    return StoreError(f"The store did not answer as it should ({text}).", mend=mend)
