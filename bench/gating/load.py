"""Load on servers of this machine, in turns so short that what else the machine does meets all of them alike.

Two servers are compared in four turns, one after the other: the first, the second twice, the first again; in
the next round the second begins, so that what a pair before left to do (a log's disk) meets both alike.
Connections stay open, and the next request is sent as soon as an answer is there. An asyncio protocol that
looks for no more than the answer's end: some 25 µs a request in another process, where a server takes several
times as long, so it is not what holds things up. (wrk would be faster still, but its turns last whole
seconds, within which this machine changes more than a gate costs.) Whatever is not answered with 200 ends the
bench.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from typing import NamedTuple

CONNECTIONS, TURN_S = 32, 0.15


class Measured(NamedTuple):
    """What a server did in its turns: requests that it answered a second, its processor's µs for each."""

    rate: float
    busy_us: float


async def compare(
    ports: Mapping[str, int], process: int, pairs: Mapping[str, str], path: str, body: bytes, rounds: int
) -> dict[str, list[tuple[Measured, Measured]]]:
    """Return by server what it and the one that it is compared with did, round by round.

    Args:
        ports: of the servers on loopback, by name.
        process: the id of the process in which all of them run.
        pairs: the other server's name by the one's; in every round they come in another order.
        path: that is posted to.
        body: what is posted, JSON.
        rounds: how many; one more warms up.
    """
    head = f"POST {path} HTTP/1.1\r\nHost: model\r\nContent-Type: application/json\r\n"
    request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    clients = {
        name: [await _Client.connect(port, request) for _ in range(CONNECTIONS)]
        for name, port in ports.items()
    }
    found: dict[str, list[tuple[Measured, Measured]]] = {name: [] for name in pairs}
    chance = random.Random(1)  # noqa: S311 - an order, no secret
    for number in range(rounds + 1):
        for name in chance.sample(sorted(pairs), len(pairs)):
            outer, inner = (name, pairs[name]) if number % 2 else (pairs[name], name)
            turns = [await _turn(clients[one], process) for one in (outer, inner, inner, outer)]
            did = {outer: _both(turns[0], turns[3]), inner: _both(turns[1], turns[2])}
            if number:
                found[name].append((did[name], did[pairs[name]]))
    for opened in clients.values():
        for client in opened:
            client.close()
    return found


class _Turn(NamedTuple):
    answers: int
    took_s: float
    busy_s: float


def _both(one: _Turn, other: _Turn) -> Measured:
    answers, took_s, busy_s = (a + b for a, b in zip(one, other, strict=True))
    return Measured(answers / took_s, busy_s / answers * 1e6)


async def _turn(clients: list[_Client], process: int) -> _Turn:
    busy_s, started = _busy_s(process), time.perf_counter()
    await asyncio.gather(*(client.ask_until(started + TURN_S) for client in clients))
    answers = sum(client.answers for client in clients)
    return _Turn(answers, time.perf_counter() - started, _busy_s(process) - busy_s)


def _busy_s(process: int) -> float:
    """Return how long a process has kept processors busy: clock_getcpuclockid(3), as Linux numbers it."""
    return time.clock_gettime(~process << 3 | 2)


class _Client(asyncio.Protocol):
    """One connection, with one request under way at most."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._seen = b""
        self._ends = 0.0
        self._done: asyncio.Future[None] | None = None
        self.answers = 0

    @classmethod
    async def connect(cls, port: int, request: bytes) -> _Client:
        """Connect to a server on loopback."""
        loop = asyncio.get_running_loop()
        _, client = await loop.create_connection(lambda: cls(request), "127.0.0.1", port)
        return client

    async def ask_until(self, ends: float) -> None:
        """Ask again and again until a time, and return with the last answer."""
        self._ends, self.answers = ends, 0
        self._done = asyncio.get_running_loop().create_future()
        self._transport.write(self._request)
        await asyncio.wait_for(self._done, 60)

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Let nobody wait for an answer that cannot come."""
        if self._done is not None and not self._done.done():
            self._done.set_exception(exc or ConnectionError("the server closed a connection"))

    def data_received(self, data: bytes) -> None:
        """Count an answer that is whole, and ask again."""
        self._seen += data
        end = self._seen.find(b"\r\n\r\n")
        if end < 0:
            return
        size = self._seen.lower().split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0]
        if len(self._seen) < end + 4 + int(size) or self._done is None:
            return
        if not self._seen.startswith(b"HTTP/1.1 200"):
            self._done.set_exception(RuntimeError(f"not all was answered:\n{self._seen.decode()}"))
            return
        self._seen = b""
        self.answers += 1
        if time.perf_counter() < self._ends:
            self._transport.write(self._request)
        else:
            self._done.set_result(None)
