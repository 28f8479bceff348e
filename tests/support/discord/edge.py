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
from .rest import Handler
from .validation import Exchange, Ledger

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
            try:
                body = await bodies.read(request)
            except ApiError as error:
                body = Body(None, {})
                return self._finish(request, path, body, error.status, error.body, supported)
            fault = self._faults.take(request.method, path)
            if fault is not None and fault.delay_s:
                await asyncio.sleep(fault.delay_s)
            lost = fault.answer() if fault is not None else None
            if lost is not None and fault is not None and not fault.after:
                self._record(request, path, body, lost.status, json.loads(lost.text or "null"), supported)
                return lost
            try:
                self._check_token(request, path)
                found = await handler(request)
            except ApiError as error:
                return self._finish(request, path, body, error.status, error.body, supported)
            except KeyError as error:
                refused = bodies.invalid_form(str(error.args[0]), "This field is required")
                return self._finish(request, path, body, refused.status, refused.body, supported)
            answer = self._finish(request, path, body, 204 if found is None else 200, found, supported)
            return lost or answer

        return serve

    def _check_token(self, request: web.Request, path: str) -> None:
        if path.startswith(OPEN_PATHS):
            return
        if request.headers.get("Authorization") != f"Bot {self._token}":
            raise ApiError(401, 0, "401: Unauthorized")

    def _record(
        self, request: web.Request, path: str, body: Body, status: int, answer: Any, supported: bool
    ) -> None:
        exchange = Exchange(
            request.method, path, dict(request.query), body.data, len(body.files), status, answer
        )
        self._ledger.record(exchange, supported=supported)

    def _finish(
        self, request: web.Request, path: str, body: Body, status: int, answer: Any, supported: bool
    ) -> web.Response:
        self._record(request, path, body, status, answer, supported)
        headers = {
            "X-RateLimit-Limit": "50",
            "X-RateLimit-Remaining": "49",
            "X-RateLimit-Reset": f"{time.time() + 1:.3f}",
            "X-RateLimit-Reset-After": "1.000",
        }
        if answer is None:
            return web.Response(status=status, headers=headers)
        # As bytes: aiohttp would add a charset to text, and discord.py wants exactly application/json.
        packed = json.dumps(answer).encode()
        return web.Response(body=packed, status=status, headers=headers, content_type="application/json")


async def unknown_route(request: web.Request) -> None:
    """Answer as Discord does where there is no such route."""
    raise ApiError(404, 0, "404: Not Found")
