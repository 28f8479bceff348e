"""Wallets for whoever looks around the demo: its pages again, with the wallets of its token holders in them.

Serves the ballot pages as they are, on a port of its own, and adds one script that announces a wallet of each
holder (EIP-6963). The keys stay in this process; a wallet asks the person before it signs. No part of the
product: it knows nothing of this, and the keys are made up at each run and worth nothing.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from aiohttp import web
from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount

from examples.acs_employment.demo.actors import Holder
from tribune.chain import Chain
from tribune.exceptions import ChainError

SCRIPT = Path(__file__).with_name("wallets.js")
_ENTRY = b'<script src="/demo/wallets.js"></script></head>'
_HOP_HEADERS = {"connection", "content-encoding", "content-length", "transfer-encoding", "date", "server"}
_UNSUPPORTED = 4200
"""EIP-1193's code of a method that a wallet does not have."""
_FAILED = -32000
"""EIP-1474's code of what the chain would not take."""


class Wallets:
    """Signs for holders, one request of a page at a time.

    Args:
        pages: client of the ballot pages as they are.
        holders: whose wallets are offered.
        chain: where their transactions go.
    """

    def __init__(self, pages: httpx.AsyncClient, holders: Sequence[Holder], chain: Chain) -> None:
        self._pages = pages
        self._accounts = {holder.name: holder.account for holder in holders}
        self._chain = chain

    def app(self) -> web.Application:
        """Return what answers."""
        app = web.Application(client_max_size=4 << 20)
        app.router.add_get("/demo/wallets.js", self._script)
        app.router.add_post("/demo/wallets/{name}", self._ask)
        app.router.add_route("*", "/{tail:.*}", self._pass_on)
        return app

    async def _script(self, request: web.Request) -> web.Response:
        text = SCRIPT.read_text().replace("NAMES", json.dumps(list(self._accounts)))
        return web.Response(text=text, content_type="text/javascript")

    async def _ask(self, request: web.Request) -> web.Response:
        if request.content_type != "application/json":  # which no other site can send us
            raise web.HTTPUnsupportedMediaType
        account = self._accounts.get(request.match_info["name"])
        if account is None:
            raise web.HTTPNotFound
        asked = await request.json()
        return web.json_response(await self._answer(account, str(asked["method"]), asked.get("params") or []))

    async def _answer(self, account: LocalAccount, method: str, given: list[Any]) -> dict[str, Any]:
        match method:
            case "eth_requestAccounts" | "eth_accounts":
                return {"result": [account.address.lower()]}
            case "eth_chainId":
                return {"result": await self._chain.request("eth_chainId")}
            case "wallet_switchEthereumChain":
                return {"result": None}  # there is one
            case "personal_sign":
                signed = account.sign_message(encode_defunct(hexstr=given[0]))
            case "eth_signTypedData_v4":
                signed = account.sign_typed_data(full_message=json.loads(given[1]))
            case "eth_sendTransaction":
                return await self._send(account, given[0])
            case _:
                return {"error": {"code": _UNSUPPORTED, "message": f"this wallet has no {method}"}}
        return {"result": "0x" + bytes(signed.signature).hex()}

    async def _send(self, account: LocalAccount, call: dict[str, Any]) -> dict[str, Any]:
        """Sign a transaction and send it; returns its hash, or why the chain does not take it."""
        ask, whole = self._chain.request, {"from": account.address, "to": call["to"], "data": call["data"]}
        try:
            signed = account.sign_transaction(
                {
                    "to": call["to"],
                    "data": call["data"],
                    "value": 0,
                    "chainId": int(await ask("eth_chainId"), 16),
                    "nonce": int(await ask("eth_getTransactionCount", account.address, "pending"), 16),
                    "gas": int(await ask("eth_estimateGas", whole), 16) * 5 // 4,
                    "gasPrice": int(await ask("eth_gasPrice"), 16) * 2,
                }
            )
            sent = await ask("eth_sendRawTransaction", "0x" + bytes(signed.raw_transaction).hex())
        except ChainError as fault:
            return {"error": {"code": _FAILED, "message": fault.message}}
        return {"result": sent}

    async def _pass_on(self, request: web.Request) -> web.Response:
        """Answer as the pages do, with the script in what is HTML."""
        kept = {name: value for name, value in request.headers.items() if name.lower() != "accept-encoding"}
        try:
            answer = await self._pages.request(
                request.method, request.path_qs, headers=kept, content=await request.read()
            )
        except httpx.TransportError:
            raise web.HTTPBadGateway(text="The ballot pages do not answer yet.") from None
        body = answer.content
        if answer.headers.get("content-type", "").startswith("text/html"):
            body = body.replace(b"</head>", _ENTRY, 1)
        passed = [(name, value) for name, value in answer.headers.multi_items() if name not in _HOP_HEADERS]
        return web.Response(status=answer.status_code, body=body, headers=passed)


@asynccontextmanager
async def offered(
    pages: str, port: int, holders: Sequence[Holder], http_url: str, chain_id: int
) -> AsyncIterator[None]:
    """Serve the pages with the wallets on a port of this machine.

    Args:
        pages: address of the pages as they are.
        port: where to listen.
        holders: whose wallets are offered.
        http_url: of the chain.
        chain_id: of the chain.
    """
    from tribune.settings import load_settings

    settings = load_settings(chain={"http_url": http_url, "chain_id": chain_id})
    async with (
        httpx.AsyncClient(base_url=pages, timeout=30) as client,
        await Chain.connect(settings.chain) as chain,
    ):
        runner = web.AppRunner(Wallets(client, holders, chain).app(), access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            yield
        finally:
            await runner.cleanup()
