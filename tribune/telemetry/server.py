"""`/metrics` and `/health` over HTTP, on this machine only unless the settings say otherwise.

Answers from what is in memory and asks nobody. Few connections at once, one answer each, short waits: a
client that is slow or hostile loses its connection and holds nobody up. There is no other path, and nothing
that a client sends is kept or logged.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tribune.exceptions import ConfigurationError
from tribune.log import get_logger
from tribune.telemetry.meters import CONTENT_TYPE, Telemetry

if TYPE_CHECKING:
    from tribune.settings import TelemetrySettings

MOST_AT_ONCE = 16
LONGEST_REQUEST = 8 * 1024
ANSWER_WITHIN_S = 5.0
"""For the whole of a connection: request in, answer out."""
_REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    503: "Service Unavailable",
}


@asynccontextmanager
async def served(telemetry: Telemetry, settings: TelemetrySettings) -> AsyncIterator[int]:
    """Serve for as long as the block lasts; yields the port, 0 where the settings want none.

    Raises:
        ConfigurationError: the port cannot be used, or prometheus_client is not installed.
    """
    if settings.port == 0:
        yield 0
        return
    async with listening(telemetry, settings.host, settings.port) as port:
        get_logger(__name__).info("telemetry is served", host=settings.host, port=port)
        yield port


@asynccontextmanager
async def listening(telemetry: Telemetry, host: str, port: int) -> AsyncIterator[int]:
    """Serve on a host and port (0: a free one) for as long as the block lasts; yields the port."""
    try:
        telemetry.exposition()
    except ImportError:
        raise ConfigurationError(
            "Metrics need a package that is not installed.",
            mend="pip install prometheus-client, or set TRIBUNE_TELEMETRY__PORT to 0.",
        ) from None
    front = _Front(telemetry)
    try:
        server = await asyncio.start_server(front.meet, host, port, limit=LONGEST_REQUEST)
    except OSError as fault:
        raise ConfigurationError(
            f"Telemetry cannot listen on {host}, port {port} ({fault.strerror or fault}).",
            mend="Stop what uses the port, or choose another in TRIBUNE_TELEMETRY__PORT; 0 for none.",
        ) from None
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await front.close()


class _Front:
    """Meets clients."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._at_work: set[asyncio.Task[None]] = set()

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer a client and close its connection, whatever it does."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio calls this as a task
        if len(self._at_work) >= MOST_AT_ONCE:
            writer.transport.abort()
            return
        self._at_work.add(task)
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await self._answer(reader, writer)
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            writer.transport.abort()
        finally:
            self._at_work.discard(task)
            writer.close()

    async def close(self) -> None:
        """Let go of clients that are still here."""
        for task in list(self._at_work):
            task.cancel()
        await asyncio.gather(*self._at_work, return_exceptions=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, _, rest = head.partition(b"\r\n")[0].partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        status, kind, body = self._page(method, path)
        lines = [
            f"HTTP/1.1 {status} {_REASONS[status]}",
            f"Content-Type: {kind}",
            f"Content-Length: {len(body)}",
            "Cache-Control: no-store",
            "X-Content-Type-Options: nosniff",
            "Connection: close",
            "",
            "",
        ]
        writer.write("\r\n".join(lines).encode("ascii") + (b"" if method == b"HEAD" else body))
        await writer.drain()
        writer.write_eof()
        with contextlib.suppress(OSError):
            await reader.read(1)  # the client's end: our answer is not cut off by a reset

    def _page(self, method: bytes, path: bytes) -> tuple[int, str, bytes]:
        if method not in (b"GET", b"HEAD"):
            return 405, "text/plain", b"only GET\n"
        if path == b"/metrics":
            return 200, CONTENT_TYPE, self._telemetry.exposition()
        if path == b"/health":
            document = self._telemetry.health.document()
            status = 503 if document["late"] else 200
            return status, "application/json", json.dumps(document, indent=1).encode() + b"\n"
        return 404, "text/plain", b"there are /metrics and /health\n"
