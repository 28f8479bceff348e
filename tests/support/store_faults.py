"""Faults of a store for as long as a block lasts: no room, and another process that holds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import event, text
from sqlmodel import SQLModel

from tribune.store.session import Store

Fault = Callable[[Store], AbstractContextManager[None]]

BIG = "x" * 200_000
"""A value that a full SQLite file has no room for: it fills free space in its last page otherwise."""


@contextmanager
def no_room(store: Store) -> Iterator[None]:
    """The database's own answer of a full disk, on SQLite for what needs further pages."""
    if store.engine.dialect.name == "sqlite":
        with _full_file(store):
            yield
    else:
        with _full_disk(store):
            yield


@contextmanager
def locked(store: Store) -> Iterator[None]:
    """Another process is in the middle of a writing transaction."""
    other = Store(store.engine.url.render_as_string(hide_password=False))
    with other, other.session() as session:
        session.connection()
        yield


FAULTS: dict[str, Fault] = {"no room": no_room, "locked": locked}


@contextmanager
def _full_file(store: Store) -> Iterator[None]:
    with store.session() as session:
        pages = session.connection().execute(text("PRAGMA page_count")).scalar()

    def limit(connection: Any, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(store.engine, "connect", limit)
    store.engine.dispose()
    yield
    event.remove(store.engine, "connect", limit)
    store.engine.dispose()


@contextmanager
def _full_disk(store: Store) -> Iterator[None]:
    with store.session() as session:
        session.connection().execute(
            text(
                "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
                "'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$"
            )
        )
        for table in SQLModel.metadata.tables:
            session.connection().execute(
                text(f"CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION no_room()")
            )
    yield
    with store.session() as session:
        session.connection().execute(text("DROP FUNCTION no_room CASCADE"))
