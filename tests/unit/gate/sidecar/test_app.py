"""What a sidecar tells gates, nginx and Envoy, over real sockets."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from tribune.gate.sidecar.wire import decode
from tribune.gate.status import Cause
from tribune.ids import CaseId, ModelId, VersionNumber
from unit.gate.chain import CASE, MODEL, SUSPENDED, HandChain, cause, until
from unit.gate.sidecars import CHAIN_ID, gated_world, sidecar


async def _get(url: str, path: str, method: str = "GET") -> httpx.Response:
    async with httpx.AsyncClient(base_url=url) as client:
        return await client.request(method, path)


async def test_status__first_question__waits_for_the_first_reading() -> None:
    async with sidecar() as world:
        answer = await _get(world.url, "/v1/models/1")
        told = decode(answer.content, MODEL, CHAIN_ID)
        assert answer.status_code == 200
        assert told.reading == world.chain.status
        assert 0 <= told.age_s < 2


async def test_status__other_models_than_configured__are_not_answered_for() -> None:
    async with sidecar(models=[MODEL]) as world:
        assert (await _get(world.url, "/v1/models/1")).status_code == 200
        assert (await _get(world.url, "/v1/models/2")).status_code == 404
        refused = await _get(world.url, "/v1/auth/2/1")
        assert (refused.status_code, refused.json()["state"]) == (403, "Unknown")
        assert set(world.sidecar.views) == {MODEL}


@pytest.mark.parametrize(
    "path", ["/", "/v1/models/", "/v1/models/-1", "/v1/models/0", "/v1/models/1/2", "/x"]
)
async def test_status__what_is_no_model__is_not_found(path: str) -> None:
    async with sidecar() as world:
        assert (await _get(world.url, path)).status_code == 404
        assert not world.sidecar.views


@pytest.mark.parametrize("model", ["0", "-1", "x", "٣", "9" * 5000, "%00"])
async def test_auth__what_is_no_model__is_never_yes(model: str) -> None:
    async with sidecar() as world:
        assert 400 <= (await _get(world.url, f"/v1/auth/{model}/1")).status_code < 500


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "OPTIONS"])
async def test_auth__active__says_yes_to_any_method_and_path(method: str) -> None:
    async with sidecar() as world:
        for path in ("/v1/auth/1/1", "/v1/auth/1/1/", "/v1/auth/1/1/predict/deep?x=1"):
            answer = await _get(world.url, path, method)
            assert (answer.status_code, answer.content) == (200, b"")


async def test_auth__suspended__says_no_with_the_problem() -> None:
    async with sidecar() as world:
        assert (await _get(world.url, "/v1/auth/1/1")).status_code == 200
        world.chain.mine(state="Suspended", until=SUSPENDED.until, case_id=CaseId(7))
        await until(lambda: world.sidecar.views[MODEL].snapshot.case == CASE)
        answer = await _get(world.url, "/v1/auth/1/1/predict", "POST")
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["tribune-cause"] == "model-suspended"
        assert int(answer.headers["retry-after"]) > 0
        assert answer.json()["state"] == "Suspended"
        page = await _get(world.url, "/v1/problem/1/1")
        assert page.status_code == 503
        assert page.json() == {
            **answer.json(),
            "instance": page.json()["instance"],
            "view_age_s": page.json()["view_age_s"],
        }
        assert world.sidecar.refused == 1


async def test_auth__another_version__says_no() -> None:
    async with sidecar() as world:
        answer = await _get(world.url, "/v1/auth/1/2")
        assert (answer.status_code, answer.headers["tribune-cause"]) == (403, "wrong-version")


async def test_auth__chain_unreachable__says_no_once_too_old() -> None:
    async with sidecar(max_staleness_s=0.2) as world:
        await _get(world.url, "/v1/models/1")
        world.chain.reachable = False
        await asyncio.sleep(0.25)
        answer = await _get(world.url, "/v1/auth/1/1")
        assert (answer.status_code, answer.json()["state"]) == (403, "Unknown")
        health = await _get(world.url, "/health")
        assert (health.status_code, health.json()["blind"]) == (503, 1)


async def test_auth__observing__says_yes_and_what_it_would_have_said() -> None:
    async with sidecar(HandChain(), enforce=False) as world:
        world.chain.mine(state="Paused")
        answer = await _get(world.url, "/v1/auth/1/1")
        assert (answer.status_code, answer.headers["tribune-cause"]) == (200, "model-paused")


async def test_problem__of_a_model_that_runs_again__asks_to_come_again() -> None:
    async with sidecar() as world:
        answer = await _get(world.url, "/v1/problem/1/1")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.json()["type"].endswith("ask-again")


async def test_health__all_known__is_ok() -> None:
    async with sidecar(models=[MODEL, ModelId(2)]) as world:
        await until(lambda: all(view.snapshot.reading for view in world.sidecar.views.values()))
        health = await _get(world.url, "/health")
        assert (health.status_code, health.json()) == (200, {"status": "ok", "models": 2, "blind": 0})


async def test_watch__question__is_answered_by_its_echo_and_a_beat_comes_unasked() -> None:
    async with sidecar() as world:
        url = world.url.replace("http", "ws") + "/v1/models/1/watch"
        async with connect(url, proxy=None) as socket:
            first = json.loads(await socket.recv())
            assert first["echo"] == ""
            await socket.send("abc")
            assert json.loads(await socket.recv())["echo"] == "abc"
            start = time.monotonic()
            assert json.loads(await socket.recv())["echo"] == ""
            assert time.monotonic() - start < 1.5
        await until(lambda: world.sidecar.sockets == 0)


async def test_watch__model_not_answered_for__is_refused() -> None:
    async with sidecar(models=[MODEL]) as world:
        answer = await _get(world.url, "/v1/models/2/watch")
        assert answer.status_code == 404


async def test_gate__suspended_then_free__follows_at_once() -> None:
    async with gated_world() as (world, view):
        await until(lambda: cause(view) is None)
        start = time.perf_counter()
        world.chain.mine(state="Suspended", until=SUSPENDED.until, case_id=CaseId(7))
        await until(lambda: cause(view) is Cause.SUSPENDED)
        assert time.perf_counter() - start < 0.5
        await until(lambda: view.snapshot.case == CASE)
        world.chain.mine(state="Active", until=0, case_id=CaseId(0))
        await until(lambda: cause(view) is None)


async def test_gate__artifact_of_the_version__comes_along() -> None:
    async with gated_world() as (world, view):
        await until(lambda: view.snapshot.artifact == b"\x01" * 32)
        world.chain.mine(version=VersionNumber(2))
        await until(lambda: view.snapshot.artifact == b"\x02" * 32)


async def test_gate__over_a_unix_socket__works_the_same(tmp_path: Path) -> None:
    async with gated_world(place=tmp_path / "gate.sock") as (world, view):
        await until(lambda: cause(view) is None)
        world.chain.mine(state="Paused")
        await until(lambda: cause(view) is Cause.PAUSED)
