"""Whatever is being written when the store fails is written whole or not at all, and the caller knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import Session, SQLModel

from support.store_faults import BIG, FAULTS
from tribune.exceptions import StoreError
from tribune.store import queries
from tribune.store.leases import take_lease
from tribune.store.session import Store, open_store
from tribune.store.tables import PeerCheck, SignedReport

T0 = datetime(2030, 1, 1, tzinfo=UTC)


def enqueue(session: Session) -> None:
    queries.enqueue(session, "first", "a", {})
    queries.enqueue(session, "second", "a", {"big": BIG})


def sign(session: Session) -> None:
    report = SignedReport(
        monitor="0xM",
        model_id=1,
        frame=1,
        version=1,
        digest="aa",
        policy="aa",
        manifest="aa",
        evidence="aa",
        witness="aa",
        signature=BIG,
    )
    queries.store_signature(session, report)
    queries.enqueue(session, "evidence/x/1", "evidence.copy", {})


def check_peer(session: Session) -> None:
    check = PeerCheck(monitor="0xM", model_id=1, version=1, frame=1, peer=BIG, verdict="ok")
    queries.record_peer_check(session, check)


def lease(session: Session) -> None:
    take_lease(session, "monitor/0xM", BIG, T0, timedelta(seconds=30))


def index(session: Session) -> None:
    queries.remember_blocks(session, "indexer", {1: "0x1"}, keep=10)
    queries.set_checkpoint(session, "indexer", 1, BIG)


WRITES: list[Callable[[Session], None]] = [enqueue, sign, check_peer, lease, index]


@pytest.fixture
def store(store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr("tribune.store.session.BUSY_TIMEOUT_MS", 100)
    with open_store(store_url) as opened:
        yield opened


def counts(store: Store) -> dict[str, Any]:
    with store.session(readonly=True) as session:
        return {
            table.name: session.connection().execute(select(func.count()).select_from(table)).scalar()
            for table in SQLModel.metadata.sorted_tables
        }


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.__name__)
async def test_run__store_fails_at_the_write__nothing_written_then_all(
    store: Store, write: Callable[[Session], None], fault: str
) -> None:
    before = counts(store)
    with FAULTS[fault](store):
        with pytest.raises(StoreError) as caught:
            await store.run(write)
        assert counts(store) == before
    assert caught.value.mend
    await store.run(write)
    assert sum(counts(store).values()) > sum(before.values())
