from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from examples.acs_employment.prober import NO_ANSWER, REFUSED, Prober


class Door:
    """A server that answers with a status that can be changed."""

    def __init__(self) -> None:
        self.status = 200
        self.asked_at: list[float] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.asked_at.append(time.monotonic())
                body = b"state %d" % self.status
                head = b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (self.status, len(body))
                writer.write(head + body)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def probing(door: Door) -> AsyncIterator[Prober]:
    server = await asyncio.start_server(door, "127.0.0.1", 0)
    prober = Prober("127.0.0.1", server.sockets[0].getsockname()[1])
    stop = asyncio.Event()
    running = asyncio.create_task(prober.run(stop))
    try:
        yield prober
    finally:
        stop.set()
        await asyncio.wait_for(running, 5)
        server.close()


async def test_run__gate_closes__notes_the_first_refusal_within_some_questions() -> None:
    door = Door()
    async with probing(door) as prober:
        await prober.wait_for(200, timeout_s=5)
        closed_at = time.monotonic()
        door.status = REFUSED
        change = await prober.wait_for(REFUSED, since_s=closed_at, timeout_s=5)
    assert 0 <= change.monotonic_s - closed_at < 1
    assert change.body == b"state 503"
    assert abs(change.wall_us - time.time_ns() // 1000) < 60_000_000


async def test_run__gate_opens_again__both_changes_are_kept() -> None:
    door = Door()
    async with probing(door) as prober:
        for status in (REFUSED, 200):
            door.status = status
            await prober.wait_for(status, since_s=time.monotonic() - 0.001, timeout_s=5)
    assert [change.status for change in prober.changes][-2:] == [REFUSED, 200]


async def test_run__open_gate__is_asked_about_every_10_ms() -> None:
    door = Door()
    async with probing(door) as prober:
        await prober.wait_for(200, timeout_s=5)
        await asyncio.sleep(0.3)
    assert 5 <= len(door.asked_at) <= 33


async def test_run__nobody_listens__is_no_refusal() -> None:
    prober = Prober("127.0.0.1", 1)
    stop = asyncio.Event()
    running = asyncio.create_task(prober.run(stop))
    await prober.wait_for(NO_ANSWER, timeout_s=5)
    stop.set()
    await running
    assert {change.status for change in prober.changes} == {NO_ANSWER}


async def test_wait_for__never_refused__times_out() -> None:
    async with probing(Door()) as prober:
        with pytest.raises(TimeoutError):
            await prober.wait_for(REFUSED, timeout_s=0.1)
