"""Rows are done in order, exactly once in effect, whatever fails in between."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tribune.exceptions import ChainUnreachableError, RevertedError
from tribune.store.queries import outbox_row, postpone
from tribune.store.session import Store, open_store
from tribune.store.states import OutboxState
from tribune.store.tables import now
from tribune.sync.outbox import AlreadyDone, Outbox, Tries, enqueue

NOT_SOON = Tries(60.0, 60.0)
"""What failed is not due again while a test runs, however long that takes."""


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url) as opened:
        yield opened


class Recorder:
    """A handler that remembers what it did and raises what it is told to, once each."""

    def __init__(self, *faults: Exception) -> None:
        self.done: list[str] = []
        self.faults = list(faults)

    async def __call__(self, key: str, payload: dict[str, Any]) -> dict[str, Any]:
        if self.faults:
            raise self.faults.pop(0)
        self.done.append(key)
        return {"of": key}


async def fill(store: Store, *keys: str) -> None:
    for key in keys:
        await store.run(enqueue, key, "send", {})


async def due_now(store: Store, key: str) -> None:
    row = await store.read(outbox_row, key)
    assert row is not None
    assert row.id is not None
    await store.run(postpone, row.id, now() - timedelta(seconds=1), "")


async def test_drain__several__in_order_with_results(store: Store) -> None:
    await fill(store, "a", "b", "c")
    send = Recorder()
    assert await Outbox(store, {"send": send}).drain() == 3
    assert send.done == ["a", "b", "c"]
    row = await store.read(outbox_row, "b")
    assert row is not None
    assert (row.state, row.result) == (OutboxState.DONE, {"of": "b"})


async def test_drain__done_before__not_done_again(store: Store) -> None:
    await fill(store, "a")
    send = Recorder()
    outbox = Outbox(store, {"send": send})
    await outbox.drain()
    await fill(store, "a")
    assert await outbox.drain() == 0
    assert send.done == ["a"]


async def test_drain__attempt_fails__later_rows_of_the_kind_wait(store: Store) -> None:
    await fill(store, "a", "b")
    send = Recorder(ChainUnreachableError("no node"))
    outbox = Outbox(store, {"send": send}, tries=NOT_SOON)
    assert await outbox.drain() == 0
    assert send.done == []
    await due_now(store, "a")
    assert await outbox.drain() == 2
    assert send.done == ["a", "b"]


async def test_drain__other_kind_fails__this_kind_goes_on(store: Store) -> None:
    await fill(store, "a")
    await store.run(enqueue, "x", "post", {})
    send, post = Recorder(), Recorder(ChainUnreachableError("no node"))
    assert await Outbox(store, {"send": send, "post": post}, tries=NOT_SOON).drain() == 1
    assert send.done == ["a"]


async def test_drain__already_done__closed_as_done_with_what_is_known(store: Store) -> None:
    await fill(store, "a")
    await Outbox(store, {"send": Recorder(AlreadyDone({"tx": "0x1"}))}).drain()
    row = await store.read(outbox_row, "a")
    assert row is not None
    assert (row.state, row.result) == (OutboxState.DONE, {"tx": "0x1"})


async def test_drain__contract_refuses__closed_as_failed_and_the_next_is_done(store: Store) -> None:
    await fill(store, "a", "b")
    send = Recorder(RevertedError("no", error="X"))
    assert await Outbox(store, {"send": send}).drain() == 2
    row = await store.read(outbox_row, "a")
    assert row is not None
    assert (row.state, row.error) == (OutboxState.FAILED, "no")
    assert send.done == ["b"]


async def test_drain__two_at_once__each_row_once(store: Store) -> None:
    await fill(store, *(f"k{i}" for i in range(20)))
    send = Recorder()
    outbox = Outbox(store, {"send": send})
    await asyncio.gather(outbox.drain(), outbox.drain())
    assert len(send.done) == 20


async def test_drain__more_rows_than_read_at_once__in_order(store: Store) -> None:
    keys = [f"report/{number}" for number in range(250)]
    with store.session() as session:
        for key in keys:
            enqueue(session, key, "send", {})
    send = Recorder()
    assert await Outbox(store, {"send": send}).drain() == 250
    assert send.done == keys


async def test_drain__handler_has_a_mistake__its_row_waits_and_other_kinds_go_on(store: Store) -> None:
    await fill(store, "a")
    await store.run(enqueue, "x", "post", {})
    send, post = Recorder(), Recorder(KeyError("b"))
    assert await Outbox(store, {"send": send, "post": post}, tries=NOT_SOON).drain() == 1
    row = await store.read(outbox_row, "x")
    assert row is not None
    assert (row.state, row.error) == (OutboxState.QUEUED, "KeyError: 'b'")


async def test_drain__clock_set_back_after_a_failed_attempt__row_does_not_wait_for_it(store: Store) -> None:
    await fill(store, "a")
    row = await store.read(outbox_row, "a")
    assert row is not None
    await store.run(postpone, row.id or 0, now() + timedelta(minutes=10), "")
    assert await Outbox(store, {"send": Recorder()}).drain() == 1


async def test_drain__put_off_by_who_wrote_it__waits(store: Store) -> None:
    await store.run(enqueue, "a", "send", {}, not_before=now() + timedelta(minutes=10))
    assert await Outbox(store, {"send": Recorder()}).drain() == 0


async def test_run__woken__drains_without_waiting(store: Store) -> None:
    done = asyncio.Event()

    async def send(key: str, payload: dict[str, Any]) -> None:
        done.set()

    outbox = Outbox(store, {"send": send})
    task = asyncio.create_task(outbox.run(every_s=60))
    await asyncio.sleep(0.1)
    await fill(store, "a")
    outbox.wake()
    await asyncio.wait_for(done.wait(), 10)
    task.cancel()


async def test_drain__lane_fails__its_later_rows_wait_and_other_lanes_are_done(store: Store) -> None:
    for key in ("ada/1", "ada/2", "ben/1"):
        await store.run(enqueue, key, "send", {})
    done: list[str] = []

    async def send(key: str, payload: dict[str, Any]) -> None:
        if key == "ada/1" and "ben/1" not in done:
            await asyncio.sleep(0)
            raise ChainUnreachableError("no node")
        done.append(key)

    outbox = Outbox(store, {"send": send}, lane_of=lambda key: key.split("/")[0])
    assert await outbox.drain() == 1
    assert done == ["ben/1"]
    await due_now(store, "ada/1")
    assert await outbox.drain() == 2
    assert done == ["ben/1", "ada/1", "ada/2"]


async def test_run__lane_hangs__a_lane_that_comes_later_is_done(store: Store) -> None:
    await fill(store, "ada")
    done = asyncio.Event()

    async def send(key: str, payload: dict[str, Any]) -> None:
        await asyncio.sleep(3600 if key == "ada" else 0)
        done.set()

    outbox = Outbox(store, {"send": send}, lane_of=lambda key: key)
    task = asyncio.create_task(outbox.run(every_s=0.05))
    await asyncio.sleep(0.2)
    await fill(store, "ben")
    await asyncio.wait_for(done.wait(), 10)
    await ended(task)


async def test_run__kind_hangs__rows_of_another_that_come_later_are_done(store: Store) -> None:
    await fill(store, "a")
    done = asyncio.Event()

    async def send(key: str, payload: dict[str, Any]) -> None:
        await asyncio.sleep(3600)

    async def post(key: str, payload: dict[str, Any]) -> None:
        done.set()

    task = asyncio.create_task(Outbox(store, {"send": send, "post": post}).run(every_s=0.05))
    await asyncio.sleep(0.2)
    await store.run(enqueue, "b", "post", {})
    await asyncio.wait_for(done.wait(), 10)
    await ended(task)


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task}, timeout=10)
    assert task.cancelled()


def test_tries__jitter__shortens_a_pause_by_so_much_at_most() -> None:
    found = {Tries(1.0, 300.0, jitter=0.5).pause_s(before) for before in (3,) * 200}
    assert 4.0 <= min(found) < 5.0
    assert 7.0 < max(found) <= 8.0


def test_tries__many_before__pause_is_the_longest() -> None:
    assert Tries(1.0, 300.0).pause_s(10_000) == 300.0
