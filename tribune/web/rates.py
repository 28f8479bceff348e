"""How often one address may ask: each POST may cost gas, each GET reads the chain. Keeps a bounded memory.

Not a defence against many addresses: what is paid for them is bounded by `ballots/budget`. Requests of this
machine are not counted: they are the operator's, or of a proxy that does not name whom it speaks for.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

from starlette.requests import Request

from tribune.language import _, number
from tribune.web.problems import TooManyRequestsError, on_error

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from tribune.settings import WebSettings

REMEMBERED = 20_000
"""Addresses at most; the one that asked longest ago is forgotten first, about 4 MB in all."""
_READS = ("GET", "HEAD")


@dataclass
class _Bucket:
    """What an address may still ask for, as of a time."""

    left: float
    at: float


class Rates:
    """Counts what addresses ask for.

    Args:
        per_minute: how many requests of a kind one address may make, by kind.
        clock: seconds; a test gives its own.
    """

    def __init__(self, per_minute: dict[str, int], clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, str], _Bucket] = OrderedDict()

    def wait_s(self, address: str, kind: str) -> float:
        """Count one request; return 0, or after how many seconds it would not be one too many."""
        most, now = self._per_minute[kind], self._clock()
        bucket = self._buckets.setdefault((address, kind), _Bucket(most, now))
        self._buckets.move_to_end((address, kind))
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        bucket.left = min(most, bucket.left + (now - bucket.at) * most / 60)
        bucket.at = now
        if bucket.left < 1:
            return (1 - bucket.left) * 60 / most
        bucket.left -= 1
        return 0.0


class RateLimit:
    """ASGI middleware that refuses what one address asks too often.

    Args:
        app: what answers.
        web: the limits.
    """

    def __init__(self, app: ASGIApp, web: WebSettings) -> None:
        self._app = app
        self._rates = Rates({"read": web.reads_per_minute, "post": web.posts_per_minute})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        address = counted_address(scope) if scope["type"] == "http" else None
        if address is not None and not scope["path"].startswith("/static/"):
            wait_s = self._rates.wait_s(address, "read" if scope["method"] in _READS else "post")
            if wait_s:
                fault = TooManyRequestsError(
                    _("You have asked more often than we can answer."),
                    mend=_("Try again in {n} s.").format(n=number(int(wait_s) + 1)),
                    retry_s=int(wait_s) + 1,
                )
                response = await on_error(Request(scope), fault)
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)


def counted_address(scope: Scope) -> str | None:
    """Return for whom a request is counted: an IPv4 address or 64 bits of an IPv6 one; None: nobody."""
    client = scope.get("client")
    try:
        address = ip_address(client[0]) if client else None
    except ValueError:  # no network address: a socket of this machine
        return None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return None if address.is_loopback else f"{int(address) >> 64:x}::"
        address = address.ipv4_mapped
    return None if address is None or address.is_loopback else str(address)
