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
LIMIT_S = 60.0
"""For news that come at once: a machine may be busy."""


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


async def answer(
    client: httpx.AsyncClient, path: str, asked: object, status: int, saying: str = ""
) -> httpx.Response:
    """Ask until the answer has this status and says this, for a minute at most: news take their way.

    A gate that does not know yet refuses with the same status as one that knows, but says something else.
    """
    ends = time.monotonic() + LIMIT_S
    while True:
        response = await client.post(path, json=asked)
        if (response.status_code == status and saying in response.text) or time.monotonic() > ends:
            assert response.status_code == status, response.text
            assert saying in response.text
            return response
        await asyncio.sleep(0.02)
