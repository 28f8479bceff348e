"""Puts the stand-in together and runs it: one TLS port for REST and gateway, one plain port for control.

Both listen on 127.0.0.1 on ports that the system picks. The CA's key never leaves this process; its
certificate and the bot's token (made here, worth nothing elsewhere) are files in the given folder.
"""

from __future__ import annotations

import json
import secrets
import ssl
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import trustme
from aiohttp import web

from .client import HOSTS
from .control import Control, plain_errors
from .edge import PREFIX, Edge, unknown_route
from .faults import Fault, Faults
from .gateway import Gateway
from .page import Page
from .payloads import MAX_UPLOAD_BYTES
from .rest import Rest
from .validation import Ledger
from .webhooks import Webhooks
from .world import World

USERS = ("ada", "ben", "cleo", "dora", "emil")
ANSWER_WITHIN_S = 3.0  # Discord's own bound for the first answer to an interaction
SHUTDOWN_S = 1.0


class StandIn:
    """A running stand-in: `async with StandIn(folder) as discord: ...`."""

    def __init__(
        self,
        folder: Path,
        *,
        openapi: Path | None = None,
        users: tuple[str, ...] = USERS,
        channels: tuple[str, ...] = ("oversight",),
        roles: tuple[str, ...] = (),
        answer_within_s: float = ANSWER_WITHIN_S,
        control_port: int = 0,
    ) -> None:
        self.folder = folder
        self.world = World(list(users), channels=channels, roles=roles)
        self._control_port = control_port
        self._token = _token(folder)
        self.gateway = Gateway(self.world, self._token)
        self.faults = Faults()
        self.ledger = Ledger(openapi)
        self._webhooks = Webhooks(self.world, self.gateway, answer_within_s=answer_within_s)
        self._runners: list[web.AppRunner] = []
        self.rest_port = 0
        self.control_port = 0

    async def __aenter__(self) -> Self:
        """Listen on both ports, then write `ports.json`: whoever reads it may connect."""
        (self.folder / "ports.json").unlink(missing_ok=True)  # left by one that was killed
        self.rest_port = await self._listen(self._discord(), 0, _certify(self.folder))
        self.control_port = await self._listen(self._control(), self._control_port, None)
        ready = {
            "rest_port": self.rest_port,
            "control_port": self.control_port,
            "ca": "ca.pem",
            "token_file": "bot-token",
            "guild_id": self.world.guild_id,
            "channel_id": self.world.channel.id,
            "application_id": self.world.application_id,
        }
        unfinished = self.folder / "ports.json.part"
        unfinished.write_text(json.dumps(ready, indent=1))
        unfinished.replace(self.folder / "ports.json")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening and say good-bye to every client."""
        (self.folder / "ports.json").unlink(missing_ok=True)
        self.gateway.cut(1001)
        for runner in self._runners:
            await runner.cleanup()

    def go_down(self) -> None:
        """Answer every request with 503 and take no gateway connection, until `come_back`."""
        self.faults.add(Fault(status=503, count=sys.maxsize))
        self.gateway.go_down()

    def come_back(self) -> None:
        """Be well again: no fault is left."""
        self.faults.clear()
        self.gateway.come_back()

    def _discord(self) -> web.Application:
        app = web.Application(client_max_size=MAX_UPLOAD_BYTES + (1 << 20))
        edge = Edge(self._token, self.faults, self.ledger)
        for method, path, handler in [*Rest(self.world, self.gateway).routes(), *self._webhooks.routes()]:
            app.router.add_route(method, PREFIX + path, edge.wrap(handler))
        app.router.add_route("*", "/api/{tail:.*}", edge.wrap(unknown_route, supported=False))
        app.router.add_get("/attachments/{channel}/{id}/{name}", self._file)
        app.router.add_get("/", self.gateway.handle)
        return app

    async def _file(self, request: web.Request) -> web.Response:
        """Serve an upload as the CDN does."""
        found = self.world.attachments.get(request.match_info["id"])
        if found is None:
            return web.Response(status=404)
        return web.Response(body=found.content, content_type=found.content_type)

    def _control(self) -> web.Application:
        app = web.Application(middlewares=[plain_errors], client_max_size=2 * MAX_UPLOAD_BYTES)
        app.add_routes(Control(self.world, self.gateway, self.faults, self.ledger).routes())
        app.add_routes(Page(self.world).routes())
        return app

    async def _listen(self, app: web.Application, port: int, tls: ssl.SSLContext | None) -> int:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
        await runner.setup()
        self._runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls).start()
        found: int = runner.addresses[0][1]
        return found


def _token(folder: Path) -> str:
    """Return the folder's bot token, made at the first start so that a restarted bot still knows it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "bot-token"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text().strip()


def _certify(folder: Path) -> ssl.SSLContext:
    """Make a CA and a certificate for Discord's names; write the CA's certificate for clients."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*sorted(HOSTS)).configure_cert(context)
    return context
