"""The examples' servers as processes, with the built wheel, before a real sidecar whose chain we hold."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from support.anvil import ROOT
from support.processes import free_port
from unit.gate.chain import MODEL, VERSION, HandChain
from unit.gate.sidecars import World, sidecar

EXAMPLES = ROOT / "examples" / "serving"
START_LIMIT_S = 90.0


@asynccontextmanager
async def gated_server(
    folder: Path, command: Sequence[str], *, artifact: bytes = b"", **environment: str
) -> AsyncIterator[tuple[World, httpx.AsyncClient]]:
    """Run a sidecar, and behind its word a server that is started as its example says.

    Args:
        folder: in which the server runs, so that nothing of this tree is imported.
        command: the server's, from this environment; its `--port` is added.
        artifact: digest that is registered for the model.
        environment: further variables.
    """
    port = free_port()
    async with sidecar(HandChain(artifacts={VERSION: artifact})) as world:
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TRIBUNE_GATE__MODEL": str(MODEL),
            "TRIBUNE_GATE__VERSION": str(VERSION),
            "TRIBUNE_GATE__SIDECAR": world.url,
            **environment,
        }
        with (folder / "server.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                str(Path(sys.executable).with_name(command[0])),
                *command[1:],
                "--port",
                str(port),
                cwd=folder,
                env=variables,
                stdout=log,
                stderr=log,
            )
            try:
                async with httpx.AsyncClient(
                    base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False
                ) as client:
                    await _listens(process, client, folder / "server.log")
                    yield world, client
            finally:
                if process.returncode is None:
                    process.terminate()
                await process.wait()


async def answer(client: httpx.AsyncClient, path: str, asked: object, status: int) -> httpx.Response:
    """Ask until the answer has this status, for a moment at most: news of the model take their way."""
    ends = time.monotonic() + 5
    while True:
        response = await client.post(path, json=asked)
        if response.status_code == status or time.monotonic() > ends:
            assert response.status_code == status, response.text
            return response
        await asyncio.sleep(0.02)


async def _listens(process: asyncio.subprocess.Process, client: httpx.AsyncClient, log: Path) -> None:
    ends = time.monotonic() + START_LIMIT_S
    while process.returncode is None and time.monotonic() < ends:
        try:
            await client.get("/")
        except httpx.TransportError:
            await asyncio.sleep(0.1)
        else:
            return
    raise AssertionError(await asyncio.to_thread(log.read_text))
