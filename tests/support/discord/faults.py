"""Faults on command: answers that fail or come late for the next matching requests."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .world import Json


@dataclass
class Fault:
    """Meets the next `count` requests whose method and path match.

    `after`: the request is carried out first and only its answer is lost, which is what a client that
    retries must survive. A 429 carries `Via`, without which discord.py takes it for a ban.
    """

    status: int | None = None
    count: int = 1
    method: str | None = None
    path: str = ""  # a regular expression, searched in the path behind /api/v10
    retry_after: float = 0.05
    delay_s: float = 0.0
    after: bool = False
    globally: bool = False

    def meets(self, method: str, path: str) -> bool:
        """Say whether this request is to be met, without using the fault up."""
        return self.count > 0 and self.method in (None, method) and re.search(self.path, path) is not None

    def answer(self) -> tuple[int, Json, dict[str, str]] | None:
        """Return status, body and headers of the failing answer, None where the fault only delays."""
        if self.status is None:
            return None
        if self.status != 429:
            return self.status, {"code": 0, "message": f"{self.status}: fault on command"}, {}
        body = {"code": 0, "message": "You are being rate limited."}
        body |= {"retry_after": self.retry_after, "global": self.globally}
        return self.status, body, {"Via": "1.1 google", "Retry-After": str(self.retry_after)}


class Faults:
    """Those still to come, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def clear(self) -> None:
        """Let nothing more meet coming requests."""
        self._waiting = []

    def add(self, fault: Fault) -> None:
        """Let a fault meet coming requests."""
        self._waiting.append(fault)

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault that meets this request and use it up by one."""
        for fault in self._waiting:
            if fault.meets(method, path):
                fault.count -= 1
                self._waiting = [one for one in self._waiting if one.count > 0]
                return fault
        return None
