"""The sidecar's face, an ASGI application: what it knows of models, told to gates, nginx and Envoy.

It answers from its views and asks nobody, and says "no" whenever it does not know. Whoever can reach it can
read what is public on the chain anyway; it takes no orders. Paths:

- `GET /v1/models/{model}` the status as a document, and `/v1/models/{model}/watch` the same by websocket, at
  each change, to each question, and at least each second;
- `/v1/auth/{model}/{version}` (any method, and with anything after it) 200 where the model may answer, else
  403 with the problem document: what nginx's `auth_request` and Envoy's `ext_authz` ask for. No 5xx, which
  Envoy takes for a fault of ours and would let pass where it is told to allow faults;
- `/v1/problem/{model}/{version}` that document as 503;
- `GET /health`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

from tribune.gate import problem
from tribune.gate.problem import Subject
from tribune.gate.sidecar import wire
from tribune.gate.status import Reading, Refusal, Snapshot, StatusView
from tribune.ids import ModelId, VersionNumber
from tribune.log import get_logger

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

BEAT_S = 1.0
"""Longest silence of a websocket."""
FIRST_S = 2.0
"""How long an answer waits for a model's first reading."""
PATIENCE_S = 5.0
"""A websocket that takes no message for so long is closed."""
MOST_MODELS = 20_000
"""Models that are watched because somebody asked; those named in the settings come on top."""
MOST_SOCKETS = 10_000
PLAIN: Headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]


class Watcher(Protocol):
    """Keeps views current; see `ChainWatcher`."""

    def add(self, *views: StatusView) -> None:
        """Keep further views current."""


