"""Answers a request in which the program itself failed: in the reader's language, with safe headers.

What Starlette has for this stands outside all of ours, and raises the fault again once it has answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request

from tribune.web.problems import on_error

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Unforeseen:
    """ASGI middleware that answers what nothing else caught; an answer that has begun is broken off.

    Args:
        app: what answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; answer it where that fails."""
        begun = False

        async def send_and_note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except Exception as fault:
            if begun or scope["type"] != "http":
                raise
            answer = await on_error(Request(scope, receive), fault)
            await answer(scope, receive, send)
