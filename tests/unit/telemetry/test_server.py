"""The endpoint over real sockets, with clients that behave and clients that do not."""

from __future__ import annotations

import asyncio
import json
import socket
import time

import httpx
import pytest

from tribune.exceptions import ConfigurationError
from tribune.settings import TelemetrySettings
from tribune.telemetry import Health, Telemetry, server
from tribune.telemetry.server import MOST_AT_ONCE, listening, served

HOST = "127.0.0.1"


async def _get(port: int, path: str, method: str = "GET") -> httpx.Response:
    async with httpx.AsyncClient(timeout=5) as client:
        return await client.request(method, f"http://{HOST}:{port}{path}")


async def _rest(reader: asyncio.StreamReader) -> bytes:
    """Return what comes until the other side closes, by an end or by a reset."""
    try:
        return await asyncio.wait_for(reader.read(), 5)
    except ConnectionResetError:
        return b""


async def test_listening__metrics__as_prometheus_reads_them() -> None:
    telemetry = Telemetry()
    telemetry.show("tribune_chain_head_number", 12)
    async with listening(telemetry, HOST, 0) as port:
        answer = await _get(port, "/metrics?x=1")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "\ntribune_chain_head_number 12.0\n" in answer.text


async def test_listening__health_of_a_process_that_stands_still__503_and_what_stands() -> None:
    now = [0.0]
    telemetry = Telemetry(Health(lambda: now[0]))
    telemetry.health.expect("chain", 10)
    async with listening(telemetry, HOST, 0) as port:
        assert (await _get(port, "/health")).status_code == 200
        now[0] = 11
        answer = await _get(port, "/health")
        assert "tribune_up_to_date 0.0" in (await _get(port, "/metrics")).text
    assert answer.status_code == 503
    assert json.loads(answer.text)["late"] == ["chain"]


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/", 404), ("POST", "/metrics", 405)])
async def test_listening__anything_else__refused(method: str, path: str, status: int) -> None:
    async with listening(Telemetry(), HOST, 0) as port:
        assert (await _get(port, path, method)).status_code == status


@pytest.mark.alone
async def test_listening__silent_clients__each_loses_its_connection_and_others_are_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "ANSWER_WITHIN_S", 0.3)
    async with listening(Telemetry(), HOST, 0) as port:
        silent = [await asyncio.open_connection(HOST, port) for _ in range(MOST_AT_ONCE - 1)]
        assert (await _get(port, "/health")).status_code == 200
        started = time.monotonic()
        for reader, writer in silent:
            assert await _rest(reader) == b""
            writer.close()
        assert time.monotonic() - started < 3


async def test_listening__more_clients_than_are_met__turned_away_then_served_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "ANSWER_WITHIN_S", 0.5)
    async with listening(Telemetry(), HOST, 0) as port:
        held = [await asyncio.open_connection(HOST, port) for _ in range(MOST_AT_ONCE)]
        await asyncio.sleep(0.1)
        with pytest.raises(httpx.TransportError):
            await _get(port, "/health")
        await asyncio.sleep(0.6)
        assert (await _get(port, "/health")).status_code == 200
        for _, writer in held:
            writer.close()


async def test_listening__endless_request__cut_off_with_little_read() -> None:
    async with listening(Telemetry(), HOST, 0) as port:
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"GET /metrics HTTP/1.1\r\n" + b"X-Y: z\r\n" * 20_000)
        assert await _rest(reader) == b""
        writer.close()
        assert (await _get(port, "/health")).status_code == 200


async def test_served__port_zero__nothing_listens() -> None:
    async with served(Telemetry(), TelemetrySettings(port=0)) as port:
        assert port == 0


async def test_listening__port_taken__error_that_names_the_setting() -> None:
    with socket.create_server((HOST, 0)) as taken, pytest.raises(ConfigurationError, match="TELEMETRY__PORT"):
        async with listening(Telemetry(), HOST, taken.getsockname()[1]):
            pass
