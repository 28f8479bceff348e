"""Where the program itself fails, the visitor gets a page like any other, and a program a problem."""

from __future__ import annotations

import httpx
import pytest


@pytest.fixture(autouse=True)
def _broken(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr("tribune.web.incidents.get_page", fail)


async def test_unforeseen__page_fails__says_so_in_the_readers_language_with_safe_headers(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/i/1", headers={"accept-language": "de"})
    assert answer.status_code == 500
    assert "Hier ist etwas schiefgegangen" in answer.text
    assert "a mistake of ours" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


async def test_unforeseen__program_asks__gets_a_problem(client: httpx.AsyncClient) -> None:
    answer = await client.get("/i/1", headers={"accept": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
