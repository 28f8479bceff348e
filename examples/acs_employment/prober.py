"""A prober: asks the gate every 10 ms whether it answers, and notes the moment at which that changes.

Speaks plain HTTP/1.1 over one kept connection: a client library would take longer than what is measured.
An answer that cannot be had is a status of its own (`NO_ANSWER`), never counted as a refusal.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

NO_ANSWER = 0
REFUSED = 503
_TIMEOUT_S = 2.0
_MAX_BODY = 2**20


@dataclass(frozen=True)
class Change:
    """The first answer with another status than the one before.

    Args:
        status: of the answer; `NO_ANSWER` where there was none.
        monotonic_s: when it arrived, on this machine's monotonic clock (compare with `time.monotonic()`).
        wall_us: the same moment, UTC microseconds.
        body: what came with it.
    """

    status: int
    monotonic_s: float
    wall_us: int
    body: bytes


class Prober:
    """Asks one path again and again.

    Args:
        host: of the gate.
        port: of the gate.
        path: a path that the gate guards.
        pause_s: from one question to the next.
    """

    def __init__(self, host: str, port: int, path: str = "/healthz-gated", pause_s: float = 0.01) -> None:
        self._host = host
        self._port = port
        self._request = f"GET {path} HTTP/1.1\r\nhost: {host}:{port}\r\n\r\n".encode("ascii")
        self._pause_s = pause_s
        self._connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._moved = asyncio.Condition()
        self.asked = 0
        self.changes: list[Change] = []

    @property
    def status(self) -> int:
        """Status of the newest answer."""
        return self.changes[-1].status if self.changes else NO_ANSWER

    async def run(self, stop: asyncio.Event) -> None:
        """Ask until told to stop."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        try:
            while not stop.is_set():
                status, body = await self._ask()
                moment, wall_us = time.monotonic(), time.time_ns() // 1000
                self.asked += 1
                if not self.changes or status != self.status:
                    async with self._moved:
                        self.changes.append(Change(status, moment, wall_us, body))
                        self._moved.notify_all()
                due = max(due + self._pause_s, loop.time())
                await asyncio.sleep(due - loop.time())
        finally:
            self._drop()

    async def wait_for(self, status: int, *, since_s: float = 0.0, timeout_s: float) -> Change:
        """Return the first change to a status at or after a moment of the monotonic clock.

        Raises:
            TimeoutError: when none came within `timeout_s`.
        """

        def first() -> Change | None:
            found = (c for c in self.changes if c.status == status and c.monotonic_s >= since_s)
            return next(found, None)

        async with asyncio.timeout(timeout_s), self._moved:
            await self._moved.wait_for(lambda: first() is not None)
            change = first()
        assert change is not None  # noqa: S101 - it was waited for
        return change

    async def _ask(self) -> tuple[int, bytes]:
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                if self._connection is None:
                    self._connection = await asyncio.open_connection(self._host, self._port)
                reader, writer = self._connection
                writer.write(self._request)
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
                length = int(headers.get("content-length", 0))
                body = await reader.readexactly(min(length, _MAX_BODY))
                if headers.get("connection") == "close" or length > _MAX_BODY:
                    self._drop()
                return int(head[0].split(" ")[1]), body
        except (OSError, TimeoutError, ValueError, IndexError, EOFError, asyncio.LimitOverrunError):
            self._drop()
            return NO_ANSWER, b""

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection[1].close()
            self._connection = None