class Sidecar:
    """Answers for many models.

    Args:
        watcher: keeps the views current; run by the caller, in this loop.
        chain_id: of the chain that it reads.
        max_staleness_s: how old what is known may be for a proxy to be told "yes".
        models: watched from the start on; where there are any, no others are answered for.
        enforce: False says "yes" to proxies always, and in a header what it would have said.
        subject: makes of a model and version whom refusals speak of.
        head_must_advance: as for a view.
    """

    def __init__(
        self,
        watcher: Watcher,
        *,
        chain_id: int,
        max_staleness_s: float,
        models: Collection[ModelId] = (),
        enforce: bool = True,
        subject: Callable[[ModelId, VersionNumber], Subject] = Subject,
        head_must_advance: bool = True,
    ) -> None:
        self._watcher = watcher
        self._chain_id = chain_id
        self._max_staleness_s = max_staleness_s
        self._only = frozenset(models)
        self._enforce = enforce
        self._subject = subject
        self._advance = head_must_advance
        self.views: dict[ModelId, StatusView] = {}
        self.sockets = 0
        """Open websockets."""
        self.refused = 0
        """How often a proxy was told "no", or would have been."""
        self._said: dict[tuple[ModelId, VersionNumber], str | None] = {}
        for model_id in models:
            self.watch(model_id)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        parts = scope.get("path", "").split("/")[1:]
        if scope["type"] == "websocket":
            await self._socket(parts, scope, receive, send)
        elif scope["type"] == "http":
            status, headers, body = await self._page(parts)
            headers = [*headers, (b"content-length", b"%d" % len(body))]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    @property
    def blind(self) -> int:
        """Of how many models too little is known to say "yes"."""
        return sum(not self.fresh(view) for view in self.views.values())

    @property
    def stopped(self) -> int:
        """How many models may not run, as far as is known."""
        readings = [view.snapshot.reading for view in self.views.values()]
        return sum(reading is not None and reading.cause is not None for reading in readings)

    def fresh(self, view: StatusView) -> bool:
        """Return whether what is known of a model is new enough to answer by."""
        refusal = view.refusal(VersionNumber(0), self._max_staleness_s)
        return refusal is None or refusal.state != "Unknown"

    async def _page(self, parts: list[str]) -> tuple[int, Headers, bytes]:
        match parts:
            case ["health"]:
                blind = self.blind
                health = {"status": "blind" if blind else "ok", "models": len(self.views), "blind": blind}
                return 503 if blind else 200, PLAIN, json.dumps(health).encode()
            case ["v1", "models", model] if (view := await self._view(model)) is not None:
                return 200, PLAIN, wire.encode(view.model_id, self._chain_id, view.snapshot).encode()
            case ["v1", "auth", model, version, *_] if _number(version):
                return await self._auth(model, VersionNumber(_number(version)))
            case ["v1", "problem", model, version] if _number(version):
                return await self._problem(model, VersionNumber(_number(version)))
        return 404, PLAIN, b'{"status": 404, "title": "There is nothing here, or not for this model"}'

    async def _auth(self, model: str, version: VersionNumber) -> tuple[int, Headers, bytes]:
        refusal, subject = await self._verdict(model, version)
        if refusal is None:
            return 200, PLAIN[1:], b""
        self.refused += 1
        cause = (b"tribune-cause", refusal.cause.encode())
        if not self._enforce:
            return 200, [*PLAIN[1:], cause], b""
        document = problem.problem(subject, refusal)
        return 403, [*problem.headers(document, refusal), cause], problem.encode(document)

    async def _problem(self, model: str, version: VersionNumber) -> tuple[int, Headers, bytes]:
        refusal, subject = await self._verdict(model, version)
        if refusal is None:  # it may run again since the proxy was told "no"
            document = problem.ask_again(subject)
            headers = [*problem.headers(document), (b"retry-after", b"1")]
        else:
            document = problem.problem(subject, refusal)
            headers = problem.headers(document, refusal)
        return 503, headers, problem.encode(document)

    async def _verdict(self, model: str, version: VersionNumber) -> tuple[Refusal | None, Subject]:
        view = await self._view(model)
        known = view is not None
        view = view or StatusView(ModelId(_number(model)))  # one that knows nothing refuses
        refusal = view.refusal(version, self._max_staleness_s)
        cause = None if refusal is None else str(refusal.cause)
        if known and self._said.get((view.model_id, version), "") != cause:  # once a change
            if len(self._said) > MOST_MODELS:
                self._said.clear()
            self._said[view.model_id, version] = cause
            get_logger(__name__).info(
                "sidecar refuses" if cause else "sidecar lets pass",
                model=view.model_id,
                version=version,
                cause=cause,
                enforced=self._enforce,
                error=view.snapshot.fault,
            )
        return refusal, self._subject(view.model_id, version)

    async def _view(self, model: str) -> StatusView | None:
        """Return the view of a model, once something is known of it; None for one that is not ours."""
        model_id = ModelId(_number(model))
        view = self.watch(model_id)
        if view is not None and view.snapshot.reading is None:
            known = asyncio.Event()
            view.listen(known.set)
            with suppress(TimeoutError):
                async with asyncio.timeout(FIRST_S):
                    while view.snapshot.reading is None:
                        known.clear()
                        await known.wait()
            view.unlisten(known.set)
        return view

    def watch(self, model_id: ModelId) -> StatusView | None:
        """Return the view of a model, which is watched from now on; None for one that is not ours."""
        if model_id in self.views:
            return self.views[model_id]
        room = model_id in self._only or (not self._only and len(self.views) < MOST_MODELS)
        if not model_id or not room:
            return None
        view = StatusView(model_id, head_must_advance=self._advance)
        self.views[model_id] = view
        self._watcher.add(view)
        return view

    async def _socket(self, parts: list[str], scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        view = (
            await self._view(parts[2]) if parts[:2] == ["v1", "models"] and parts[3:] == ["watch"] else None
        )
        if view is None or self.sockets >= MOST_SOCKETS:
            if "websocket.http.response" in scope.get("extensions", {}):
                status = 404 if view is None else 503
                await send({"type": "websocket.http.response.start", "status": status, "headers": PLAIN[1:]})
                await send({"type": "websocket.http.response.body", "body": b""})
            else:
                await send({"type": "websocket.close", "code": 1008})
            return
        await send({"type": "websocket.accept"})
        self.sockets += 1
        try:
            await _Watch(view, self._chain_id).run(receive, send)
        finally:
            self.sockets -= 1


class _Watch:
    """One websocket. Tells what is newest when there is room, so that a slow client has nothing pile up."""

    def __init__(self, view: StatusView, chain_id: int) -> None:
        self._view = view
        self._chain_id = chain_id
        self._echo = ""
        self._told: object = None
        self._news = asyncio.Event()

    async def run(self, receive: Receive, send: Send) -> None:
        listening = asyncio.create_task(self._listen(receive))
        self._view.listen(self._look)
        try:
            while not listening.done():
                snapshot, echo = self._view.snapshot, self._echo
                self._told, self._echo = _gist(snapshot), ""
                self._news.clear()
                text = wire.encode(self._view.model_id, self._chain_id, snapshot, echo)
                async with asyncio.timeout(PATIENCE_S):
                    await send({"type": "websocket.send", "text": text})
                with suppress(TimeoutError):
                    async with asyncio.timeout(BEAT_S):
                        await self._news.wait()
        except OSError:  # gone, or too slow (a timeout is an OSError)
            pass
        finally:
            self._view.unlisten(self._look)
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _listen(self, receive: Receive) -> None:
        while (message := await receive())["type"] == "websocket.receive":
            self._echo = (message.get("text") or "")[:32]
            self._news.set()
        self._news.set()

    def _look(self) -> None:
        if self._told != _gist(self._view.snapshot):
            self._news.set()


def _gist(snapshot: Snapshot) -> tuple[Reading | None, object, str, bytes]:
    """Return what is told at once; a further block is not."""
    reading = snapshot.reading and replace(snapshot.reading, block_number=0, block_time=0)
    return reading, snapshot.case, snapshot.sentence, snapshot.artifact


def _number(text: str) -> int:
    """Return the number of a model or version, 0 for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 19 else 0
