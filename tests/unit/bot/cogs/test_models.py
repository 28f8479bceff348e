"""`/models` right after the start, while the chain is being read for the first time."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tribune.ballots.directory import ListedModel, Listing
from tribune_bot.client import TribuneBot
from tribune_bot.cogs.models import Models


class Reading:
    """An index that takes the chain in by parts, and the contracts."""

    def __init__(self, parts: int, models: int = 1) -> None:
        self.parts, self.waits, self.count = parts, 0, models

    async def wait_changed(self, timeout_s: float) -> bool:
        assert timeout_s > 0
        self.waits += 1
        await asyncio.sleep(0)
        return True

    async def look(self) -> Listing:
        return Listing(models={1: ListedModel(1, "loans", "loans")} if self.waits >= self.parts else {})

    async def model_count(self) -> int:
        return self.count

    async def read(self, *_calls: object) -> list[Any]:
        return [{"halted": False, "state": 1, "version": 1}]


def models(reading: Reading) -> Models:
    services = SimpleNamespace(
        indexer=reading, contracts=reading, tribune=SimpleNamespace(model_registry=reading)
    )
    return Models(cast(TribuneBot, SimpleNamespace(services=services, directory=reading)))


@pytest.mark.parametrize("parts", [0, 1, 3])
async def test_page__the_chain_is_being_read_part_by_part__waits_until_models_are_there(parts: int) -> None:
    reading = Reading(parts)
    assert "loans" in (await models(reading).page("all:", 1)).content
    assert reading.waits == parts


async def test_page__it_is_not_read_in_time__asks_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tribune_bot.cogs.models.FIRST_READ_S", 0.05)
    reading = Reading(10**9)
    assert "have not read the chain yet" in (await models(reading).page("all:", 1)).content
    assert reading.waits > 0


async def test_page__there_is_no_model__says_so_at_once() -> None:
    reading = Reading(10**6, models=0)
    assert "No model is registered yet" in (await models(reading).page("all:", 1)).content
    assert reading.waits == 0
