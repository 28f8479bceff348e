"""Hooks that tell one channel of one model, and a command that writes down what it was told."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tribune.gate.problem import Subject
from tribune.gate.status import StatusView
from tribune.gate.telling.channels import Command
from tribune.gate.telling.hooks import Hooks, Terms
from unit.gate.chain import ACTIVE, MODEL, SUSPENDED, VERSION

SUBJECT = Subject(MODEL, VERSION, "acs-employment", "https://dao.example")
HALTED = replace(SUSPENDED, block_number=813)
AGAIN = replace(ACTIVE, block_number=814, epoch=2)


def command(told: Path, *, timeout_s: float = 10.0, then: str = "true", **options: Any) -> Command:
    script = f'cat | sed "s/$/ $HOOK_EVENT $HOOK_ID $HOOK_MODEL_ID $HOOK_CAUSE\\n/" >> "{told}"; {then}'
    run = ["sh", "-c", script]
    return Command(run, run, timeout_s=timeout_s, **options)


def lines(told: Path) -> list[tuple[dict[str, Any], list[str]]]:
    """Return each document that the command was told, and what else it wrote beside."""
    found = []
    for line in filter(None, told.read_text().splitlines() if told.exists() else []):
        document, end = json.JSONDecoder().raw_decode(line)
        found.append((document, line[end:].split()))
    return found


def update(view: StatusView, reading: Any) -> None:
    view.update(reading, asked_at=time.monotonic())


@asynccontextmanager
async def telling(
    view: StatusView, channel: Any, folder: Path, *, max_staleness_s: float = 30, **options: Any
) -> AsyncIterator[Hooks]:
    terms = Terms(folder, max_staleness_s, **{"attempts": 5, **options})
    hooks = Hooks([(SUBJECT, view)], [channel], terms)
    task = asyncio.create_task(hooks.run())
    await asyncio.sleep(0.02)
    try:
        yield hooks
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
