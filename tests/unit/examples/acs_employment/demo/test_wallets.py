"""The demo's wallets beside pages that know nothing of them."""

from __future__ import annotations

import json
from typing import Any, cast

import httpx
import pytest
from aiohttp.test_utils import TestClient, TestServer
from eth_account import Account
from eth_account.messages import encode_defunct

from examples.acs_employment.demo.actors import Holder
from examples.acs_employment.demo.wallets import Wallets
from tribune.chain import Chain
from tribune.exceptions import RevertedError

ADA = Holder("ada", Account.create(), 1)


def _page(request: httpx.Request) -> httpx.Response:
    if request.url.path == "/b/1":
        return httpx.Response(200, html="<head><title>Ballot</title></head>", headers={"X-Kept": "yes"})
    return httpx.Response(202, json={"asked": request.url.path, "body": request.content.decode()})


class _LocalChain:
    async def request(self, method: str, *parameters: Any) -> str:
        if method == "eth_estimateGas":
            raise RevertedError("The vote has ended.")
        return "0x7a69"


async def _client() -> TestClient[Any, Any]:
    pages = httpx.AsyncClient(transport=httpx.MockTransport(_page), base_url="http://pages.test")
    return TestClient(TestServer(Wallets(pages, [ADA], cast("Chain", _LocalChain())).app()))


async def test_pages__html__has_the_script_and_the_headers() -> None:
    async with await _client() as client:
        answer = await client.get("/b/1")
        assert '<script src="/demo/wallets.js"></script></head>' in await answer.text()
        assert answer.headers["X-Kept"] == "yes"
        assert '["ada"]' in await (await client.get("/demo/wallets.js")).text()


async def test_pages__anything_else__passed_on_as_it_is() -> None:
    async with await _client() as client:
        answer = await client.post("/api/ballots/1", data=b"ballot")
        assert answer.status == 202
        assert await answer.json() == {"asked": "/api/ballots/1", "body": "ballot"}


async def test_wallet__message__signed_by_its_holder() -> None:
    async with await _client() as client:
        asked = {"method": "personal_sign", "params": ["0x" + b"Hello".hex(), ADA.account.address]}
        signature = (await (await client.post("/demo/wallets/ada", json=asked)).json())["result"]
    assert Account.recover_message(encode_defunct(text="Hello"), signature=signature) == ADA.account.address


@pytest.mark.parametrize(
    ("name", "body", "kind", "status"),
    [("eve", "{}", "application/json", 404), ("ada", "{}", "text/plain", 415)],
    ids=["no such holder", "as another site could send it"],
)
async def test_wallet__impossible__refused(name: str, body: str, kind: str, status: int) -> None:
    async with await _client() as client:
        answer = await client.post(f"/demo/wallets/{name}", data=body, headers={"Content-Type": kind})
        assert answer.status == status


async def test_wallet__unknown_method__has_the_code_of_eip_1193() -> None:
    async with await _client() as client:
        answer = await client.post(
            "/demo/wallets/ada",
            data=json.dumps({"method": "eth_sign"}),
            headers={"Content-Type": "application/json"},
        )
        assert (await answer.json())["error"]["code"] == 4200


async def test_wallet__transaction_that_would_fail__says_why() -> None:
    call = {"method": "eth_sendTransaction", "params": [{"to": ADA.account.address, "data": "0x"}]}
    async with await _client() as client:
        answer = await client.post("/demo/wallets/ada", json=call)
        assert (await answer.json())["error"] == {"code": -32000, "message": "The vote has ended."}
