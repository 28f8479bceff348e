"""What askers and applications may do to a gate, on a real server."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from tribune.exceptions import ConfigurationError, ModelHaltedError
from tribune.gate.middleware import ModelGate
from tribune.gate.status import StatusView
from unit.gate.chain import ACTIVE, MODEL, PAUSED, VERSION, until, view_of
from unit.gate.serving import connected, served

BODY = b"x" * 200_000


async def _echo(request: Request) -> Response:
    body = await request.body()
    seen = [value.hex() for name, value in request.scope["headers"] if name == b"x-odd"]
    return JSONResponse({"body": body.hex(), "odd": seen, "path": request.scope["path"]})


def _app() -> Starlette:
    methods = ["GET", "POST", "HEAD", "OPTIONS", "PUT"]
    return Starlette(routes=[Route("/health", _echo), Route("/{rest:path}", _echo, methods=methods)])


def _gate(view: StatusView, app: Any = None, **options: Any) -> ModelGate:
    options = {"model": MODEL, "version": VERSION, "max_staleness_s": 30.0, **options}
    return ModelGate(app or _app(), view, **options)


async def test_stopped__body_never_read__the_connection_goes_on() -> None:
    view = view_of(PAUSED)
    async with served(_gate(view)) as port, connected(port) as client:
        client.send("POST /predict HTTP/1.1", BODY)
        assert (await client.answer())[0] == 503
        view.update(replace(ACTIVE, block_number=813), asked_at=time.monotonic())
        client.send("POST /predict HTTP/1.1", b"ab")
        status, document = await client.answer()
    assert (status, document["body"]) == (200, b"ab".hex())


async def test_stopped__body_announced_and_not_sent__is_refused_without_it() -> None:
    async with served(_gate(view_of(PAUSED))) as port, connected(port) as client:
        client.send("POST /predict HTTP/1.1\nContent-Length: 900000000000")
        assert (await client.answer())[0] == 503


async def test_stopped__asker_waits_for_100_continue__reads_503_instead() -> None:
    async with served(_gate(view_of(PAUSED))) as port, connected(port) as client:
        client.send("POST /predict HTTP/1.1\nContent-Length: 5\nExpect: 100-continue")
        assert (await client.head())[0] == 503


async def test_stopped__head__has_headers_and_no_body() -> None:
    async with served(_gate(view_of(PAUSED))) as port, connected(port) as client:
        client.send("HEAD /predict HTTP/1.1\nConnection: close")
        status, headers = await client.head()
        assert (status, headers["content-type"]) == (503, "application/problem+json")
        assert await client.rest() == b""


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "BREW"])
async def test_stopped__any_method__is_refused(method: str) -> None:
    async with served(_gate(view_of(PAUSED))) as port, connected(port) as client:
        client.send(f"{method} /predict HTTP/1.1")
        assert (await client.answer())[0] == 503


@pytest.mark.parametrize(
    "path",
    ["//health", "/health/", "/HEALTH", "/health/../predict", "/%68ealth%2f", "/health%00", "/health;/x"],
)
async def test_stopped__path_that_resembles_an_open_one__is_refused(path: str) -> None:
    gate = _gate(view_of(PAUSED), open_paths=["/health"])
    async with served(gate) as port, connected(port) as client:
        client.send(f"GET {path} HTTP/1.1")
        assert (await client.answer())[0] == 503


@pytest.mark.parametrize("path", ["/health", "/health?x=/predict", "/%68ealth"])
async def test_stopped__open_path_in_other_spellings__is_the_same_path(path: str) -> None:
    gate = _gate(view_of(PAUSED), open_paths=["/health"])
    async with served(gate) as port, connected(port) as client:
        client.send(f"GET {path} HTTP/1.1")
        status, document = await client.answer()
    assert (status, document["path"]) == (200, "/health")


def test_gate__open_path_without_a_slash__configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="health"):
        _gate(view_of(ACTIVE), open_paths=["health"])


async def test_open_path__behind_a_root_path__is_the_applications() -> None:
    gate = _gate(view_of(PAUSED), open_paths=["/health"])
    async with served(gate, root_path="/api") as port, connected(port) as client:
        client.send("GET /health HTTP/1.1")
        assert (await client.answer())[0] == 200
        client.send("GET /api/health HTTP/1.1")  # to the application: /api/health below /api
        assert (await client.answer())[0] == 503


async def test_open_path__of_a_mounted_application__is_below_the_mount() -> None:
    gate = _gate(view_of(PAUSED), open_paths=["/health"])
    app = Starlette(routes=[Mount("/model", gate), Route("/health", _echo)])
    async with served(app) as port, connected(port) as client:
        for path, status in (("/model/health", 200), ("/model/predict", 503), ("/health", 200)):
            client.send(f"GET {path} HTTP/1.1")
            assert (await client.answer())[0] == status


async def test_mounted__no_lifespan_of_its_own__still_grows_old() -> None:
    """A mounted application is told no lifespan: the first request sets its gate going."""
    gate = _gate(view_of(ACTIVE), max_staleness_s=0.4)
    app = Starlette(routes=[Mount("/model", gate)])
    async with served(app) as port, connected(port) as client:
        client.send("GET /model/predict HTTP/1.1")
        assert (await client.answer())[0] == 200
        await until(lambda: gate.tally.cause == "state-unknown")


@pytest.mark.parametrize(("reading", "status"), [(ACTIVE, 200), (PAUSED, 503)])
async def test_bytes__that_are_no_utf_8__are_passed_or_refused_like_any(reading: Any, status: int) -> None:
    async with served(_gate(view_of(reading))) as port, connected(port) as client:
        client.send("POST /caf%E9%FF HTTP/1.1\nX-Odd: \xff\xfe\nX-Odd: \xe9", b"\xff\xfe\x00\xc3(")
        found, document = await client.answer()
    assert found == status
    if status == 200:
        assert (document["body"], document["odd"]) == ("fffe00c328", ["fffe", "e9"])


async def test_headers__that_claim_to_be_the_gates__change_nothing() -> None:
    lies = "tribune-receipt: 1\ntribune-state: Active\nX-Original-URL: /health\nX-HTTP-Method-Override: GET"
    gate = _gate(view_of(PAUSED), open_paths=["/health"])
    async with served(gate) as port, connected(port) as client:
        client.send(f"POST /predict HTTP/1.1\n{lies}")
        assert (await client.answer())[0] == 503


async def test_requests__sent_together_on_one_connection__are_each_judged() -> None:
    view = view_of(ACTIVE)
    calls = 0

    async def answers(scope: Any, receive: Any, send: Any) -> None:
        nonlocal calls
        calls += 1
        body = b'{"n": %d}' % calls
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        view.update(replace(PAUSED, block_number=813), asked_at=time.monotonic())

    async with served(_gate(view, answers), lifespan="off") as port, connected(port) as client:
        client.send("GET /a HTTP/1.1")
        client.send("GET /b HTTP/1.1")
        assert [(await client.answer())[0] for _ in range(2)] == [200, 503]
    assert calls == 1


async def _starts_twice(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.start", "status": 200, "headers": []})


async def _says_nothing(scope: Any, receive: Any, send: Any) -> None:
    pass


async def _answers_twice(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"content-length", b"1")]
    for _ in range(2):
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"a"})


async def _sends_no_type(scope: Any, receive: Any, send: Any) -> None:
    await send({})


async def _fails(scope: Any, receive: Any, send: Any) -> None:
    raise RuntimeError("somebody else's bug")


@pytest.mark.parametrize(
    "application", [_starts_twice, _says_nothing, _answers_twice, _sends_no_type, _fails]
)
async def test_application__misbehaves__fares_as_without_a_gate(application: Any) -> None:
    answers = []
    gate = _gate(view_of(ACTIVE), application)
    for app in (application, gate):
        async with served(app, lifespan="off") as port, connected(port) as client:
            client.send("GET / HTTP/1.1")
            lines = (await client.rest_or_silence()).split(b"\r\n")
            answers.append([line for line in lines if not line.startswith(b"date:")])
    assert answers[0] == answers[1]
    assert not gate._under_way


async def test_application__fails_at_its_start__fails_as_without_a_gate() -> None:
    sent: list[str] = []

    async def fails(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no weights"})

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(f"{message['type']}: {message['message']}")

    gate = _gate(view_of(ACTIVE), fails)
    await gate({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.failed: no weights"]
    assert gate._task is None


async def test_application__knows_no_lifespan__is_gated_all_the_same() -> None:
    async def bare(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    view = view_of(ACTIVE)
    async with served(_gate(view, bare)) as port, connected(port) as client:
        client.send("GET / HTTP/1.1")
        assert (await client.head())[0] == 200
        await client.until(b"0\r\n\r\n")
        view.update(replace(PAUSED, block_number=813), asked_at=time.monotonic())
        client.send("GET / HTTP/1.1")
        assert (await client.answer())[0] == 503


async def test_scope__of_a_protocol_to_come__never_reaches_a_stopped_model() -> None:
    async def never(*_: Any) -> Any:
        raise AssertionError("reached the model")

    with pytest.raises(ModelHaltedError):
        await _gate(view_of(PAUSED), never)({"type": "webtransport"}, never, never)


@pytest.mark.parametrize("jump_s", [-1e9, -3600, 3600, 1e9])
async def test_wall_clock__jumps__changes_nothing(monkeypatch: pytest.MonkeyPatch, jump_s: float) -> None:
    view = view_of(ACTIVE)
    blind = view_of(ACTIVE, age_s=31)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + jump_s)
    monkeypatch.setattr(time, "time_ns", lambda: int((real() + jump_s) * 1e9))
    assert view.refusal(VERSION, 30) is None
    assert blind.refusal(VERSION, 30) is not None


async def test_stopped__websocket_whose_client_left__ends_quietly() -> None:
    gone = asyncio.Event()

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        gone.set()
        raise OSError("client disconnected")

    with suppress(OSError):
        await _gate(view_of(PAUSED))({"type": "websocket", "path": "/", "headers": []}, receive, send)
    assert gone.is_set()
