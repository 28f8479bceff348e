"""A real Envoy in front of a model's server, with the configuration of docs/gate-sidecar.md as it stands."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("envoy", reason="needs Envoy: `make servers` runs it")

import yaml

from support.anvil import ROOT
from support.processes import free_port, server
from tribune.ids import VersionNumber
from unit.gate.chain import HandChain
from unit.gate.serving import connected, model_server, served
from unit.gate.sidecars import World, sidecar

DOC = (ROOT / "docs" / "gate-sidecar.md").read_text("utf-8")
(BLOCK,) = re.findall(r"```yaml\n(.*?)```", DOC, re.DOTALL)
MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"


def _config(front: int, model: int, asked: int, **changes: Any) -> dict[str, Any]:
    """Return Envoy's configuration: the document's, between a listener and its two clusters."""
    document = yaml.safe_load(BLOCK)
    document["http_filters"][0]["typed_config"].update(changes)
    manager = {
        "@type": f"type.googleapis.com/{MANAGER}",
        "stat_prefix": "front",
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "model"}}],
                }
            ]
        },
        **document,
    }
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    return {
        "static_resources": {
            "listeners": [{"address": _address(front), "filter_chains": [{"filters": filters}]}],
            "clusters": [_cluster("model", model), _cluster("tribune_sidecar", asked)],
        }
    }


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _cluster(name: str, port: int) -> dict[str, Any]:
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": _address(port)}}]}]
    return {"name": name, "load_assignment": {"cluster_name": name, "endpoints": endpoints}}


@asynccontextmanager
async def _envoy(folder: Path, asked: int, **changes: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Run Envoy before the model, by the document's configuration, with who is asked on this port."""
    front = free_port()
    async with served(model_server) as model:
        (folder / "envoy.json").write_text(json.dumps(_config(front, model, asked, **changes)))
        command = ["envoy", "-c", str(folder / "envoy.json"), "--disable-hot-restart"]
        command += ["--concurrency", "1", "--log-level", "warning"]
        async with server(command, front, folder / "envoy.log") as client:
            yield client


@asynccontextmanager
async def _world() -> AsyncIterator[tuple[World, int]]:
    """A sidecar that has seen the document's model 1, version 2, and its port."""
    chain = HandChain()
    chain.mine(version=VersionNumber(2))
    async with sidecar(chain) as world:
        yield world, int(world.url.rpartition(":")[2])


async def _until(client: httpx.AsyncClient, status: int) -> httpx.Response:
    async with asyncio.timeout(30):
        while (answer := await client.post("/predict?x=1", content=b"rows")).status_code != status:
            assert answer.status_code in (200, 503)
    return answer


async def test_envoy__paused_and_resumed__client_gets_the_503_problem_then_answers(tmp_path: Path) -> None:
    async with _world() as (world, asked), _envoy(tmp_path, asked) as client:
        answer = await _until(client, 200)
        own = await client.get("/mine")  # the server's own 403 is no stop
        world.chain.mine(state="Paused")
        stopped = await _until(client, 503)
        other = [await client.request(method, "/predict") for method in ("GET", "PUT", "DELETE", "OPTIONS")]
        world.chain.mine(state="Active")
        again = await _until(client, 200)
    assert answer.content == again.content == b"predicted rows"
    assert (own.status_code, own.headers["x-model"]) == (403, "1")
    assert stopped.headers["content-type"] == "application/problem+json"
    assert stopped.headers["cache-control"] == "no-store"
    assert (stopped.json()["state"], stopped.json()["status"]) == ("Paused", 503)
    assert "x-model" not in stopped.headers
    assert [one.status_code for one in other] == [503] * 4


async def test_envoy__a_path_that_climbs__asks_for_no_other_model(tmp_path: Path) -> None:
    paths = ("/../../9/9", "//", "/%2e%2e/1", "/a/../../../../v1/models/1", "/?/v1/auth/1/1")
    async with _world() as (world, asked), _envoy(tmp_path, asked) as client:
        await _until(client, 200)
        world.chain.mine(state="Paused")
        await _until(client, 503)
        front = client.base_url.port
        assert front is not None
        for path in paths:
            async with connected(front) as raw:  # a client that leaves paths as they are
                raw.send(f"GET {path} HTTP/1.1")
                status, headers = await raw.head()
            assert (status, "x-model" in headers) == (503, False)
        assert set(world.sidecar.views) == {1}


async def test_envoy__sidecar_away__refuses(tmp_path: Path) -> None:
    async with _envoy(tmp_path, free_port()) as client:
        refused = await client.get("/predict")
    assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
    assert (refused.json()["state"], refused.json()["status"]) == ("Unknown", 503)


async def test_envoy__sidecar_hangs__refuses_within_seconds(tmp_path: Path) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with _envoy(tmp_path, port) as client:
            refused = await client.get("/predict", timeout=15)
    assert (refused.status_code, refused.json()["state"]) == (503, "Unknown")


async def test_envoy__stopped_and_told_to_allow_faults__still_refuses(tmp_path: Path) -> None:
    """A 503 of ours would pass here: Envoy takes it for a fault of the service."""
    async with _world() as (world, asked), _envoy(tmp_path, asked, failure_mode_allow=True) as client:
        await _until(client, 200)
        world.chain.mine(state="Paused")
        assert "x-model" not in (await _until(client, 503)).headers
