"""Headers of every answer: nothing is loaded from elsewhere, only our own scripts run, no frame holds us.

An answer that sets one of them itself, such as a badge that other pages may show, keeps its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

PUBLIC = "/api/v1"
"""Below it is what anyone's programs may read."""
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # a link's token is in its address
    "Cross-Origin-Opener-Policy": "same-origin-allow-popups",  # some wallets sign in a window of their own
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_OPEN = {
    "Access-Control-Allow-Origin": "*",  # without credentials: it says the same to everybody
    "Access-Control-Expose-Headers": "ETag, Retry-After",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
"""What the public API says besides, in errors too, so that pages of others can read it."""


class SafeHeaders:
    """ASGI middleware that adds the headers, also to errors.

    Args:
        app: what answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and its answer back with the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        public = scope["path"].startswith(f"{PUBLIC}/")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in (_HEADERS | (_OPEN if public else {})).items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)
