"""A halt while answers and websockets are under way, on a real server."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import websockets
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from tribune.gate.middleware import ModelGate
from tribune.gate.status import StatusView
from unit.gate.chain import ACTIVE, MODEL, PAUSED, VERSION, until, view_of
from unit.gate.serving import Client, connected, served

NOTES: list[str] = []


@pytest.fixture(autouse=True)
def no_notes() -> None:
    NOTES.clear()


async def _tokens(request: Request) -> Response:
    async def tokens() -> AsyncIterator[bytes]:
        yield b"first"
        await asyncio.sleep(0.3 if "short" in request.query_params else 60)
        yield b"last"

    return StreamingResponse(tokens())


async def _slow(request: Request) -> Response:
    await asyncio.sleep(60)
    return PlainTextResponse("prediction")


def _blocking(request: Request) -> Response:
    time.sleep(1.5)
    NOTES.append("model ended")
    return PlainTextResponse("prediction")


async def _afterwards(request: Request) -> Response:
    async def work() -> None:
        NOTES.append("began")
        await asyncio.sleep(0.2)
        NOTES.append("ended")

    return PlainTextResponse("prediction", background=BackgroundTask(work))


async def _talk(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(f"prediction for {text}")


async def _monologue(websocket: WebSocket) -> None:
    await websocket.accept()
    while True:
        await websocket.send_text("token")
        await asyncio.sleep(0.01)


async def _stubborn(scope: Any, receive: Any, send: Any) -> None:
    """Stream on, whatever happens, until the sixth failure."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(6):
        try:
            while True:
                await send({"type": "http.response.body", "body": b"token", "more_body": True})
                await asyncio.sleep(0.02)
        except BaseException as fault:
            NOTES.append(type(fault).__name__)


def _app() -> Starlette:
    return Starlette(
        routes=[
            Route("/tokens", _tokens),
            Route("/slow", _slow),
            Route("/blocking", _blocking),
            Route("/afterwards", _afterwards),
            WebSocketRoute("/talk", _talk),
            WebSocketRoute("/monologue", _monologue),
        ]
    )


def _gate(view: StatusView, app: Any = None, **options: Any) -> ModelGate:
    options = {"model": MODEL, "version": VERSION, "max_staleness_s": 30.0, **options}
    return ModelGate(app or _app(), view, **options)


def _halt(view: StatusView) -> None:
    view.update(replace(PAUSED, block_number=813), asked_at=time.monotonic())


async def _begun(gate: ModelGate, client: Client, path: str) -> None:
    client.send(f"GET {path} HTTP/1.1")
    await until(lambda: gate._under_way)


