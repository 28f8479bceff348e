"""A hook of LiteLLM's proxy: no call while the model may not run, and no answer that is not on record.

    litellm --config examples/serving/litellm.yaml

Which model, and which log, `[gate]` says; `assistant.toml` has the columns. It is asked before each call, so
an answer that is under way when a halt arrives is finished. Of one that streams the end waits for the record,
and no header tells the receipt: the log has its id.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import HTTPException
from litellm import stream_chunk_builder
from litellm.integrations.custom_logger import CustomLogger

from tribune.exceptions import LogUnavailableError, ModelHaltedError
from tribune.gate import open_recorder
from tribune.gate.following import Following
from tribune.gate.recorder import receipt_headers


class _Gate(CustomLogger):
    async def async_pre_call_hook(self, user_api_key_dict: Any, cache: Any, data: Any, call_type: Any) -> Any:
        try:
            model.check()
        except ModelHaltedError as halted:
            raise HTTPException(503, str(halted)) from halted
        return data

    async def async_post_call_success_hook(self, data: Any, user_api_key_dict: Any, response: Any) -> None:
        try:
            data["receipt"] = await _record(data, response)
        except LogUnavailableError as fault:
            raise HTTPException(503, str(fault)) from fault

    async def async_post_call_response_headers_hook(
        self, data: Any, user_api_key_dict: Any, response: Any, request_headers: Any = None
    ) -> Any:
        return data.get("receipt")

    async def async_post_call_streaming_iterator_hook(
        self, user_api_key_dict: Any, response: Any, request_data: Any
    ) -> AsyncIterator[Any]:
        pieces: list[Any] = []
        ending: list[Any] = []
        async for piece in response:
            pieces.append(piece)
            if ending or (piece.choices and piece.choices[0].finish_reason):
                ending.append(piece)
            else:
                yield piece
        if pieces:
            await _record(request_data, stream_chunk_builder(pieces))
        for piece in ending:
            yield piece


async def _record(data: Any, response: Any) -> dict[str, str]:
    """Record what was asked (as a digest) and answered; return the header with the receipt."""
    choice = response.choices[0]
    measured = {"finish_reason": choice.finish_reason, "tokens": response.usage.completion_tokens}
    asked = json.dumps(data["messages"], sort_keys=True).encode()
    return receipt_headers(await recorder.record(measured, choice.message.content, input=asked))


recorder = open_recorder()
model = Following()
model.open()
gate = _Gate()
