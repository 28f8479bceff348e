"""How a client process reaches the stand-in: a connector for `discord.Client(connector=…)`.

discord.py always speaks to `discord.com:443` and `gateway.discord.gg:443`. A resolver's answer carries
the port too, and aiohttp connects to that one, so both names end at the stand-in while host name, SNI
and certificate checks stay those of the real thing. Every other name is refused: nothing leaves the machine.
"""

from __future__ import annotations

import json
import socket
import ssl
from pathlib import Path

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
