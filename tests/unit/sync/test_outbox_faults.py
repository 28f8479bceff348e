"""A store that fails at any write loses nothing, and processes that die leave nothing undone."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from support.postgres import Postgres
from support.store_faults import BIG, FAULTS, Fault, no_room
from tribune.exceptions import ChainUnreachableError, StoreError
from tribune.store.queries import outbox_depth, outbox_row
from tribune.store.session import Store, open_store
from tribune.store.states import OutboxState
from tribune.store.tables import OutboxRow
from tribune.sync.outbox import Outbox, PermanentFailure, enqueue


@pytest.fixture
def store(store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr("tribune.store.session.BUSY_TIMEOUT_MS", 100)
    with open_store(store_url) as opened:
        yield opened


@pytest.fixture(params=list(FAULTS.values()), ids=list(FAULTS))
def failing(request: pytest.FixtureRequest) -> Fault:
    fault: Fault = request.param
    return fault


class Work:
    """A handler that counts its effects, and ends as it is told to."""

    def __init__(self, *ends: Exception) -> None:
        self.effects = 0
        self.ends = list(ends)

    async def __call__(self, key: str, payload: dict[str, Any]) -> dict[str, Any]:
        self.effects += 1
        if self.ends:
            raise self.ends.pop(0)
        return {"big": BIG}


async def ended(task: asyncio.Task[None]) -> None:
    """Cancel, and let a thread that is at the database come to its end."""
    task.cancel()
    await asyncio.sleep(0.3)


def row(store: Store) -> OutboxRow:
    with store.session(readonly=True) as session:
        found = outbox_row(session, "k")
    assert found is not None
    return found


async def test_enqueue__store_fails__nothing_is_written_and_the_caller_knows(
    store: Store, failing: Fault
) -> None:
    with failing(store), pytest.raises(StoreError):
        await store.run(enqueue, "k", "send", {"big": BIG})
    assert await store.read(outbox_depth) == 0
    assert await store.run(enqueue, "k", "send", {"big": BIG})


@pytest.mark.parametrize(
    ("ends", "state"),
    [
        ([], OutboxState.DONE),
        ([PermanentFailure(BIG)], OutboxState.FAILED),
        ([ChainUnreachableError(BIG)], OutboxState.QUEUED),
    ],
    ids=["done", "failed", "postponed"],
)
async def test_drain__store_fails_at_the_mark__effect_once_and_marked_when_it_can_be(
    store: Store, failing: Fault, ends: list[Exception], state: OutboxState
) -> None:
    await store.run(enqueue, "k", "send", {})
    work = Work(*ends)
    outbox = Outbox(store, {"send": work})
    with failing(store):
        for _ in range(3):
            with pytest.raises(StoreError):
                await outbox.drain()
        assert row(store).state == OutboxState.QUEUED
    await outbox.drain()
    assert work.effects == 1
    assert (row(store).state, row(store).attempts) == (state, 1)


async def test_drain__one_kinds_mark_fails__the_other_kind_is_not_left_running(store: Store) -> None:
    await store.run(enqueue, "k", "send", {})
    await store.run(enqueue, "slow", "post", {})
    at_work = 0

    async def slow(key: str, payload: dict[str, Any]) -> None:
        nonlocal at_work
        at_work += 1
        await asyncio.sleep(0.3)
        at_work -= 1

    outbox = Outbox(store, {"send": Work(), "post": slow})
    with no_room(store), pytest.raises(StoreError):
        await outbox.drain()
    assert at_work == 0


async def test_run__store_fails_for_a_while__goes_on_when_it_ends(store: Store, failing: Fault) -> None:
    await store.run(enqueue, "k", "send", {})
    work = Work()
    task = asyncio.create_task(Outbox(store, {"send": work}).run(every_s=0.05))
    with failing(store):
        await asyncio.sleep(0.5)
        assert not task.done()
    for _ in range(100):
        await asyncio.sleep(0.05)
        if row(store).state == OutboxState.DONE:
            break
    assert row(store).state == OutboxState.DONE
    assert work.effects == 1
    await ended(task)


async def test_drain__connections_cut_again_and_again__every_row_done_in_order(
    postgres_server: Postgres, made_postgres: str
) -> None:
    with postgres_server.fresh(like=made_postgres) as url, open_store(url) as store:
        keys = [f"k{number}" for number in range(60)]
        with store.session() as session:
            for key in keys:
                enqueue(session, key, "send", {})
        done: list[str] = []

        async def send(key: str, payload: dict[str, Any]) -> None:
            done.append(key)

        task = asyncio.create_task(Outbox(store, {"send": send}).run(every_s=0.01))
        cut = 0
        async with asyncio.timeout(20):
            while len(done) < len(keys):
                cut += await asyncio.to_thread(postgres_server.disconnect, url)
                await asyncio.sleep(0.01)
        await ended(task)
        assert cut > 0
        assert done == keys


DIES = """
import asyncio, os, signal, sys
from tribune.store.session import open_store
from tribune.sync.outbox import Outbox

async def send(key, payload):
    print(key, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(Outbox(open_store(sys.argv[1]), {"send": send}).drain())
"""


async def test_drain__process_killed_in_the_middle_of_a_row__the_next_one_does_it_again(
    store: Store, store_url: str
) -> None:
    for key in ("a", "b"):
        await store.run(enqueue, key, "send", {})
    command = [sys.executable, "-c", DIES, store_url]
    died = await asyncio.to_thread(subprocess.run, command, stdout=subprocess.PIPE, timeout=30)
    assert (died.returncode, died.stdout) == (-9, b"a\n")
    done: list[str] = []

    async def send(key: str, payload: dict[str, Any]) -> None:
        done.append(key)

    assert await Outbox(store, {"send": send}).drain() == 2
    assert done == ["a", "b"]
