"""The FastAPI example behind the gate."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs FastAPI: `make servers` runs it")

from .servers import EXAMPLES, answer, gated_server

SERVER = ["uvicorn", "--app-dir", str(EXAMPLES), "fastapi_app:app"]
APPLICANT = {"income": 30_000, "debt": 4_000}


async def test_fastapi_app__halt_and_resume__answers_refuses_and_answers(tmp_path: Path) -> None:
    async with gated_server(tmp_path, SERVER) as (world, client):
        first = await answer(client, "/predict", APPLICANT, 200)
        world.chain.mine(state="Paused")
        refused = await answer(client, "/predict", APPLICANT, 503, "problem:model-paused")
        world.chain.mine(state="Active")
        again = await answer(client, "/predict", APPLICANT, 200)
    assert first.json() == again.json() == {"prediction": "yes"}
    assert refused.headers["content-type"] == "application/problem+json"
    assert (refused.json()["state"], refused.json()["model_id"]) == ("Paused", 1)
