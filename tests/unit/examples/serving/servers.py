"""The examples' servers as processes, with the built wheel, before a real sidecar whose chain we hold."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from support.anvil import ROOT
from support.processes import free_port, server
from unit.gate.chain import MODEL, VERSION, HandChain
from unit.gate.sidecars import World, sidecar

EXAMPLES = ROOT / "examples" / "serving"


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
        command = [*command, "--port", str(port)]
        async with server(command, port, folder / "server.log", cwd=folder, env=variables) as client:
            yield world, client


async def answer(client: httpx.AsyncClient, path: str, asked: object, status: int) -> httpx.Response:
    """Ask until the answer has this status, for a moment at most: news of the model take their way."""
    ends = time.monotonic() + 5
    while True:
        response = await client.post(path, json=asked)
        if response.status_code == status or time.monotonic() > ends:
            assert response.status_code == status, response.text
            return response
        await asyncio.sleep(0.02)
