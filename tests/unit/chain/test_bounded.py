"""The HTTP provider keeps answering whatever its callers do."""

from __future__ import annotations

import asyncio

from aiohttp import web
from web3.types import RPCEndpoint

from support.anvil import Anvil
from tribune.chain.bounded import BoundedProvider

CHAIN = RPCEndpoint("eth_chainId")


async def test_make_request__many_callers_give_up_at_once__the_next_is_answered(anvil: Anvil) -> None:
    provider = BoundedProvider(anvil.http_url, timeout_s=2.0, most_bytes=10_000)
    for turns in range(1, 8):
        asked = [asyncio.create_task(provider.make_request(CHAIN, [])) for _ in range(20)]
        for _ in range(turns):
            await asyncio.sleep(0)
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
    async with asyncio.timeout(2.0):
        answer = await provider.make_request(CHAIN, [])
    assert answer["result"] == "0x7a69"
    await provider.disconnect()


async def test_make_request__one_after_the_other__goes_over_one_connection() -> None:
    peers = set()

    async def serve(request: web.Request) -> web.Response:
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        return web.json_response({"jsonrpc": "2.0", "id": (await request.json())["id"], "result": "0x1"})

    app = web.Application()
    app.router.add_post("/", serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    provider = BoundedProvider(f"http://127.0.0.1:{runner.addresses[0][1]}", timeout_s=2.0, most_bytes=1000)
    for _ in range(5):
        assert (await provider.make_request(CHAIN, []))["result"] == "0x1"
    assert len(peers) == 1
    await provider.disconnect()
    await runner.cleanup()
