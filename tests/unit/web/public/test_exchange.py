"""How the API is talked to: pages, ETags, methods, other sites' scripts, refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import delete
from sqlmodel import select

from support.index import happened, put, registered
from tribune.store import happenings
from tribune.store.session import Session, Store
from tribune.store.tables import ChainEvent
from unit.gate.serving import served
from unit.web.public.world import app_over

LISTS = ("/models", "/models/1/reports", "/cases", "/proposals", "/monitors", "/audit")


async def walk(client: httpx.AsyncClient, path: str, limit: int = 1, cursor: str | None = None) -> list[Any]:
    items: list[Any] = []
    while True:
        asked: dict[str, Any] = {"limit": limit} | ({} if cursor is None else {"cursor": cursor})
        answer = (await client.get(path, params=asked)).json()
        assert len(answer["items"]) <= limit
        items += answer["items"]
        cursor = answer["next"]
        if cursor is None:
            return items


@pytest.mark.parametrize("path", LISTS)
async def test_list__item_by_item__is_the_whole_list(client: httpx.AsyncClient, path: str) -> None:
    whole = (await client.get(path, params={"limit": 100})).json()
    assert whole["next"] is None
    assert len(whole["items"]) > 1
    assert await walk(client, path) == whole["items"]


async def test_list__new_rows_and_a_reorg_between_two_pages__goes_on_at_its_place(
    client: httpx.AsyncClient, store: Store
) -> None:
    whole = (await client.get("/audit", params={"limit": 100})).json()["items"]
    first = (await client.get("/audit", params={"limit": 5})).json()
    with store.session() as session:
        anew(session)
    rest = await walk(client, "/audit", limit=7, cursor=first["next"])
    assert first["items"] + rest == whole


def anew(session: Session) -> None:
    """Read the chain again under new row ids, with a block more."""
    rows = happenings.all_since(session, 0, [row for row in session.exec(select(ChainEvent.name))])
    kept = [ChainEvent(**{**row.model_dump(), "id": None}) for row in rows]
    session.execute(delete(ChainEvent))
    session.add_all(kept)
    session.flush()
    put(session, registered(4, "later", hours=39))


async def test_etag__nothing_changed__304_without_a_body(client: httpx.AsyncClient) -> None:
    first = await client.get("/models")
    assert first.headers["cache-control"] == "public, no-cache"
    again = await client.get("/models", headers={"if-none-match": f'"x", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


async def test_etag__another_question_or_a_new_block__is_another_one(
    client: httpx.AsyncClient, store: Store
) -> None:
    first = (await client.get("/models")).headers["etag"]
    assert (await client.get("/models?limit=2")).headers["etag"] != first
    assert (await client.get("/models?limit=50")).headers["etag"] == first
    with store.session() as session:
        put(session, happened("BreachCooling", model_id=1))
    answer = await client.get("/models", headers={"if-none-match": first})
    assert answer.status_code == 200
    assert answer.headers["etag"] != first


async def test_head__over_a_socket__headers_of_get_and_no_body(store: Store, tmp_path: Path) -> None:
    async with (
        served(app_over(store, tmp_path)) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/api/v1") as client,
    ):
        got, head = await client.get("/cases/1"), await client.head("/cases/1")
        missing = await client.head("/cases/9")
    assert (head.status_code, head.content) == (200, b"")
    assert (head.headers["etag"], head.headers["content-length"]) == (
        got.headers["etag"],
        str(len(got.content)),
    )
    assert (missing.status_code, missing.content) == (404, b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE"])
async def test_method__that_writes__405_and_which_there_are(client: httpx.AsyncClient, method: str) -> None:
    answer = await client.request(method, "/models/1")
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert answer.headers["content-type"] == "application/problem+json"


async def test_other_sites__may_read__also_errors(client: httpx.AsyncClient) -> None:
    asked = {"Origin": "https://other.example", "Access-Control-Request-Method": "GET"}
    asked["Access-Control-Request-Headers"] = "if-none-match"
    preflight = await client.options("/models", headers=asked)
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-headers"] == "If-None-Match"
    for path in ("/models", "/models/9", "/nothing"):
        headers = (await client.get(path)).headers
        assert headers["access-control-allow-origin"] == "*"
        assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert (
        "access-control-allow-origin" not in (await client.get("https://dao.example/api/ballots/x")).headers
    )


async def test_too_often__429_and_when_again(store: Store, tmp_path: Path) -> None:
    transport = httpx.ASGITransport(app_over(store, tmp_path, reads_per_minute=2), client=("192.0.2.1", 5))
    async with httpx.AsyncClient(transport=transport, base_url="https://dao.example/api/v1") as client:
        found = [await client.get("/status") for _ in range(3)]
    assert [one.status_code for one in found] == [200, 200, 429]
    assert int(found[-1].headers["retry-after"]) > 0
    assert found[-1].headers["access-control-allow-origin"] == "*"


async def test_index__that_cannot_be_read__503_and_when_again(store: Store, tmp_path: Path) -> None:
    transport = httpx.ASGITransport(app_over(store, tmp_path), raise_app_exceptions=False)
    with store.session() as session:
        session.connection().exec_driver_sql("ALTER TABLE chain_event RENAME TO gone")
    async with httpx.AsyncClient(transport=transport, base_url="https://dao.example/api/v1") as client:
        answer = await client.get("/audit")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


async def test_description__is_openapi_3_1_and_names_every_list(client: httpx.AsyncClient) -> None:
    found = (await client.get("/openapi.json")).json()
    assert found["openapi"] == "3.1.0"
    assert {path.replace("1", "{model}") for path in LISTS} <= set(found["paths"])
    amount = found["components"]["schemas"]["Votes"]["properties"]["for"]
    assert amount["description"] == "Votes for."
    assert amount["type"] == "string"
