"""A node that misbehaves on command: a loopback JSON-RPC proxy, HTTP and websocket, before a real anvil.

    with RpcProxy(anvil.http_url) as proxy:
        proxy.be(Fault.SLOW, 2.0)
        ...
        proxy.well()

It runs in a thread of its own, so tests (async or not) and campaigns of many processes can use it alike; a
fault holds from the next request on, for the methods named or for all. It keeps no chain of its own: what it
passes on is anvil's.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections import Counter
from collections.abc import Callable, Collection, Coroutine
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, WSMsgType, web

from support.rpc_faults import WRONG_CHAIN_ID, Fault, State, as_of, contradicted, hash_of, without_newer

__all__ = ["Fault", "RpcProxy"]

START_LIMIT_S = 10.0
HUGE_BYTES = 2**30


class RpcProxy:
    """A proxy on a free port of 127.0.0.1. Use as a context manager, or `start()` and `stop()`.

    Args:
        target: the node's HTTP address; its websocket is expected at the same place, as anvil's is.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.asked: Counter[str] = Counter()
        """How often each method was asked, batched or not."""
        self.batches = 0
        self.port = 0
        self._state = State()
        self._looks = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._sockets: set[asyncio.Transport] = set()
        self._waiting: set[asyncio.Transport] = set()
        self._runner: web.AppRunner | None = None
        self._site: web.SockSite | None = None
        self._listening: socket.socket | None = None
        self._bound: socket.socket | None = None
        self._session: ClientSession | None = None

    @property
    def http_url(self) -> str:
        """Its JSON-RPC address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        """Its websocket address."""
        return f"ws://127.0.0.1:{self.port}"

    def be(self, fault: Fault, amount: float = 0.0, *, methods: Collection[str] | None = None) -> None:
        """Misbehave from now on, in one way.

        Args:
            fault: how.
            amount: seconds of SLOW, blocks of LAGGING and OLD_STATE.
            methods: only where one of these is asked; None means for all.
        """
        self._do(self._become(State(fault, amount, frozenset(methods) if methods is not None else None)))

    def well(self) -> None:
        """Behave again."""
        self._do(self._become(State()))

    def cut_sockets(self) -> None:
        """Break the websockets that are open now; new ones are taken."""
        self._do(self._cut())

    def start(self) -> RpcProxy:
        """Listen; return when it does."""
        self._thread.start()
        self._do(self._open())
        return self

    def stop(self) -> None:
        """Close everything and end the thread; twice is harmless."""
        if self._loop.is_closed():
            return
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_LIMIT_S)
        self._loop.close()

    def __enter__(self) -> RpcProxy:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(START_LIMIT_S)

    async def _open(self) -> None:
        self._session = ClientSession(timeout=ClientTimeout(total=60))
        app = web.Application(client_max_size=2**26)
        app.router.add_route("*", "/{tail:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await self._listen()

    async def _listen(self) -> None:
        assert self._runner is not None
        self._listening = self._bound or self._bind()
        self._site = web.SockSite(self._runner, self._listening)
        self._bound = None
        await self._site.start()

    def _bind(self) -> socket.socket:
        """Hold the port, also while nobody listens there: another process may be given a free one."""
        bound = socket.socket()
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", self.port))
        self.port = bound.getsockname()[1]
        return bound

    async def _hang_up(self) -> None:
        """Listen no more.

        Nobody is taken any more before the server closes: whom it takes in the same turn of the loop Python
        3.11 would leave open and unknown.
        """
        assert self._site is not None
        assert self._listening is not None
        self._loop.remove_reader(self._listening)
        await asyncio.sleep(0.02)  # who was taken last has a connection by then, to be closed
        await self._site.stop()
        self._site = self._listening = None

    async def _close(self) -> None:
        assert self._runner is not None
        assert self._session is not None
        if self._site is not None:
            await self._hang_up()
        await self._cut()
        for transport in list(self._waiting):
            transport.abort()
        assert self._runner.server is not None
        for open_ in self._runner.server.connections:
            if open_.transport is not None:
                open_.transport.abort()  # else one whose answer nobody took waits to be written
        await self._runner.cleanup()
        if self._bound is not None:
            self._bound.close()
        await self._session.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await asyncio.sleep(0.02)  # transports close in the turns of the loop that follow

    async def _become(self, state: State) -> None:
        if state.fault in (Fault.LAGGING, Fault.OLD_STATE):
            head = int(await self._ask("eth_blockNumber"), 16)
            state = State(state.fault, state.amount, state.methods, max(0, head - int(state.amount)))
        self._state = state
        if state.fault is Fault.DOWN and self._site is not None:
            await self._hang_up()
            self._bound = self._bind()
            for transport in list(self._waiting):
                transport.abort()
        elif state.fault is not Fault.DOWN and self._site is None:
            await self._listen()
        if state.fault in (Fault.DOWN, Fault.CUTS_SOCKET):
            await self._cut()

    async def _cut(self) -> None:
        for transport in list(self._sockets):
            transport.abort()

    # HTTP

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        transport = request.transport
        assert transport is not None
        self._waiting.add(transport)
        try:
            if request.headers.get("Upgrade", "").lower() == "websocket":
                return await self._pass_socket(request)
            return await self._answer(request, await request.read())
        except (ConnectionError, ClientError):
            return _break(request)
        finally:
            self._waiting.discard(transport)

    async def _answer(self, request: web.Request, body: bytes) -> web.StreamResponse:
        asked = json.loads(body)
        calls = asked if isinstance(asked, list) else [asked]
        self.asked.update(call["method"] for call in calls)
        self.batches += isinstance(asked, list)
        state = self._state
        if not state.holds_for([call["method"] for call in calls]):
            state = State()
        match state.fault:
            case Fault.DOWN:
                return _break(request)
            case Fault.SILENT:
                await asyncio.sleep(3600)
            case Fault.SLOW:
                await asyncio.sleep(state.amount)
            case Fault.HTML:
                return web.Response(text="<html><body>Bad gateway</body></html>", content_type="text/html")
            case Fault.OVERSIZE:
                return await _endless(request)
            case Fault.RATE_LIMITS:
                return web.Response(status=429, headers={"Retry-After": "1"})
            case Fault.REFUSES_BATCHES if isinstance(asked, list):
                return web.json_response(
                    {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "no"}}
                )
            case _:
                pass
        answers = [await self._one(call, state) for call in calls]
        if any(answer is None for answer in answers):
            return _break(request)
        return web.json_response(answers if isinstance(asked, list) else answers[0])

    async def _one(self, call: dict[str, Any], state: State) -> dict[str, Any] | None:
        """Return the answer to one call, None to break the connection."""
        method, params = call["method"], list(call.get("params") or [])
        head = {"jsonrpc": "2.0", "id": call.get("id")}
        match state.fault:
            case Fault.GARBAGE:
                return {**head, "result": {"number": "0xzz", "hash": 7}}
            case Fault.WRONG_CHAIN if method in ("eth_chainId", "net_version"):
                return {**head, "result": hex(WRONG_CHAIN_ID)}
            case Fault.FORGETS if method == "eth_sendRawTransaction":
                return {**head, "result": hash_of(params[0])}
            case Fault.COUNTS_AHEAD if method in ("eth_getTransactionByHash", "eth_getTransactionReceipt"):
                return {**head, "result": None}
            case Fault.LAGGING:
                if (told := as_of(method, params, state.frozen_head)) is not None:
                    return {**head, **told}
            case Fault.OLD_STATE if method == "eth_call":
                params[1] = hex(state.frozen_head)
        answer = await self._pass(method, params)
        if state.fault is Fault.LOSES_ANSWER and method == "eth_sendRawTransaction":
            return None
        if state.fault is Fault.LAGGING:
            answer = without_newer(answer, state.frozen_head)
        if state.fault is Fault.CONTRADICTS and method == "eth_getBlockByNumber" and answer.get("result"):
            self._looks += 1
            answer = answer if self._looks % 2 else contradicted(answer)
        if state.fault is Fault.COUNTS_AHEAD and method == "eth_getTransactionCount":
            self._looks += 1
            answer = {"result": hex(int(answer["result"], 16) + self._looks)}
        return {**answer, **head}

    async def _ask(self, method: str, *params: Any) -> Any:
        return (await self._pass(method, list(params)))["result"]

    async def _pass(self, method: str, params: list[Any]) -> dict[str, Any]:
        assert self._session is not None
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        async with self._session.post(self.target, json=body) as response:
            answer: dict[str, Any] = await response.json()
            return answer

    # Websocket

    async def _pass_socket(self, request: web.Request) -> web.StreamResponse:
        if self._state.fault in (Fault.DOWN, Fault.CUTS_SOCKET):
            return _break(request)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        transport = request.transport
        assert transport is not None
        assert self._session is not None
        self._sockets.add(transport)
        try:
            async with self._session.ws_connect(self.target.replace("http", "ws", 1)) as node:
                pumps = [
                    asyncio.create_task(self._pump(socket, node.send_str, self._from_client)),
                    asyncio.create_task(self._pump(node, socket.send_str, self._from_node)),
                ]
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
        finally:
            self._sockets.discard(transport)
            await socket.close()
        return socket

    async def _pump(
        self, source: Any, send: Callable[[str], Any], change: Callable[[str], str | None]
    ) -> None:
        async for message in source:
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            if self._state.fault is Fault.SLOW:
                await asyncio.sleep(self._state.amount)
            data = message.data if isinstance(message.data, str) else message.data.decode()
            if (text := change(data)) is not None:
                await send(text)

    def _from_client(self, text: str) -> str | None:
        return None if self._state.fault is Fault.SILENT else text

    def _from_node(self, text: str) -> str | None:
        """Return what a client gets of a node's message, None for nothing: a lagging node tells no news."""
        state = self._state
        if state.fault is Fault.SILENT:
            return None
        said = json.loads(text)
        if state.fault is Fault.LAGGING and said.get("method") == "eth_subscription":
            return None
        if state.fault is Fault.GARBAGE:
            said.get("params", said)["result"] = {"number": "0xzz"}
        if (
            state.fault is Fault.WRONG_CHAIN
            and isinstance(said.get("result"), str)
            and len(said["result"]) < 10
        ):
            said["result"] = hex(WRONG_CHAIN_ID)  # of the short answers, only a chain id is ever asked for
        return json.dumps(said)


def _break(request: web.Request) -> web.Response:
    """Break a request's connection; the response returned goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    part = b" " * 2**20
    for _ in range(HUGE_BYTES // len(part)):
        await response.write(part)
    return response
