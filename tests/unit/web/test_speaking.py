"""In which language a page answers."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tribune.language import language
from tribune.web.speaking import Speaking


async def _which(request: Request) -> Response:
    return PlainTextResponse(language().value)


def _client() -> httpx.AsyncClient:
    app = Starlette(routes=[Route("/", _which)], middleware=[Middleware(Speaking)])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://dao.example")


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/", {}, "en"),
        ("/", {"Accept-Language": "de-CH, en;q=0.5"}, "de"),
        ("/?lang=en", {"Accept-Language": "de"}, "en"),
        ("/?lang=xx", {"Accept-Language": "de"}, "de"),
        ("/", {"Cookie": "lang=de"}, "de"),
        ("/", {"Cookie": "lang=xx; =;"}, "en"),
    ],
)
async def test_speaking__request__answers_as_asked(path: str, headers: dict[str, str], expected: str) -> None:
    async with _client() as client:
        answer = await client.get(path, headers=headers)
    assert (answer.text, answer.headers["Content-Language"]) == (expected, expected)


async def test_speaking__chosen_by_address__is_kept() -> None:
    async with _client() as client:
        await client.get("/?lang=de")
        assert (await client.get("/")).text == "de"