class _Gathering(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__()
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        self._records.append(record)


@contextmanager
def _server_log() -> Iterator[list[logging.LogRecord]]:
    """Gather what uvicorn says while the block runs."""
    records: list[logging.LogRecord] = []
    handler = _Gathering(records)
    log = logging.getLogger("uvicorn.error")
    log.addHandler(handler)
    try:
        yield records
    finally:
        log.removeHandler(handler)


async def test_halt__stream_under_way__ends_at_once_and_is_seen_to_be_cut() -> None:
    view = view_of(ACTIVE)
    async with served(_gate(view)) as port, connected(port) as client:
        client.send("GET /tokens HTTP/1.1")
        status, headers = await client.head()
        assert (status, headers["transfer-encoding"]) == (200, "chunked")
        await client.until(b"first\r\n")
        began = time.monotonic()
        _halt(view)
        rest = await client.rest()
    assert time.monotonic() - began < 1
    assert rest == b""  # neither another token nor the last chunk, of length 0


async def test_halt__stream_under_way__is_no_trace_in_the_servers_log() -> None:
    view = view_of(ACTIVE)
    with _server_log() as records:
        async with served(_gate(view)) as port, connected(port) as client:
            client.send("GET /tokens HTTP/1.1")
            await client.until(b"first\r\n")
            _halt(view)
            assert await client.rest() == b""
    assert [record.exc_info for record in records if record.levelno >= logging.WARNING] == [None]


async def test_halt__application_fails_by_itself__keeps_its_trace() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise ZeroDivisionError

    with _server_log() as records:
        async with served(_gate(view_of(ACTIVE), broken)) as port, connected(port) as client:
            client.send("GET / HTTP/1.1")
            assert (await client.head())[0] == 500
    assert ZeroDivisionError in [record.exc_info[0] for record in records if record.exc_info]


async def test_halt__answer_not_begun__is_refused_at_once() -> None:
    view = view_of(ACTIVE)
    gate = _gate(view)
    async with served(gate) as port, connected(port) as client:
        await _begun(gate, client, "/slow")
        _halt(view)
        status, document = await client.answer()
        assert (status, document["state"]) == (503, "Paused")
        client.send("GET /slow HTTP/1.1")  # the connection is as good as before
        assert (await client.answer())[0] == 503


async def test_halt__model_runs_in_a_thread__is_refused_before_it_ends() -> None:
    view = view_of(ACTIVE)
    gate = _gate(view)
    async with served(gate) as port, connected(port) as client:
        await _begun(gate, client, "/blocking")
        await asyncio.sleep(0.1)
        _halt(view)
        assert (await client.answer())[0] == 503
        assert NOTES == []


async def test_halt__seen_by_another_thread__ends_what_is_under_way() -> None:
    view = view_of(ACTIVE)
    gate = _gate(view)
    async with served(gate) as port, connected(port) as client:
        await _begun(gate, client, "/slow")
        threading.Thread(target=_halt, args=[view]).start()
        assert (await client.answer())[0] == 503


async def test_halt__application_will_not_be_cancelled__gets_nothing_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tribune.gate.connections.AGAIN_S", 0.1)
    view = view_of(ACTIVE)
    async with served(_gate(view, _stubborn)) as port, connected(port) as client:
        client.send("GET / HTTP/1.1")
        await client.until(b"token\r\n")
        _halt(view)
        rest = await client.rest()
    assert NOTES[:2] == ["CancelledError", "ModelHaltedError"]
    assert rest.count(b"token") <= 2  # what was on its way before
    assert not rest.endswith(b"0\r\n\r\n")


async def test_halt__websocket_that_waits__is_closed_at_once() -> None:
    view = view_of(ACTIVE)
    async with served(_gate(view)) as port, websockets.connect(f"ws://127.0.0.1:{port}/talk") as talk:
        await talk.send("a")
        assert await talk.recv() == "prediction for a"
        _halt(view)
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await asyncio.wait_for(talk.recv(), 1)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1013, "model stopped")


async def test_halt__websocket_that_only_speaks__is_closed_at_once() -> None:
    view = view_of(ACTIVE)
    async with served(_gate(view)) as port, websockets.connect(f"ws://127.0.0.1:{port}/monologue") as talk:
        assert await talk.recv() == "token"
        _halt(view)
        await asyncio.wait_for(talk.wait_closed(), 1)
    assert talk.close_code == 1013


async def test_halt__websockets_not_to_be_cut__closes_at_the_next_message() -> None:
    view = view_of(ACTIVE)
    gate = _gate(view, cut_streams=False)
    async with served(gate) as port, websockets.connect(f"ws://127.0.0.1:{port}/talk") as talk:
        await talk.send("a")
        await talk.recv()
        _halt(view)
        await asyncio.sleep(0.1)
        await talk.send("b")
        with pytest.raises(websockets.ConnectionClosed):
            await asyncio.wait_for(talk.recv(), 1)
    assert talk.close_code == 1013


