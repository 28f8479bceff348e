"""What stands between the TLS port and the handlers: token, faults, records, Discord's form of errors."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from aiohttp import web

from . import bodies
from .bodies import ApiError, Body
from .faults import Faults
from .rest import Created, Handler
from .validation import Exchange, Ledger
from .world import Json

PREFIX = "/api/v10"
# Interaction tokens authenticate these by themselves.
OPEN_PATHS = ("/interactions/", "/webhooks/")


class Edge:
    """Wraps every REST handler."""

    def __init__(self, token: str, faults: Faults, ledger: Ledger) -> None:
        self._token = token
        self._faults = faults
        self._ledger = ledger

    def wrap(self, handler: Handler, *, supported: bool = True) -> Handler:
        """Return an aiohttp handler that serves one route from its JSON handler."""

        async def serve(request: web.Request) -> web.StreamResponse:
            path = request.path.removeprefix(PREFIX)
            body = Body(None, {})
            lost: tuple[int, Json, dict[str, str]] | None = None
            headers: dict[str, str] = {}
            try:
                body = await bodies.read(request)
                fault = self._faults.take(request.method, path)
                if fault is not None:
                    await asyncio.sleep(fault.delay_s)
                    lost = fault.answer()
                if lost is None or (fault is not None and fault.after):
                    self._check_token(request, path)
                    answer = await handler(request)
                    status = 204 if answer is None else 201 if isinstance(answer, Created) else 200
            except ApiError as error:
                status, answer = error.status, error.body
            except KeyError as error:
                refused = bodies.invalid_form(str(error.args[0]), "This field is required")
                status, answer = refused.status, refused.body
            if lost is not None:
                status, answer, headers = lost
            exchange = Exchange(
                request.method, path, dict(request.query), body.data, len(body.files), status, answer
            )
            self._ledger.record(exchange, supported=supported)
            return _packed(status, answer, headers)

        return serve

    def _check_token(self, request: web.Request, path: str) -> None:
        if path.startswith(OPEN_PATHS):
            return
        if request.headers.get("Authorization") != f"Bot {self._token}":
            raise ApiError(401, 0, "401: Unauthorized")


def _packed(status: int, answer: Any, headers: dict[str, str]) -> web.Response:
    """Return an answer with Discord's headers (a bucket so wide that nobody waits for it)."""
    every = headers | {
        "X-RateLimit-Limit": "50",
        "X-RateLimit-Remaining": "49",
        "X-RateLimit-Reset": f"{time.time() + 1:.3f}",
        "X-RateLimit-Reset-After": "1.000",
    }
    if answer is None:
        return web.Response(status=status, headers=every)
    # As bytes: aiohttp would add a charset to text, and discord.py wants exactly application/json.
    packed = json.dumps(answer).encode()
    return web.Response(body=packed, status=status, headers=every, content_type="application/json")


async def unknown_route(request: web.Request) -> None:
    """Answer as Discord does where there is no such route."""
    raise ApiError(404, 0, "404: Not Found")
