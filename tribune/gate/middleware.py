"""ModelGate: an ASGI middleware that answers 503 while its model may not run.

Checks each HTTP request and each websocket, on connecting and on every message, against a view of the chain
that something else keeps current; the check itself makes no call. It refuses whenever it does not know. In
mode "observe" it only says what it would have refused. It neither reads nor changes what it lets through.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any, Literal

from tribune.exceptions import ConfigurationError, LogUnavailableError
from tribune.gate import problem
from tribune.gate.status import Refusal, StatusSource, StatusView
from tribune.ids import ModelId, VersionNumber
from tribune.log import get_logger

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

TRY_AGAIN_LATER = 1013
"""Close code of a refused websocket (IANA registry of RFC 6455)."""


class ModelGate:
    """Lets requests through to a model's server only while the model may run.

    Args:
        app: the server's ASGI application.
        status: the view of the model, kept current by the caller; or a source, which the gate then runs
            itself for as long as the application serves.
        model: the model's id.
        version: the version behind this gate; any other in force refuses.
        max_staleness_s: how old what is known of the chain may be; beyond it the gate refuses.
        mode: "enforce", or "observe" to refuse nothing and say what would have been refused.
        on_refusal: told of every refusal (in both modes), with the ASGI scope.
        name: the model's name for people.
        site: address of the ballot pages, for links in refusals.
        open_paths: exact paths that are no inference (health checks) and are never refused.

    Raises:
        ConfigurationError: for a view of another model, a bound that is not above 0, or an unknown mode.
    """

    def __init__(
        self,
        app: App,
        status: StatusView | StatusSource,
        *,
        model: ModelId,
        version: VersionNumber,
        max_staleness_s: float,
        mode: Literal["enforce", "observe"] = "enforce",
        on_refusal: Callable[[Refusal, Scope], None] | None = None,
        name: str = "",
        site: str = "",
        open_paths: Collection[str] = (),
    ) -> None:
        if mode not in ("enforce", "observe"):
            raise ConfigurationError(f'A gate\'s mode is "enforce" or "observe", not {mode!r}.')
        if not max_staleness_s > 0:
            raise ConfigurationError("A gate needs a max_staleness_s above 0.")
        self.view = status if isinstance(status, StatusView) else StatusView(model)
        if self.view.model_id != model:
            raise ConfigurationError(
                f"The gate is for model {model}, its view of model {self.view.model_id}."
            )
        self._app = app
        self._source = None if isinstance(status, StatusView) else status
        self._subject = problem.Subject(model, version, name, site.rstrip("/"))
        self._version = version
        self._max_staleness_s = max_staleness_s
        self._enforce = mode == "enforce"
        self._on_refusal = on_refusal
        self._open_paths = frozenset(open_paths)
        self._task: asyncio.Task[None] | None = None
        self._said: str | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        kind = scope["type"]
        if self._source is not None and (self._task is None or self._task.done()):
            self._start(self._source)
        if kind == "lifespan":
            try:
                await self._app(scope, receive, send)
            finally:
                await self._stop()
        elif kind == "http" and scope["path"] not in self._open_paths:
            refusal = self._check(scope)
            if refusal is None:
                await self._recorded(scope, receive, send)
            else:
                document = problem.problem(self._subject, refusal)
                await _respond(send, document, problem.headers(document, refusal), "http.response")
        elif kind == "websocket" and scope["path"] not in self._open_paths:
            refusal = self._check(scope)
            if refusal is None:
                await self._app(scope, *self._guarded(scope, receive, send))
            else:
                await self._deny(refusal, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> Refusal | None:
        """Return the refusal to act on: None where the model may run, or where the gate only observes."""
        refusal = self.view.refusal(self._version, self._max_staleness_s)
        verdict = None if refusal is None else f"{refusal.cause}"
        if verdict != self._said:  # once a change, not once a request
            self._said = verdict
            get_logger(__name__).info(
                "gate refuses" if verdict else "gate answers",
                model=self._subject.model_id,
                version=self._version,
                cause=verdict,
                enforced=self._enforce,
                error=refusal.snapshot.fault if refusal else "",
            )
        if refusal is None:
            return None
        if self._on_refusal is not None:
            try:
                self._on_refusal(refusal, scope)
            except Exception:  # somebody else's code must neither open the gate nor break it
                get_logger(__name__).exception("on_refusal failed")
        return refusal if self._enforce else None

    async def _recorded(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except LogUnavailableError:
            if started:
                raise
            get_logger(__name__).exception("answer withheld: it could not be recorded")
            document = problem.not_recorded(self._subject)
            await _respond(send, document, problem.headers(document), "http.response")

    def _guarded(self, scope: Scope, receive: Receive, send: Send) -> tuple[Receive, Send]:
        """Wrap an open websocket: the first message after a stop closes it instead of reaching the model."""
        closed = False

        async def guarded_receive() -> Message:
            nonlocal closed
            message = await receive()
            if message["type"] == "websocket.receive" and self._check(scope) is not None:
                closed = True
                await send({"type": "websocket.close", "code": TRY_AGAIN_LATER, "reason": "model stopped"})
                return {"type": "websocket.disconnect", "code": TRY_AGAIN_LATER}
            return message

        async def guarded_send(message: Message) -> None:
            if not closed:
                await send(message)

        return guarded_receive, guarded_send

    async def _deny(self, refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        if "websocket.http.response" in scope.get("extensions", {}):
            document = problem.problem(self._subject, refusal)
            await _respond(send, document, problem.headers(document, refusal), "websocket.http.response")
        else:
            await send({"type": "websocket.close", "code": TRY_AGAIN_LATER, "reason": "model stopped"})

    def _start(self, source: StatusSource) -> None:
        if self._task is not None and not self._task.cancelled() and self._task.exception() is not None:
            get_logger(__name__).error("status source failed", error=repr(self._task.exception()))
        self._task = asyncio.get_running_loop().create_task(source.run(self.view), name="gate-status")

    async def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None


async def _respond(
    send: Send, document: dict[str, Any], headers: list[tuple[bytes, bytes]], kind: str
) -> None:
    body = problem.encode(document)
    headers = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": f"{kind}.start", "status": document["status"], "headers": headers})
    await send({"type": f"{kind}.body", "body": body})
