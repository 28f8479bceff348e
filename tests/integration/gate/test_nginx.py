"""A real nginx in front of a real server, with the configuration of docs/gate-sidecar.md as it stands."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from integration.gate.world import GateWorld, sidecar_process
from support.anvil import ROOT
from support.nginx import SKIP_REASON, find_nginx, nginx
from support.processes import free_port
from unit.gate.serving import model_server, served

pytestmark = pytest.mark.skipif(find_nginx() is None, reason=SKIP_REASON)

DOC = (ROOT / "docs" / "gate-sidecar.md").read_text("utf-8")


def _config(model: int, sidecar: str, front: int) -> str:
    """Return the document's nginx block with ports of this test, for version 1."""
    (found,) = re.findall(r"```nginx\n(.*?)```", DOC, re.DOTALL)
    block = str(found)
    places = {
        "127.0.0.1:8000": f"127.0.0.1:{model}",
        "127.0.0.1:8651": sidecar,
        "127.0.0.1:8080": f"127.0.0.1:{front}",
        "/v1/auth/1/2": "/v1/auth/1/1",
        "/v1/problem/1/2": "/v1/problem/1/1",
    }
    for said, here in places.items():
        assert said in block
        block = block.replace(said, here)
    return block


async def _until(client: httpx.AsyncClient, status: int) -> httpx.Response:
    async with asyncio.timeout(40):
        while (answer := await client.post("/predict", content=b"rows")).status_code != status:
            assert answer.status_code in (200, 503)
    return answer


@pytest.fixture
async def fronted(world: GateWorld, tmp_path: Path) -> AsyncIterator[tuple[httpx.AsyncClient, Any]]:
    """A client of nginx before the server, and the sidecar's process."""
    front = free_port()
    async with served(model_server) as model:
        with sidecar_process(world, tmp_path) as (url, process):
            block = _config(model, url.removeprefix("http://"), front)
            with nginx(tmp_path, block, front):
                async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{front}", timeout=15) as client:
                    await _until(client, 200)  # it has seen the chain
                    yield client, process


async def test_nginx__model_halted_on_the_chain__next_request_is_the_503_problem(
    world: GateWorld, fronted: tuple[httpx.AsyncClient, Any]
) -> None:
    client, _ = fronted
    answer = await client.post("/predict?x=1", content=b"rows")
    assert (answer.status_code, answer.content, answer.headers["x-model"]) == (200, b"predicted rows", "1")
    own = await client.get("/mine")  # the server's own 403 is no stop
    assert (own.status_code, own.headers["x-model"]) == (403, "1")

    world.halt()
    stopped = await _until(client, 503)  # some milliseconds at most: the halt is on its way
    assert stopped.headers["content-type"] == "application/problem+json"
    assert stopped.headers["cache-control"] == "no-store"
    assert int(stopped.headers["retry-after"]) > 1_000
    document = stopped.json()
    assert (document["status"], document["state"], document["model_id"]) == (503, "Halted", 1)
    assert "x-model" not in stopped.headers

    world.free()
    await _until(client, 200)


async def test_nginx__sidecar_is_killed__every_request_is_refused_as_unknown(
    fronted: tuple[httpx.AsyncClient, Any],
) -> None:
    client, process = fronted
    assert (await client.get("/predict")).status_code == 200
    process.kill()
    process.wait(5)
    for method in ("GET", "POST", "DELETE"):
        answer = await client.request(method, "/predict")
        assert (answer.status_code, answer.json()["state"]) == (503, "Unknown")
        assert answer.headers["content-type"] == "application/problem+json"


async def test_nginx__sidecar_hangs__is_refused_within_seconds(
    fronted: tuple[httpx.AsyncClient, Any],
) -> None:
    client, process = fronted
    assert (await client.get("/predict")).status_code == 200
    process.send_signal(signal.SIGSTOP)
    try:
        answer = await client.get("/predict", timeout=10)
        assert (answer.status_code, answer.json()["state"]) == (503, "Unknown")
    finally:
        process.send_signal(signal.SIGCONT)


async def test_nginx__a_client_asks_for_the_inner_paths__finds_the_model_only(
    fronted: tuple[httpx.AsyncClient, Any],
) -> None:
    client, _ = fronted
    assert (await client.get("/tribune-auth")).status_code == 404
    assert (await client.get("/v1/auth/1/1")).headers["x-model"] == "1"
