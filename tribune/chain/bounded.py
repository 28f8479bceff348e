"""web3's HTTP provider, reading no more than so many bytes of an answer. Loads web3.

It keeps its own session: web3 guards all sessions of a process by one thread lock, and a caller that gives up
while it waits for that lock leaves it locked; no node is then reached again.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import ClientPayloadError, ClientSession, ClientTimeout, TCPConnector
from web3 import AsyncHTTPProvider
from web3._utils.http_session_manager import HTTPSessionManager

CHUNK = 2**16
KEPT_S = 2.0
"""How long an idle connection is kept for the next request, rather than making one for each, TLS and all.
Shorter than servers keep theirs (5 s and more), so that none is closed while a request is on its way."""


class BoundedProvider(AsyncHTTPProvider):
    """Asks once, and gives up on an answer that is too long.

    Args:
        url: http or https address.
        timeout_s: longest wait for one answer.
        most_bytes: longest answer that is read.
    """

    def __init__(self, url: str, *, timeout_s: float, most_bytes: int) -> None:
        super().__init__(
            url,
            request_kwargs={"timeout": ClientTimeout(total=timeout_s)},
            exception_retry_configuration=None,
        )
        self._request_session_manager = _Sessions(most_bytes)


class _Sessions(HTTPSessionManager):
    def __init__(self, most_bytes: int) -> None:
        super().__init__()
        self._most_bytes = most_bytes
        self._session: ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def async_cache_and_return_session(
        self, endpoint_uri: Any, session: Any = None, request_timeout: Any = None
    ) -> ClientSession:
        loop = asyncio.get_running_loop()
        if self._session is None or self._session.closed or self._loop is not loop:
            connector = TCPConnector(keepalive_timeout=KEPT_S, enable_cleanup_closed=True)
            self._session, self._loop = ClientSession(raise_for_status=True, connector=connector), loop
            self.session_cache.cache(str(id(loop)), self._session)  # where `disconnect` finds it
        return self._session

    async def async_make_post_request(self, endpoint_uri: Any, data: Any, **kwargs: Any) -> bytes:
        response = await self.async_get_response_from_post_request(endpoint_uri, data=data, **kwargs)
        async with response:
            response.raise_for_status()
            parts, length = [], 0
            async for part in response.content.iter_chunked(CHUNK):
                length += len(part)
                if length > self._most_bytes:
                    response.close()
                    raise ClientPayloadError(f"more than {self._most_bytes} bytes")
                parts.append(part)
            return b"".join(parts)
