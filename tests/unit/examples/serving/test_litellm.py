"""LiteLLM's proxy with our hook, before a small server that speaks OpenAI's protocol."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("litellm", reason="needs LiteLLM: `make servers` runs it")

from unit.gate.sidecars import World, serving

from .servers import EXAMPLES, answer, gated_server

PATH = "/v1/chat/completions"
ASKED = {"model": "assistant", "messages": [{"role": "user", "content": "Good morning"}]}
REPLY = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1_795_000_000,
    "model": "local",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "Good morning!"}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5},
}


@asynccontextmanager
async def _proxy(folder: Path) -> AsyncIterator[tuple[World, httpx.AsyncClient, list[str]]]:
    """Run the proxy before a model that counts what it is asked."""
    asked: list[str] = []

    async def model(scope: Any, receive: Any, send: Any) -> None:
        asked.append(scope["path"])
        while (await receive()).get("more_body"):
            pass
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(REPLY).encode()})

    key = f"sk-{secrets.token_hex(32)}"
    command = ["litellm", "--config", str(EXAMPLES / "litellm.yaml"), "--host", "127.0.0.1"]
    async with (
        serving(model) as url,
        gated_server(
            folder,
            [*command, "--telemetry", "False"],
            MODEL_URL=f"{url}/v1",
            LITELLM_MASTER_KEY=key,
            LITELLM_LOCAL_MODEL_COST_MAP="True",  # else it fetches a list of prices
        ) as (world, client),
    ):
        client.headers["Authorization"] = f"Bearer {key}"
        yield world, client, asked


async def test_litellm_gate__halt__proxy_refuses_in_words_and_asks_the_model_nothing(tmp_path: Path) -> None:
    async with _proxy(tmp_path) as (world, client, asked):
        first = await answer(client, PATH, ASKED, 200)
        before = len(asked)
        world.chain.mine(state="Paused")
        refused = await answer(client, PATH, ASKED, 503)
        await answer(client, PATH, ASKED, 503)
        during = len(asked)
        world.chain.mine(state="Active")
        await answer(client, PATH, ASKED, 200)
    assert first.json()["choices"][0]["message"]["content"] == "Good morning!"
    assert "Token holders voted to stop it" in refused.json()["error"]["message"]
    assert before > 0
    assert during <= before + 1  # one may have been asked before the news had come
