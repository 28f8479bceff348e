"""Speaks a reader's language: what the address asks for, or chose before, or what the browser prefers."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders, QueryParams

from tribune.language import accepted, best_of, spoken

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

PARAMETER = "lang"
"""`?lang=de` chooses a language, and a cookie of that name keeps the choice."""
_KEPT = "Path=/; Max-Age=31536000; SameSite=Lax"


class Speaking:
    """ASGI middleware that sets the language in which a request is answered.

    Args:
        app: what answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on in its language."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        chosen = QueryParams(scope["query_string"]).get(PARAMETER)
        language = best_of([chosen, _kept(headers), *accepted(headers.get("accept-language", ""))])

        async def send_with_language(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered = MutableHeaders(scope=message)
                answered["Content-Language"] = language
                answered.add_vary_header("Accept-Language, Cookie")
                if chosen is not None:
                    answered.append("Set-Cookie", f"{PARAMETER}={language}; {_KEPT}")
            await send(message)

        with spoken(language):
            await self._app(scope, receive, send_with_language)


def _kept(headers: Headers) -> str | None:
    try:
        kept = SimpleCookie(headers.get("cookie", "")[:4096]).get(PARAMETER)
    except CookieError:
        return None
    return None if kept is None else kept.value
