"""LiteLLM's proxy with our hook, before a small server that speaks OpenAI's protocol."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("litellm", reason="needs LiteLLM: `make servers` runs it")

from tribune.decisions.waiting.wal import read_segment
from unit.gate.sidecars import World, serving

from .logs import break_log, logging_to, proven
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
PIECES: list[dict[str, Any]] = [
    {"index": 0, "delta": {"role": "assistant", "content": "Good "}},
    {"index": 0, "delta": {"content": "morning!"}},
    {"index": 0, "delta": {}, "finish_reason": "stop"},
]


@asynccontextmanager
async def _proxy(folder: Path) -> AsyncIterator[tuple[World, httpx.AsyncClient, list[str]]]:
    """Run the proxy before a model that counts what it is asked."""
    asked: list[str] = []

    async def model(scope: Any, receive: Any, send: Any) -> None:
        asked.append(scope["path"])
        body = b""
        while (message := await receive()).get("more_body"):
            body += message["body"]
        kind, text = b"application/json", json.dumps(REPLY)
        body += message["body"]
        if json.loads(body or b"{}").get("stream"):  # it also looks which models there are
            said = [{**REPLY, "object": "chat.completion.chunk", "choices": [one]} for one in PIECES]
            lines = [f"data: {one}\n\n" for one in (*map(json.dumps, said), "[DONE]")]
            kind, text = b"text/event-stream", "".join(lines)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
        await send({"type": "http.response.body", "body": text.encode()})

    key = f"sk-{secrets.token_hex(32)}"
    command = ["litellm", "--config", str(EXAMPLES / "litellm.yaml"), "--host", "127.0.0.1"]
    async with (
        serving(model) as url,
        gated_server(
            folder,
            [*command, "--telemetry", "False"],
            artifact=b"",
            **logging_to(folder, EXAMPLES / "assistant.toml"),
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
        refused = await answer(client, PATH, ASKED, 503, "Token holders voted to stop it")
        await answer(client, PATH, ASKED, 503)
        during = len(asked)
        world.chain.mine(state="Active")
        await answer(client, PATH, ASKED, 200)
    assert first.json()["choices"][0]["message"]["content"] == "Good morning!"
    assert "Token holders voted to stop it" in refused.json()["error"]["message"]
    assert before > 0
    assert during <= before + 1  # one may have been asked before the news had come


async def test_litellm_gate__answers_whole_and_in_pieces__are_proven(tmp_path: Path) -> None:
    async with _proxy(tmp_path) as (_, client, _):
        answered = await answer(client, PATH, ASKED, 200)
        streamed = await answer(client, PATH, {**ASKED, "stream": True}, 200)
    (told,) = re.findall(r'"([^"]+)";time=', answered.headers["tribune-receipt"])
    kept = [one.id for path in (tmp_path / "log").glob("**/*.wal") for one in read_segment(path)[1]]
    whole, pieces = proven(tmp_path, told), proven(tmp_path, next(id_ for id_ in kept if id_ != told))
    assert streamed.text.rstrip().endswith("data: [DONE]")
    assert len(kept) == 2
    assert whole["prediction"] == pieces["prediction"] == "Good morning!"
    assert whole["features"] == {"finish_reason": "stop", "tokens": (3.0).hex()}


async def test_litellm_gate__log_takes_nothing__answer_is_withheld(tmp_path: Path) -> None:
    async with _proxy(tmp_path) as (_, client, asked):
        break_log(tmp_path)
        refused = await answer(client, PATH, ASKED, 503, "decision log")
        assert PATH in asked  # so it was answered, and the answer withheld
        streamed = await client.post(PATH, json={**ASKED, "stream": True})
    assert refused.status_code == 503
    assert "decision log" in refused.json()["error"]["message"]
    assert "decision log" in streamed.text
    assert '"stop"' not in streamed.text
