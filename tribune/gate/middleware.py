"""ModelGate: an ASGI middleware that answers 503 while its model may not run.

Checks each HTTP request and each websocket, on connecting and on every message, against a view of the chain
that something else keeps current; the check itself makes no call. It refuses whenever it does not know. A
halt ends what is under way at once. In mode "observe" it only says what it would have refused. It neither
reads nor changes what it lets through.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from tribune.exceptions import ConfigurationError, LogUnavailableError, ModelHaltedError
from tribune.gate import problem
from tribune.gate.artifact import ArtifactCheck
from tribune.gate.connections import (
    STOPPED,
    TRY_AGAIN_LATER,
    Answer,
    Conversation,
    Receive,
    Scope,
    Send,
    UnderWay,
)
from tribune.gate.keeper import GateKeeper, Mode
from tribune.gate.server_logs import expect_cuts
from tribune.gate.status import Refusal, StatusSource, StatusView
from tribune.gate.tally import Tally
from tribune.ids import ModelId, VersionNumber
from tribune.log import get_logger

App = Callable[[Scope, Receive, Send], Awaitable[None]]


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
        open_paths: exact paths that are no inference (health checks) and are never refused; below the
            `root_path` at which a server or another application has mounted this one.
        cut_streams: whether a halt ends answers and websockets that are under way.
        artifact: compares what is served with what is registered; run by the gate like a source.

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
        mode: Mode = "enforce",
        on_refusal: Callable[[Refusal, Scope], None] | None = None,
        name: str = "",
        site: str = "",
        open_paths: Collection[str] = (),
        cut_streams: bool = True,
        artifact: ArtifactCheck | None = None,
    ) -> None:
        if wrong := [path for path in open_paths if not path.startswith("/")]:
            raise ConfigurationError(f'An open path begins with "/", not {wrong[0]!r}.')
        self._app = app
        self._subject = problem.Subject(model, version, name, site.rstrip("/"))
        self._open_paths = frozenset(open_paths)
        self._on_refusal = on_refusal
        self._cut = cut_streams
        self._under_way: set[UnderWay] = set()
        self._task: asyncio.Task[None] | None = None
        self._keeper = GateKeeper(
            self._subject,
            status,
            max_staleness_s=max_staleness_s,
            mode=mode,
            artifact=artifact,
            shut=self._end,
            under_way=lambda: len(self._under_way),
        )

    @property
    def view(self) -> StatusView:
        """What is known of the model."""
        return self._keeper.view

    @property
    def tally(self) -> Tally:
        """What was refused, or would have been, since the gate began."""
        return self._keeper.tally

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        kind = scope["type"]
        if self._open_paths and kind != "lifespan" and _path(scope) in self._open_paths:
            await self._app(scope, receive, send)
        elif kind == "http":
            answer = Answer(send)
            if self._cut:
                self._under_way.add(answer)  # before the check: a halt between the two would be missed
            if (refusal := self._check(scope)) is not None:
                self._under_way.discard(answer)
                await self._refuse(refusal, scope, send)
                return
            try:
                await self._app(scope, receive, answer.send)
            except (Exception, asyncio.CancelledError) as fault:
                if answer.refusal is None and (answer.started or not isinstance(fault, LogUnavailableError)):
                    raise
                answer.over = True
                await self._instead(answer, scope, send)
            else:
                if answer.refusal is not None:
                    await self._instead(answer, scope, send)
            finally:
                answer.over = True
                self._under_way.discard(answer)
        elif kind == "websocket":
            await self._converse(scope, receive, send)
        elif kind == "lifespan":
            self._start()
            try:
                await self._app(scope, receive, send)
            finally:
                await self._stop()
        elif (refusal := self._check(scope)) is not None:  # of a protocol to come we know no way to say no
            raise ModelHaltedError(problem.problem(self._subject, refusal)["detail"], cause=refusal.cause)
        else:
            await self._app(scope, receive, send)

    async def _instead(self, answer: Answer, scope: Scope, send: Send) -> None:
        """End an answer that was cut, or that could not be recorded."""
        if answer.refusal is None:
            get_logger(__name__).exception("answer withheld: it could not be recorded")
            document = problem.not_recorded(self._subject)
            await _respond(scope, send, document, problem.headers(document))
            return
        answer.over = True
        answer.restore()
        if not answer.started:
            await self._refuse(answer.refusal, scope, send)
        else:  # a server closes the connection of an application that fails: the answer is seen to be cut
            raise ModelHaltedError(
                f"{self._subject.title} was stopped while it answered.", cause=answer.refusal.cause
            ) from None

    async def _converse(self, scope: Scope, receive: Receive, send: Send) -> None:
        talk = Conversation(receive, send, lambda: self._check(scope))
        if self._cut:
            self._under_way.add(talk)
        if (refusal := self._check(scope)) is not None:
            self._under_way.discard(talk)
            await self._deny(refusal, scope, receive, send)
            return
        try:
            await self._app(scope, talk.receive, talk.send)
        except (Exception, asyncio.CancelledError):
            if talk.refusal is None:
                raise
        finally:
            talk.over = True
            self._under_way.discard(talk)
        if talk.refusal is not None:
            talk.restore()
            await talk.close()

    def _check(self, scope: Scope) -> Refusal | None:
        if self._keeper.passes():
            return None
        if self._task is None or self._task.done():
            self._start()
        told = self._on_refusal
        return self._keeper.check(None if told is None else lambda refusal: told(refusal, scope))

    def _end(self, refusal: Refusal) -> None:
        for connection in tuple(self._under_way):
            connection.end(refusal)

    async def _refuse(self, refusal: Refusal, scope: Scope, send: Send) -> None:
        document = problem.problem(self._subject, refusal)
        await _respond(scope, send, document, problem.headers(document, refusal))

    async def _deny(self, refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        if "websocket.http.response" in scope.get("extensions", {}):
            await self._refuse(refusal, scope, send)
        else:
            await send({"type": "websocket.close", "code": TRY_AGAIN_LATER, "reason": STOPPED})

    def _start(self) -> None:
        old = self._task
        if old is not None and not old.done():
            return
        if old is not None and not old.cancelled() and old.exception() is not None:
            get_logger(__name__).error("status source failed", error=repr(old.exception()))
        expect_cuts()
        self._task = asyncio.get_running_loop().create_task(self._keeper.run(), name="gate")

    async def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
            self._keeper.say()


def _path(scope: Scope) -> str:
    """Return the path as the application routes it: without the prefix at which it is mounted."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path[len(root) :] if root and path.startswith(f"{root}/") else path


async def _respond(
    scope: Scope, send: Send, document: dict[str, Any], headers: list[tuple[bytes, bytes]]
) -> None:
    kind = "http.response" if scope["type"] == "http" else "websocket.http.response"
    body = problem.encode(document)
    headers = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": f"{kind}.start", "status": document["status"], "headers": headers})
    await send({"type": f"{kind}.body", "body": b"" if scope.get("method") == "HEAD" else body})
