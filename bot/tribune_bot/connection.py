"""How the bot reaches Discord: directly, or a stand-in on another host that one CA vouches for.

discord.py always speaks to Discord's names; with a stand-in these resolve to it and to nothing else, while
TLS, host names and certificates are checked as ever.
"""

from __future__ import annotations

import asyncio
import socket
import ssl

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from tribune.exceptions import ConfigurationError
from tribune.settings import DiscordSettings

HOSTS = frozenset({"discord.com", "gateway.discord.gg", "cdn.discordapp.com", "media.discordapp.net"})


class Redirect(AbstractResolver):
    """Resolves Discord's names to one host and port, and no other name at all."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the stand-in's address; OSError for a name that is not Discord's."""
        if host not in HOSTS:
            raise OSError(f"{host} is not reachable while a stand-in for Discord is configured")
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(self._host, self._port, family=family, type=socket.SOCK_STREAM)
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=self._port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST,
            )
            for kind, _, protocol, _, address in found
        ]

    async def close(self) -> None:
        """Hold nothing, so release nothing."""


def connector_for(settings: DiscordSettings) -> aiohttp.TCPConnector | None:
    """Return the connector to a stand-in, None for Discord itself. Needs a running loop.

    Raises:
        ConfigurationError: a stand-in is named in part only, or its CA file cannot be read.
    """
    if settings.connect_host is None:
        return None
    if settings.connect_port is None or settings.ca_file is None:
        raise ConfigurationError(
            "A stand-in for Discord needs host, port and CA file.",
            mend="Set TRIBUNE_DISCORD__CONNECT_PORT and TRIBUNE_DISCORD__CA_FILE too, or none of the three.",
        )
    try:
        trust = ssl.create_default_context(cafile=str(settings.ca_file))
    except (OSError, ssl.SSLError) as fault:
        raise ConfigurationError(
            f"The CA file {settings.ca_file} cannot be used ({type(fault).__name__}).",
            mend="Set TRIBUNE_DISCORD__CA_FILE to the stand-in's CA certificate.",
        ) from None
    resolver = Redirect(settings.connect_host, settings.connect_port)
    # As many connections as discord.py allows itself: an answer to a press must not wait for one.
    return aiohttp.TCPConnector(resolver=resolver, ssl=trust, limit=0)
