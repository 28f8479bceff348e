"""Tells the service manager that started us how we are: ready, and alive. As sd_notify(3) has it.

A datagram to the socket that it names in a variable; nothing is said where it names none. What cannot be told
is no reason to stop: a service manager that hears nothing acts by itself.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tribune.log import get_logger

_SOCKET, _WATCHDOG_US, _WATCHDOG_PID = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"


@dataclass(frozen=True)
class ServiceManager:
    """What started this process and listens to it.

    Args:
        address: of its socket, with @ first in Linux's abstract namespace; empty: nobody listens.
        patience_s: it ends us where it hears nothing for so long; 0: it never does.
    """

    address: str = ""
    patience_s: float = 0.0

    @classmethod
    def taken_from(cls, variables: MutableMapping[str, str]) -> ServiceManager:
        """Take it out of the variables, so that no process that we start speaks in our name."""
        address, wait, whose = (variables.pop(name, "") for name in (_SOCKET, _WATCHDOG_US, _WATCHDOG_PID))
        ours = wait.isdecimal() and whose in ("", str(os.getpid()))
        return cls(address, int(wait) / 1e6 if ours else 0.0)

    def ready(self, status: str) -> None:
        """Say that we run, and what."""
        self._tell(f"READY=1\nSTATUS={status}")

    @asynccontextmanager
    async def told_we_live(self) -> AsyncIterator[None]:
        """Say again and again that the event loop turns, until the block is left."""
        telling = asyncio.create_task(self._tell_we_live(), name="watchdog")
        try:
            yield
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)

    async def _tell_we_live(self) -> None:
        while self.patience_s:
            self._tell("WATCHDOG=1")
            await asyncio.sleep(self.patience_s / 3)

    def _tell(self, message: str) -> None:
        if not self.address:
            return
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaking:
                speaking.setblocking(False)
                speaking.sendto(message.encode(), address)
        except OSError as fault:
            get_logger(__name__).warning("the service manager does not hear us", error=str(fault))
