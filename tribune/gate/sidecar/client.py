"""A gate's view by way of a sidecar: what serves a model needs nothing of the chain.

The view is as old as the sidecar says that its own is, counted from when it was asked: an answer that was
long on its way, or waited in a buffer, is that much older. A sidecar that cannot see the chain, stands still
or is gone therefore makes the gate refuse by itself; one that answers for another model or chain, or what
cannot be, at once. It is tried again with growing pauses.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tribune.gate.sidecar.wire import LONGEST, decode
from tribune.gate.status import StatusView
from tribune.ids import ModelId
from tribune.log import get_logger

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection, connect

ASK_S = 1.0
"""Pause between two questions: by so much a view may be older than the sidecar's."""
SILENCE_S = 4.0
"""A sidecar that does not answer for so long is connected to anew."""
RETRY_S = (0.1, 5.0)
"""First and longest pause before it is tried again; each is varied by half, so that not all come at once."""
UNIX = "unix:"


class SidecarSource:
    """A status source that asks `tribune gate serve`.

    Args:
        url: where it listens: http or https, or `unix:` and the path of its socket.
        chain_id: the only chain of which its answers are believed.
        ask_s: pause between two questions.
        silence_s: longest wait for an answer.
    """

    def __init__(
        self, url: str, *, chain_id: int, ask_s: float = ASK_S, silence_s: float = SILENCE_S
    ) -> None:
        self._url = url
        self._chain_id = chain_id
        self._ask_s = ask_s
        self._silence_s = silence_s

    async def run(self, view: StatusView, /) -> None:
        """Keep the view current until cancelled."""
        from websockets.exceptions import WebSocketException

        pause = RETRY_S[0]
        said = ""
        while True:
            began = time.monotonic()
            try:
                async with self._connection(view.model_id) as socket:
                    await self._follow(socket, view, began)
            except ValueError as lie:
                fault = f"The sidecar at {self._name} is not believed: {lie}."
                view.forget(fault)
            except (OSError, WebSocketException) as gone:  # a timeout is an OSError
                fault = f"The sidecar at {self._name} does not answer ({_why(gone)})."
                view.lose(fault)
            if fault != said:
                said = fault
                get_logger(__name__).warning("no word from the sidecar", error=fault)
            if time.monotonic() - began > RETRY_S[1]:
                pause = RETRY_S[0]
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
            pause = min(2 * pause, RETRY_S[1])

    @property
    def _name(self) -> str:
        parts = urlsplit(self._url)  # without what may be a credential
        return self._url if self._url.startswith(UNIX) else f"{parts.hostname}:{parts.port or ''}".rstrip(":")

    def _connection(self, model_id: ModelId) -> connect:
        from websockets.asyncio.client import connect, unix_connect

        path = f"/v1/models/{model_id}/watch"
        options: dict[str, Any] = {
            "open_timeout": self._silence_s,
            "ping_interval": None,  # the questions tell whether it is there
            "close_timeout": 1.0,
            "max_size": LONGEST,
            "compression": None,
        }
        if self._url.startswith(UNIX):
            return unix_connect(self._url.removeprefix(UNIX), f"ws://sidecar{path}", **options)
        return connect("ws" + self._url.removeprefix("http") + path, proxy=None, **options)

    async def _follow(self, socket: ClientConnection, view: StatusView, began: float) -> None:
        """Take what it tells, until it breaks off.

        Raises:
            ValueError: it tells what cannot be.
            OSError, WebSocketException: it is gone, or silent.
        """
        asked: dict[str, float] = {}
        asked_at = began  # whatever comes now was told after that
        asking = asyncio.create_task(self._ask(socket, asked))
        try:
            while True:
                async with asyncio.timeout(self._silence_s):
                    text = await socket.recv()
                told = decode(text, view.model_id, self._chain_id)
                asked_at = max(asked_at, asked.get(told.echo, asked_at))
                for number in [number for number, when in asked.items() if when <= asked_at]:
                    del asked[number]
                if len(asked) * self._ask_s > self._silence_s:
                    raise ValueError("it talks and answers no question")
                told.enter(view, asked_at)
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    async def _ask(self, socket: ClientConnection, asked: dict[str, float]) -> None:
        number = 0
        while True:
            number += 1
            asked[str(number)] = time.monotonic()
            await socket.send(str(number))
            await asyncio.sleep(self._ask_s)


def _why(fault: Exception) -> str:
    return str(fault) or type(fault).__name__
