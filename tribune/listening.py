"""Sockets that servers listen on, opened before the server is: uvicorn ends the process where it cannot."""

from __future__ import annotations

import socket


def listening_on(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address of this machine; port 0 takes any that is free.

    Raises:
        OSError: another process has the port, or this machine has no such address.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # IPPROTO_TCP by name: only then does asyncio send at once (TCP_NODELAY), not 40 ms later.
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind((host, port))
        opened.listen(2048)
    except OSError:
        opened.close()
        raise
    return opened
