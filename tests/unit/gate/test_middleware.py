"""The gate before a Starlette application, over HTTP and websockets."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from tribune.exceptions import ConfigurationError, LogUnavailableError
from tribune.gate.middleware import ModelGate
from tribune.gate.status import Refusal, StatusView
from tribune.gate.watching.watcher import ChainWatcher
from tribune.ids import ModelId, VersionNumber
from unit.gate.chain import ACTIVE, CASE, MODEL, PAUSED, SUSPENDED, VERSION, HandChain, until, view_of


async def _predict(request: Request) -> JSONResponse:
    return JSONResponse({"prediction": "1"})


async def _unrecorded(request: Request) -> JSONResponse:
    raise LogUnavailableError("The disk is full.")


async def _socket(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(f"prediction for {text}")


def _app(**options: Any) -> Starlette:
    routes = [
        Route("/predict", _predict, methods=["GET", "POST"]),
        Route("/unrecorded", _unrecorded),
        Route("/health", _predict),
        WebSocketRoute("/socket", _socket),
    ]
    return Starlette(routes=routes, **options)


def _gate(view: Any, app: Any = None, **options: Any) -> ModelGate:
    options = {"model": MODEL, "version": VERSION, "max_staleness_s": 5.0, **options}
    return ModelGate(app or _app(), view, **options)


async def _get(app: Any, path: str = "/predict", method: str = "GET") -> httpx.Response:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://model") as client:
        return await client.request(method, path)


async def _converse(app: Any, incoming: asyncio.Queue[Any], **scope: Any) -> list[dict[str, Any]]:
    """Run one websocket connection against an application and return what it sent."""
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    full = {"type": "websocket", "path": "/socket", "headers": [], "query_string": b"", "subprotocols": []}
    await app({**full, **scope}, incoming.get, send)
    return sent


def _incoming(*texts: str) -> asyncio.Queue[Any]:
    queue: asyncio.Queue[Any] = asyncio.Queue()
    queue.put_nowait({"type": "websocket.connect"})
    for text in texts:
        queue.put_nowait({"type": "websocket.receive", "text": text})
    queue.put_nowait({"type": "websocket.disconnect", "code": 1000})
    return queue


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_gate__active__passes_the_answer_unchanged(method: str) -> None:
    response = await _get(_gate(view_of(ACTIVE)), method=method)
    assert (response.status_code, response.json()) == (200, {"prediction": "1"})


async def test_gate__suspended__answers_503_as_a_problem() -> None:
    response = await _get(
        _gate(view_of(SUSPENDED, case=CASE), name="acs-employment", site="https://dao.example/")
    )
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert int(response.headers["retry-after"]) in range(990, 1001)
    assert response.json()["vote"] == "https://dao.example/b/7"


async def test_gate__paused__has_no_retry_after() -> None:
    response = await _get(_gate(view_of(PAUSED)))
    assert response.status_code == 503
    assert "retry-after" not in response.headers


async def test_gate__view_too_old__refuses_as_unknown() -> None:
    response = await _get(_gate(view_of(ACTIVE, age_s=6)))
    assert (response.status_code, response.json()["state"]) == (503, "Unknown")


async def test_gate__suspension_over_by_chain_time__answers() -> None:
    view = view_of(SUSPENDED)
    gate = _gate(view)
    assert (await _get(gate)).status_code == 503
    view.update(replace(SUSPENDED, block_number=813, block_time=SUSPENDED.until), asked_at=time.monotonic())
    assert (await _get(gate)).status_code == 200


async def test_gate__another_version_in_force__refuses() -> None:
    response = await _get(_gate(view_of(ACTIVE), version=VersionNumber(2)))
    assert response.json()["type"] == "urn:tribune:problem:wrong-version"


async def test_gate__halted__refuses() -> None:
    response = await _get(_gate(view_of(replace(ACTIVE, halted=True))))
    assert (response.status_code, response.json()["state"]) == (503, "Halted")


async def test_gate__observe__answers_and_tells_what_it_would_have_refused() -> None:
    told: list[tuple[Refusal, str]] = []
    gate = _gate(
        view_of(PAUSED),
        mode="observe",
        on_refusal=lambda refusal, scope: told.append((refusal, scope["path"])),
    )
    assert (await _get(gate)).status_code == 200
    assert [(refusal.state, path) for refusal, path in told] == [("Paused", "/predict")]


async def test_gate__on_refusal_that_fails__still_refuses() -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("somebody else's bug")

    assert (await _get(_gate(view_of(PAUSED), on_refusal=fails))).status_code == 503


async def test_gate__open_path__answers_while_stopped() -> None:
    gate = _gate(view_of(PAUSED), open_paths=["/health"])
    assert [(await _get(gate, path)).status_code for path in ("/health", "/health/", "/predict")] == [
        200,
        503,
        503,
    ]


async def test_gate__added_as_middleware__refuses_too() -> None:
    app = _app(
        middleware=[Middleware(ModelGate, view_of(PAUSED), model=MODEL, version=VERSION, max_staleness_s=5)]
    )
    assert (await _get(app)).status_code == 503


async def test_gate__answer_that_cannot_be_recorded__is_withheld() -> None:
    app = _app(
        middleware=[Middleware(ModelGate, view_of(ACTIVE), model=MODEL, version=VERSION, max_staleness_s=5)]
    )
    response = await _get(app, "/unrecorded")
    assert (response.status_code, response.json()["type"]) == (503, "urn:tribune:problem:not-recorded")


async def test_gate__websocket_while_active__serves_messages() -> None:
    sent = await _converse(_gate(view_of(ACTIVE)), _incoming("a"))
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.send"]


async def test_gate__websocket_while_stopped__is_closed_before_it_opens() -> None:
    sent = await _converse(_gate(view_of(PAUSED)), _incoming("a"))
    assert [(message["type"], message["code"]) for message in sent] == [("websocket.close", 1013)]


async def test_gate__websocket_while_stopped__answers_as_a_problem_where_the_server_can() -> None:
    sent = await _converse(_gate(view_of(PAUSED)), _incoming(), extensions={"websocket.http.response": {}})
    assert [message["type"] for message in sent] == [
        "websocket.http.response.start",
        "websocket.http.response.body",
    ]
    assert sent[0]["status"] == 503
    assert json.loads(sent[1]["body"])["state"] == "Paused"


async def test_gate__stopped_while_a_websocket_is_open__closes_it_at_the_next_message() -> None:
    view = view_of(ACTIVE)
    incoming: asyncio.Queue[Any] = asyncio.Queue()
    incoming.put_nowait({"type": "websocket.connect"})
    incoming.put_nowait({"type": "websocket.receive", "text": "a"})
    talking = asyncio.create_task(_converse(_gate(view), incoming))
    await until(incoming.empty)
    await asyncio.sleep(0.02)
    view.update(replace(PAUSED, block_number=813), asked_at=time.monotonic())
    incoming.put_nowait({"type": "websocket.receive", "text": "b"})
    sent = await asyncio.wait_for(talking, 3)
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.send", "websocket.close"]


async def test_gate__with_a_source__runs_it_with_the_application() -> None:
    chain = HandChain()
    gate = _gate(ChainWatcher(chain, poll_s=0.05))
    async with _lifespan(gate):
        await until(lambda: chain.reads > 0)
        await until(lambda: gate.view.snapshot.reading is not None)
        assert (await _get(gate)).status_code == 200
    reads = chain.reads
    await asyncio.sleep(0.1)
    assert chain.reads == reads


async def test_gate__with_a_source_and_no_lifespan__refuses_until_it_sees() -> None:
    gate = _gate(ChainWatcher(HandChain(), poll_s=0.05))
    assert (await _get(gate)).json()["state"] == "Unknown"
    await until(lambda: gate.view.snapshot.reading is not None)
    assert (await _get(gate)).status_code == 200
    await gate._stop()


async def test_gate__source_that_dies__refuses_when_too_old_and_starts_it_again() -> None:
    class Dying:
        runs = 0

        async def run(self, view: StatusView) -> None:
            self.runs += 1
            raise RuntimeError("a bug")

    source = Dying()
    gate = _gate(source)
    for _ in range(3):
        assert (await _get(gate)).status_code == 503
        await asyncio.sleep(0.01)
    assert source.runs == 3


@pytest.mark.parametrize("options", [{"mode": "off"}, {"max_staleness_s": 0}, {"model": ModelId(2)}])
def test_gate__impossible_options__are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        _gate(view_of(ACTIVE), **options)


@asynccontextmanager
async def _lifespan(app: Any) -> AsyncIterator[None]:
    incoming: asyncio.Queue[Any] = asyncio.Queue()
    sent: asyncio.Queue[Any] = asyncio.Queue()
    incoming.put_nowait({"type": "lifespan.startup"})
    serving = asyncio.create_task(app({"type": "lifespan", "state": {}}, incoming.get, sent.put))
    assert (await asyncio.wait_for(sent.get(), 3))["type"] == "lifespan.startup.complete"
    yield
    incoming.put_nowait({"type": "lifespan.shutdown"})
    await asyncio.wait_for(serving, 3)
