"""Sockets that servers listen on: answers leave at once, and what is taken is refused."""

from __future__ import annotations

import asyncio
import socket

import pytest

from tribune.listening import listening_on


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_listening_on__a_server_of_asyncio__sends_at_once(host: str) -> None:
    met: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
    server = await asyncio.start_server(lambda _, writer: met.put_nowait(writer), sock=listening_on(host, 0))
    async with server:
        reader, writer = await asyncio.open_connection(host, server.sockets[0].getsockname()[1])
        answering = await met.get()
        connection: socket.socket = answering.get_extra_info("socket")
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        answering.close()
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()


def test_listening_on__a_port_that_is_taken__is_refused() -> None:
    with listening_on("127.0.0.1", 0) as first, pytest.raises(OSError, match="in use"):
        listening_on("127.0.0.1", first.getsockname()[1])


def test_listening_on__an_address_of_another_machine__is_refused() -> None:
    with pytest.raises(OSError, match="assign"):
        listening_on("192.0.2.1", 0)
