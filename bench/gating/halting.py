"""How long after a block a gate refuses: anvil, the contracts, and two gated servers, each a process.

Blocks come each second, made on this process's word, so that their moment is known: it is taken before anvil
is told, and what anvil takes to make the block counts too. Every other block begins a halt, or ends it. One
of the servers reads the chain itself, the other asks `tribune gate serve`; both are asked each millisecond
until the first refusal is there.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from support.anvil import CHAIN_ID, Anvil
from support.chain import deploy
from tribune.chain import Tribune
from tribune.chain.types import ContractCall
from tribune.settings import load_settings
from unit.chain.place import MODEL, Place, active

IN_PROCESS, SIDECAR = "reads the chain", "asks the sidecar"
_BLOCK_S = 1.0
_START_LIMIT_S = 60.0


def delays(halts: int) -> dict[str, list[float]]:
    """Return by kind of gate how many seconds after its block each halt was refused."""
    with ExitStack() as held:
        anvil = held.enter_context(Anvil.start())
        folder = Path(held.enter_context(TemporaryDirectory(prefix="tribune-bench-")))
        deploy(anvil).write_record(folder)
        variables = {
            "TRIBUNE_CHAIN__HTTP_URL": anvil.http_url,
            "TRIBUNE_CHAIN__WS_URL": anvil.ws_url,
            "TRIBUNE_CHAIN__CHAIN_ID": str(CHAIN_ID),
            "TRIBUNE_DEPLOYMENTS": str(folder),
            "TRIBUNE_GATE__MODEL": str(MODEL),
            "TRIBUNE_GATE__VERSION": "1",
            "TRIBUNE_GATE__SERVE__PORT": "0",
        }
        return asyncio.run(_measured(held, anvil, folder, variables, halts))


async def _measured(
    held: ExitStack, anvil: Anvil, folder: Path, variables: dict[str, str], halts: int
) -> dict[str, list[float]]:
    chain = {"http_url": anvil.http_url, "ws_url": anvil.ws_url, "chain_id": CHAIN_ID}
    async with await Tribune.connect(load_settings(deployments=folder, chain=chain)) as tribune:
        place = Place(tribune)
        await active(place)
        ready = folder / "sidecar.port"
        command = ["-m", "tribune.cli", "gate", "serve", "--ready", str(ready)]
        held.enter_context(_process(command, variables))
        await _until(ready.exists)
        sidecar = {"TRIBUNE_GATE__SIDECAR": f"http://127.0.0.1:{ready.read_text().strip()}"}
        servers = {}
        for name, more in ((IN_PROCESS, {}), (SIDECAR, sidecar)):
            port = _free_port()
            held.enter_context(_process(["-m", "bench.gating.halting", str(port)], {**variables, **more}))
            servers[name] = await _connect(port)
        await tribune.chain.request("evm_setAutomine", False)
        found: dict[str, list[float]] = {name: [] for name in servers}
        for turn in range(halts + 1):
            for server in servers.values():
                await _until_status(*server, 200)
            ends = await tribune.chain.block_time() + timedelta(days=1)
            told = await _block(tribune, tribune.kill_switch.halt(ends))
            refused = await asyncio.gather(*(_until_status(*server, 503) for server in servers.values()))
            for name, at in zip(servers, refused, strict=True):
                if turn:  # the first warms up
                    found[name].append(at - told)
            await asyncio.sleep(max(0.0, told + _BLOCK_S - time.perf_counter()))
            told = await _block(tribune, tribune.kill_switch.halt(None))
            await asyncio.sleep(max(0.0, told + _BLOCK_S - time.perf_counter()))
        for _, writer in servers.values():
            writer.close()
        return found


async def _block(tribune: Tribune, call: ContractCall) -> float:
    """Make a block with a call of the executive in it, and return when anvil was told to."""
    chain, executive = tribune.chain, tribune.timelock.address
    sent = {"from": executive, "to": call.to, "data": "0x" + call.data.hex(), "gas": hex(1_000_000)}
    await chain.request("eth_sendTransaction", sent)
    told = time.perf_counter()
    await chain.request("evm_mine")
    return told


async def _until_status(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, status: int) -> float:
    """Ask until the answer has this status, and return when it came."""
    async with asyncio.timeout(30):
        while True:
            writer.write(b"GET / HTTP/1.1\r\nHost: model\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            size = head.lower().split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0]
            await reader.readexactly(int(size))
            if int(head[9:12]) == status:
                return time.perf_counter()
            await asyncio.sleep(0.001)


async def _connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(_START_LIMIT_S):
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)


async def _until(condition: object) -> None:
    assert callable(condition)  # noqa: S101 - for the type
    async with asyncio.timeout(_START_LIMIT_S):
        while not condition():  # noqa: ASYNC110 - a file, not an event
            await asyncio.sleep(0.05)


@contextmanager
def _process(arguments: list[str], variables: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, **variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _serve(port: int) -> None:
    """Serve as somebody would: `gated` around an application, by uvicorn."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    from tribune.gate import gated

    app = gated(Starlette(routes=[Route("/", lambda _: PlainTextResponse("prediction"))]))
    uvicorn.run(app, port=port, access_log=False, log_config=None)


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
