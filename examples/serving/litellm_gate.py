"""A hook of LiteLLM's proxy that lets no call pass while the model may not run; which model, `[gate]` says.

    litellm --config examples/serving/litellm.yaml

It is asked before each call, so an answer that is under way when a halt arrives is finished.
"""

from __future__ import annotations

from typing import Any

from fastapi import HTTPException
from litellm.integrations.custom_logger import CustomLogger

from tribune.exceptions import ModelHaltedError
from tribune.gate.following import Following


class _Gate(CustomLogger):
    async def async_pre_call_hook(self, user_api_key_dict: Any, cache: Any, data: Any, call_type: Any) -> Any:
        try:
            model.check()
        except ModelHaltedError as halted:
            raise HTTPException(503, str(halted)) from halted
        return data


model = Following()
model.open()
gate = _Gate()
