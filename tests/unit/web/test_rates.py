"""How often one address may ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tribune.settings import WebSettings
from tribune.store.session import Store
from tribune.web.rates import REMEMBERED, Rates, counted_address

if TYPE_CHECKING:
    from starlette.applications import Starlette


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_wait_s__one_too_many__says_how_long_and_lets_it_pass_then() -> None:
    clock = Clock()
    rates = Rates({"post": 6}, clock)
    assert [rates.wait_s("a", "post") for _ in range(7)] == [0] * 6 + [10.0]
    clock.now = 9.9
    assert rates.wait_s("a", "post") > 0
    clock.now = 10.1
    assert rates.wait_s("a", "post") == 0


def test_wait_s__others__do_not_suffer() -> None:
    rates = Rates({"post": 1, "read": 1}, Clock())
    assert rates.wait_s("a", "post") == 0
    assert rates.wait_s("a", "post") > 0
    assert rates.wait_s("b", "post") == 0
    assert rates.wait_s("a", "read") == 0


def test_wait_s__very_many_addresses__memory_is_bounded() -> None:
    rates = Rates({"post": 1}, Clock())
    for number in range(REMEMBERED + 500):
        rates.wait_s(str(number), "post")
    assert len(rates._buckets) == REMEMBERED
    assert rates.wait_s(str(REMEMBERED + 499), "post") > 0


@pytest.mark.parametrize(
    ("client", "counted"),
    [
        (("203.0.113.5", 1), "203.0.113.5"),
        (("::ffff:203.0.113.5", 1), "203.0.113.5"),
        (("2001:db8:1:2:3:4:5:6", 1), "20010db800010002::"),
        (("127.0.0.1", 1), None),
        (("::1", 1), None),
        (("", 0), None),
        (None, None),
    ],
)
def test_counted_address__client__by_whom_it_is_held(
    client: tuple[str, int] | None, counted: str | None
) -> None:
    assert counted_address({"client": client}) == counted


async def test_pages__one_address_asks_too_often__429_and_when_to_ask_again(app: Starlette) -> None:
    async with asking(app, "203.0.113.5") as client:
        answers = [await client.get("/b/x") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [404, 404, 404, 429]
        assert answers[-1].headers["retry-after"] == "20"
        assert "content-security-policy" in answers[-1].headers
        assert (await client.get("/static/tribune.css")).status_code == 200
        posts = [await client.post("/api/ballots/1", content=b"x") for _ in range(3)]
        assert [answer.status_code for answer in posts] == [400, 400, 429]
        assert posts[-1].json()["mend"] == "Try again in 30 s."
    async with asking(app, "203.0.113.6") as client:
        assert (await client.get("/b/x")).status_code == 404


async def test_pages__asked_in_german__refused_in_german(app: Starlette) -> None:
    async with asking(app, "203.0.113.5") as client:
        for _ in range(4):
            answer = await client.get("/b/x", headers={"accept-language": "de"})
    assert (answer.status_code, answer.headers["content-language"]) == (429, "de")


@asynccontextmanager
async def asking(app: Starlette, address: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, client=(address, 5))
    async with httpx.AsyncClient(transport=transport, base_url="https://dao.example") as client:
        yield client


@pytest.fixture
async def app(store: Store, tmp_path: Path) -> AsyncIterator[Starlette]:
    """Pages that one address may ask for three times a minute, and to which it may send twice."""
    from tribune.chain.client import Chain
    from tribune.chain.deployments import Deployment
    from tribune.web.app import create_app

    async with Chain("http://127.0.0.1:9", chain_id=31337, timeout_s=1) as chain:
        yield create_app(
            store=store,
            chain=chain,
            deployment=Deployment(31337, 0, {}),
            evidence=[tmp_path],
            public_url="https://dao.example",
            web=WebSettings(reads_per_minute=3, posts_per_minute=2),
        )