@pytest.mark.parametrize("options", [{"cut_streams": False}, {"mode": "observe"}])
async def test_halt__streams_not_to_be_cut__ends_as_it_would(options: dict[str, Any]) -> None:
    view = view_of(ACTIVE)
    gate = _gate(view, **options)
    async with served(gate) as port, connected(port) as client:
        client.send("GET /tokens?short=1 HTTP/1.1")
        await client.until(b"first\r\n")
        _halt(view)
        assert (await client.until(b"0\r\n\r\n")).startswith(b"4\r\nlast")


async def test_halt__while_only_observed__counts_what_would_have_been_cut() -> None:
    view = view_of(ACTIVE)
    gate = _gate(view, mode="observe")
    async with served(gate) as port, connected(port) as client:
        await _begun(gate, client, "/tokens?short=1")
        _halt(view)
        await client.until(b"0\r\n\r\n")
        client.send("GET /tokens?short=1 HTTP/1.1")
        await client.until(b"0\r\n\r\n")
    found = gate.tally.summary()
    assert found["requests"] == 2
    paused = found["shut"]["model-paused"]
    assert (paused["times"], paused["requests"], paused["under_way"]) == (1, 1, 1)
    assert 0.3 < paused["seconds"] < 5


async def test_view__grows_too_old_under_a_stream__cuts_it_without_being_told() -> None:
    view = view_of(ACTIVE)
    gate = _gate(view, max_staleness_s=0.5)
    async with served(gate) as port, connected(port) as client:
        client.send("GET /tokens HTTP/1.1")
        await client.until(b"first\r\n")
        began = time.monotonic()
        assert await client.rest() == b""
        assert time.monotonic() - began < 1


async def test_halt__answer_complete__leaves_its_background_task_alone() -> None:
    view = view_of(ACTIVE)
    async with served(_gate(view)) as port, connected(port) as client:
        client.send("GET /afterwards HTTP/1.1")
        await client.until(b"prediction")
        await until(lambda: NOTES)
        _halt(view)
        await until(lambda: NOTES == ["began", "ended"])


async def test_halt__gate_within_a_middleware_that_relays__gets_nothing_more_out() -> None:
    """Starlette's relay writes the last chunk by itself: only an outermost gate can show that it cut."""

    async def relay(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        return response

    view = view_of(ACTIVE)
    async with (
        served(BaseHTTPMiddleware(_gate(view), dispatch=relay)) as port,
        connected(port) as client,
    ):
        client.send("GET /tokens HTTP/1.1")
        await client.until(b"first\r\n")
        _halt(view)
        assert await client.rest() == b"0\r\n\r\n"


async def test_halt__client_went_away_before__changes_nothing() -> None:
    view = view_of(ACTIVE)
    gate = _gate(view)
    async with served(gate) as port:
        async with connected(port) as client:
            client.send("GET /tokens HTTP/1.1")
            await client.until(b"first\r\n")
        await until(lambda: not gate._under_way)
        _halt(view)
        async with connected(port) as client:
            client.send("GET /slow HTTP/1.1")
            assert (await client.answer())[0] == 503


async def test_serving__thousand_answers__leaves_none_under_way() -> None:
    gate = _gate(view_of(ACTIVE))
    async with served(gate) as port, connected(port) as client:
        for _ in range(1000):
            client.send("GET /nothing HTTP/1.1")
            await client.until(b"Not Found")
    assert not gate._under_way


async def test_server__cancels_what_the_gate_has_cut__stays_cancelled() -> None:
    """A cancellation that is not ours goes on to whoever asked for it."""
    view = view_of(ACTIVE)

    async def waits(scope: Any, receive: Any, send: Any) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.05)

    async def receive() -> Any:
        await asyncio.sleep(60)

    async def send(message: Any) -> None:
        NOTES.append(message["type"])

    gate = _gate(view, waits)
    task = asyncio.create_task(gate({"type": "http", "path": "/", "headers": []}, receive, send))
    await until(lambda: gate._under_way)
    _halt(view)
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert NOTES == []
