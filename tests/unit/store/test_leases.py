"""One holder at a time, by the caller's clock, on both databases and between processes' connections."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tribune.store.leases import database_time, lease_of, release, renew, take_lease
from tribune.store.session import Store, open_store

T0 = datetime(2030, 1, 1, tzinfo=UTC)
TTL = timedelta(seconds=30)
NAME = "monitor/0xM"


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url) as opened:
        yield opened


def take(store: Store, holder: str, at_s: float = 0) -> str | None:
    with store.session() as session:
        lease = take_lease(session, NAME, holder, T0 + timedelta(seconds=at_s), TTL)
        return None if lease is None else lease.holder


def test_take_lease__free__taken_with_where_it_runs(store: Store) -> None:
    import os

    with store.session() as session:
        lease = take_lease(session, NAME, "a", T0, TTL)
    assert lease is not None
    assert (lease.holder, lease.pid, lease.until) == ("a", os.getpid(), T0 + TTL)
    assert lease.host


def test_take_lease__held__refused_and_the_holder_stays(store: Store) -> None:
    take(store, "a")
    assert take(store, "b", 29.9) is None
    with store.session(readonly=True) as session:
        held = lease_of(session, NAME)
    assert held is not None
    assert (held.holder, held.until) == ("a", T0 + TTL)


def test_take_lease__ended_by_the_callers_clock__taken_over(store: Store) -> None:
    take(store, "a")
    assert take(store, "b", 30) == "b"
    assert take(store, "a", 31) is None


def test_take_lease__holds_for_longer_than_any_can__taken_over(store: Store) -> None:
    take(store, "a", 3600)
    assert take(store, "b", 0) == "b"


def test_take_lease__by_a_clock_slightly_behind_the_holders__refused(store: Store) -> None:
    take(store, "a", 1)
    assert take(store, "b", 0) is None


def test_database_time__another_has_the_turn__is_from_after_it(store: Store) -> None:
    told: list[datetime] = []
    started = threading.Event()

    def wait_for_the_turn() -> None:
        with store.session() as session:
            started.set()
            told.append(database_time(session))

    with store.session() as session:
        take_lease(session, NAME, "a", T0, TTL)
        other = threading.Thread(target=wait_for_the_turn)
        other.start()
        started.wait(5)
        threading.Event().wait(0.1)
        written = datetime.now(UTC)
    other.join(10)
    assert told[0] >= written


def test_database_time__on_this_machine__is_now(store: Store) -> None:
    before = datetime.now(UTC)
    with store.session() as session:
        told = database_time(session)
    assert before <= told <= datetime.now(UTC)


def test_take_lease__own__taken_again_for_longer(store: Store) -> None:
    take(store, "a")
    assert take(store, "a", 20) == "a"
    assert take(store, "b", 40) is None


def test_take_lease__other_name__free(store: Store) -> None:
    take(store, "a")
    with store.session() as session:
        assert take_lease(session, "monitor/0xN", "b", T0, TTL) is not None


def test_renew__own__lasts_from_now(store: Store) -> None:
    take(store, "a")
    with store.session() as session:
        lease = renew(session, NAME, "a", T0 + timedelta(seconds=20), TTL)
    assert lease is not None
    assert lease.until == T0 + timedelta(seconds=50)
    assert take(store, "b", 49) is None


def test_renew__taken_over_or_never_held__none(store: Store) -> None:
    with store.session() as session:
        assert renew(session, NAME, "a", T0, TTL) is None
    take(store, "a")
    take(store, "b", 30)
    with store.session() as session:
        assert renew(session, NAME, "a", T0 + timedelta(seconds=31), TTL) is None


def test_release__own__free_at_once(store: Store) -> None:
    take(store, "a")
    with store.session() as session:
        assert release(session, NAME, "a")
    assert take(store, "b", 1) == "b"


def test_release__anothers__stays_held(store: Store) -> None:
    take(store, "a")
    with store.session() as session:
        assert not release(session, NAME, "b")
    assert take(store, "b", 1) is None


def test_take_lease__ten_at_once_on_connections_of_their_own__exactly_one_has_it(store_url: str) -> None:
    open_store(store_url).close()
    ready = threading.Barrier(10)
    won: list[str] = []

    def ask(holder: str) -> None:
        with Store(store_url) as own:
            ready.wait(10)
            if take(own, holder) is not None:
                won.append(holder)

    threads = [threading.Thread(target=ask, args=(str(i),)) for i in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(won) == 1
