"""A real uvicorn on loopback, a model's server to put behind a proxy, and a client that sees the bytes."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any


@asynccontextmanager
async def served(app: Any, port: int = 0, **options: Any) -> AsyncIterator[int]:
    """Serve an application in this loop, on a free port by default, and yield its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        async with served_on(app, listening, **options):
            yield listening.getsockname()[1]


@asynccontextmanager
async def served_on(app: Any, listening: socket.socket, **options: Any) -> AsyncIterator[None]:
    """Serve an application in this loop on a socket that is bound."""
    import uvicorn

    with listening:
        listening.listen(1024)
        options = {"log_config": None, "access_log": False, "timeout_graceful_shutdown": 1, **options}
        server = uvicorn.Server(uvicorn.Config(app, **options))
        server.capture_signals = suppress  # type: ignore[method-assign, assignment]
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            async with asyncio.timeout(10):
                while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
                    await asyncio.sleep(0.005)
            yield
        finally:
            server.should_exit = True
            await task


async def model_server(scope: Any, receive: Any, send: Any) -> None:
    """A server that answers, and refuses one path by itself."""
    body = b""
    while scope["type"] == "http":
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    status = 403 if scope["path"] == "/mine" else 200
    await send({"type": "http.response.start", "status": status, "headers": [(b"x-model", b"1")]})
    await send({"type": "http.response.body", "body": b"predicted " + body})


class Client:
    """One connection, spoken to by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self._writer = reader, writer

    def send(self, head: str, body: bytes = b"") -> None:
        """Send a request: its line and further headers by line; Host and length are added."""
        line, *headers = head.split("\n")
        headers = [line, "Host: model", *headers]
        if body:
            headers.append(f"Content-Length: {len(body)}")
        self._writer.write(("\r\n".join(headers) + "\r\n\r\n").encode("latin-1") + body)

    async def head(self) -> tuple[int, dict[str, str]]:
        """Return the status and headers of the next answer."""
        lines = (await self._timed(self.reader.readuntil(b"\r\n\r\n"))).decode("latin-1").split("\r\n")
        pairs = (line.split(": ", 1) for line in lines[1:] if line)
        return int(lines[0].split(" ")[1]), {name.lower(): value for name, value in pairs}

    async def answer(self) -> tuple[int, Any]:
        """Return the status and the JSON document of the next answer."""
        status, headers = await self.head()
        body = await self._timed(self.reader.readexactly(int(headers["content-length"])))
        return status, json.loads(body)

    async def until(self, end: bytes) -> bytes:
        """Return what comes until some bytes have come."""
        return bytes(await self._timed(self.reader.readuntil(end)))

    async def rest(self) -> bytes:
        """Return what comes until the server closes the connection."""
        return bytes(await self._timed(self.reader.read()))

    async def rest_or_silence(self) -> bytes:
        """Return what comes until the server closes the connection or says nothing for a while."""
        found = b""
        with suppress(TimeoutError):
            while more := await asyncio.wait_for(self.reader.read(65536), 0.3):
                found += more
        return found

    async def _timed(self, waiting: Any) -> Any:
        return await asyncio.wait_for(waiting, 5)


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Client]:
    """Yield a connection to a server on loopback."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
