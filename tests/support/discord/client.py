"""How other processes reach the stand-in: a connector for `discord.Client(connector=…)`, and its control.

discord.py always speaks to `discord.com:443` and `gateway.discord.gg:443`. A resolver's answer carries
the port too, and aiohttp connects to that one, so both names end at the stand-in while host name, SNI
and certificate checks stay those of the real thing. Every other name is refused: nothing leaves the machine.
"""

from __future__ import annotations

import json
import socket
import ssl
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

HOSTS = frozenset({"discord.com", "gateway.discord.gg", "cdn.discordapp.com", "media.discordapp.net"})


class Redirect(AbstractResolver):
    """Resolves Discord's names to one port of this machine and no other name at all."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the stand-in's address; raise OSError for a name that is not Discord's."""
        if host not in HOSTS:
            raise OSError(f"{host} is not reachable from here")
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=self._port,
                family=socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        """Hold nothing, so release nothing."""


def connector(folder: Path) -> aiohttp.TCPConnector:
    """Return a connector to the stand-in that wrote `ports.json` into this folder. Needs a running loop."""
    ports = json.loads((folder / "ports.json").read_text())
    trust = ssl.create_default_context(cafile=str(folder / ports["ca"]))
    return aiohttp.TCPConnector(resolver=Redirect(ports["rest_port"]), ssl=trust, limit=0)


def token(folder: Path) -> str:
    """Return the bot token that the stand-in accepts."""
    ports = json.loads((folder / "ports.json").read_text())
    return Path(folder, ports["token_file"]).read_text().strip()


class Control:
    """The control interface (`control.py`) as a script uses it: `async with Control(port) as control`."""

    def __init__(self, port: int, *, timeout_s: float = 70.0) -> None:
        # Above the longest wait that the interface grants.
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session = aiohttp.ClientSession(f"http://127.0.0.1:{port}", timeout=timeout)

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close its connections."""
        await self._session.close()

    async def get(self, path: str, /, **query: Any) -> Any:
        """Return the JSON behind /control/`path`; raise ControlError where it is refused."""
        async with self._session.get(f"/control/{path}", params=query) as answer:
            return await self._checked(answer)

    async def post(self, path: str, /, **body: Any) -> Any:
        """Post to /control/`path` and return its JSON; raise ControlError where it is refused."""
        async with self._session.post(f"/control/{path}", json=body) as answer:
            return await self._checked(answer)

    async def raw(self, path: str) -> bytes:
        """Return the bytes behind a path of the control port, an attachment's or the page's."""
        async with self._session.get(path) as answer:
            if answer.status != 200:
                raise ControlError(answer.status, await answer.text())
            return await answer.read()

    async def _checked(self, answer: aiohttp.ClientResponse) -> Any:
        found = await answer.json()
        if answer.status != 200:
            raise ControlError(answer.status, found["error"])
        return found


class ControlError(Exception):
    """The control interface refused: 409 what a person could not do, 404 what is not there, 400 the rest."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status
