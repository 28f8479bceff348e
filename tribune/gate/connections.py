"""Requests and websockets that a gate has let through, so that a halt can end them at once.

Each is in a set while it is under way. A halt walks the set and cancels their tasks; nothing is looked at for
each chunk. What an application sends after that goes nowhere, even if it will not be cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from tribune.exceptions import ModelHaltedError
from tribune.gate.status import Refusal

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

TRY_AGAIN_LATER = 1013
"""Close code of a refused websocket (IANA registry of RFC 6455)."""
STOPPED = "model stopped"
AGAIN_S = 1.0
"""Pause before an application that did not end when it was cancelled is cancelled again."""
_FAREWELLS = frozenset({"websocket.close", "websocket.http.response.start"})
_LAST = frozenset({"http.response.body", "http.response.pathsend"})


class UnderWay:
    """What was let through and runs in the task that makes this; a halt cancels that task."""

    __slots__ = ("_cancels", "over", "refusal", "task")

    def __init__(self) -> None:
        self._cancels = 0
        self.task: asyncio.Task[Any] | None = asyncio.current_task()
        self.refusal: Refusal | None = None
        self.over = False
        """Whether a halt may end it no more."""

    def end(self, refusal: Refusal) -> None:
        """End it because the model may not run; from any thread."""
        if self.task is not None:
            with suppress(RuntimeError):  # its loop is closed, and with it the connection
                self.task.get_loop().call_soon_threadsafe(self._cancel, refusal)

    def _cancel(self, refusal: Refusal) -> None:
        if self.over or self.task is None:
            return
        self.refusal = refusal
        self._cancels += 1
        self.task.cancel()
        self.task.get_loop().call_later(AGAIN_S, self._cancel, refusal)

    def restore(self) -> None:
        """Take back our cancellation once what it was for is over.

        Raises:
            asyncio.CancelledError: somebody else cancelled it too.
        """
        if self.task is not None and self._cancels:
            for _ in range(self._cancels):
                self.task.uncancel()
            self._cancels = 0
            if self.task.cancelling():
                raise asyncio.CancelledError


class Answer(UnderWay):
    """An HTTP request that was let through.

    Args:
        send: the server's.
    """

    __slots__ = ("_send", "started")

    def __init__(self, send: Send) -> None:
        # each request makes one: what `super().__init__()` does, without the call
        self._cancels = 0
        self.task = asyncio.current_task()
        self.refusal = None
        self.over = False
        self._send = send
        self.started = False

    def send(self, message: Message) -> Awaitable[None]:
        """Pass a message of the application on, unless the model was stopped meanwhile."""
        if self.refusal is not None:
            raise _stopped(self.refusal)
        kind = message["type"]
        if kind == "http.response.start":
            self.started = True
        elif kind in _LAST and not message.get("more_body"):
            self.over = True  # what runs after the answer is no answer
        return self._send(message)


class Conversation(UnderWay):
    """A websocket that was let through: each message is asked for leave before it reaches the model.

    Args:
        receive: the server's.
        send: the server's.
        check: returns why a message may not be answered now, or None.
    """

    __slots__ = ("_check", "_closed", "_receive", "_send")

    def __init__(self, receive: Receive, send: Send, check: Callable[[], Refusal | None]) -> None:
        super().__init__()
        self._receive = receive
        self._send = send
        self._check = check
        self._closed = False

    def send(self, message: Message) -> Awaitable[None]:
        """Pass a message of the application on, unless the model was stopped meanwhile."""
        if self.refusal is not None:
            raise _stopped(self.refusal)
        if message["type"] in _FAREWELLS:
            self._closed = True
        return self._send(message)

    async def receive(self) -> Message:
        """Return the next message; the first after a stop closes the websocket and reaches nobody."""
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self._closed = True
        elif message["type"] == "websocket.receive":
            if self.refusal is None:
                self.refusal = self._check()
            if self.refusal is not None:
                await self.close()
                return {"type": "websocket.disconnect", "code": TRY_AGAIN_LATER, "reason": STOPPED}
        return message

    async def close(self) -> None:
        """Tell the client that the model was stopped, once, unless the conversation is over."""
        if not self._closed:
            self._closed = True
            await self._send({"type": "websocket.close", "code": TRY_AGAIN_LATER, "reason": STOPPED})


def _stopped(refusal: Refusal) -> ModelHaltedError:
    return ModelHaltedError("The model was stopped while it answered.", cause=refusal.cause)
