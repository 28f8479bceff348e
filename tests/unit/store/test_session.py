"""One transaction a session; writers wait for their turn; faults come out as StoreError."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session

from support.postgres import Postgres
from tribune.exceptions import StoreError
from tribune.store.queries import checkpoint, enqueue, outbox_depth, outbox_row, set_checkpoint
from tribune.store.session import Store, open_store


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url) as opened:
        yield opened


def test_session__exception_in_block__rolls_back(store: Store) -> None:
    def fail() -> None:
        with store.session() as session:
            enqueue(session, "k", "kind", {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with store.session() as session:
        assert outbox_depth(session) == 0


def test_session__sqlite__wal_and_busy_timeout(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store, store.session() as session:
        assert session.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert session.execute(text("PRAGMA busy_timeout")).scalar() == 10_000


def test_session__tables_missing__store_error_with_mend(empty_store_url: str) -> None:
    with (
        pytest.raises(StoreError) as caught,
        Store(empty_store_url) as empty,
        empty.session() as session,
    ):
        outbox_depth(session)
    assert "start it again" in caught.value.mend


async def test_run__many_writers_at_once__none_is_lost(store: Store) -> None:
    def bump(session: Session) -> None:
        at = checkpoint(session, "n")
        set_checkpoint(session, "n", (at.block_number if at else 0) + 1, "0x")

    await asyncio.gather(*(store.run(bump) for _ in range(20)))
    found = await store.read(checkpoint, "n")
    assert found is not None
    assert found.block_number == 20


async def test_run__in_memory__transactions_take_turns() -> None:
    with open_store("sqlite://") as store:
        await asyncio.gather(*(store.run(enqueue, f"k{i}", "kind", {}) for i in range(10)))
        assert await store.read(outbox_depth) == 10


async def test_read__row__stays_readable_and_aware(store: Store) -> None:
    await store.run(enqueue, "k", "kind", {"n": 2**70})
    row = await store.read(outbox_row, "k")
    assert row is not None
    assert row.payload == {"n": 2**70}
    assert row.created_at.tzinfo is UTC
    assert abs((datetime.now(UTC) - row.created_at).total_seconds()) < 60


async def test_run__naive_time__is_refused(store: Store) -> None:
    with pytest.raises(StoreError):
        await store.run(enqueue, "k", "kind", {}, not_before=datetime(2026, 1, 1))


def test_session__reading_while_another_writes__neither_waits_nor_sees_half(store: Store) -> None:
    with store.session() as writer:
        enqueue(writer, "k", "kind", {})
        with store.session(readonly=True) as reader:
            assert outbox_depth(reader) == 0
        assert outbox_depth(writer) == 1


def test_session__reading_twice_while_another_commits__sees_one_moment(store: Store) -> None:
    with store.session(readonly=True) as reader:
        assert outbox_depth(reader) == 0
        with store.session() as writer:
            enqueue(writer, "k", "kind", {})
        assert outbox_depth(reader) == 0
    with store.session(readonly=True) as reader:
        assert outbox_depth(reader) == 1


def test_session__another_writes__waits_for_its_turn(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tribune.store.session.BUSY_TIMEOUT_MS", 300)

    def write(session: Session) -> None:
        enqueue(session, "second", "kind", {})

    with open_store(store_url) as store, Store(store_url) as other:
        with store.session() as first:
            enqueue(first, "first", "kind", {})
            with pytest.raises(StoreError) as caught, other.session() as second:
                write(second)
        assert "Another process holds the database" in caught.value.mend
        with other.session() as second:
            write(second)
            assert outbox_depth(second) == 2


def test_session__short_form_of_the_address__same_database(store_url: str) -> None:
    with open_store(store_url.replace("+psycopg", "")) as store, store.session() as session:
        assert enqueue(session, "k", "kind", {})


def test_session__connection_cut_in_the_middle__store_error_and_nothing_written(
    postgres_server: Postgres, made_postgres: str
) -> None:
    with postgres_server.fresh(like=made_postgres) as url, open_store(url) as store:

        def write() -> None:
            with store.session() as session:
                enqueue(session, "k", "kind", {})
                assert postgres_server.disconnect(url) == 1

        with pytest.raises(StoreError) as caught:
            write()
        assert "server" in caught.value.mend
        with store.session() as session:
            assert outbox_depth(session) == 0
            assert enqueue(session, "k", "kind", {})
