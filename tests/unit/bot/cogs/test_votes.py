"""Presses of one case's buttons that come together are answered by one reading of the chain."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from tribune.exceptions import ChainUnreachableError
from tribune.language import Language, language, spoken
from tribune_bot.cogs import votes
from tribune_bot.cogs.votes import Votes


class Chain:
    """Counts readings; each ends once it is let go."""

    def __init__(self) -> None:
        self.readings: list[tuple[int, Language]] = []
        self.go = asyncio.Event()
        self.fault: Exception | None = None

    async def read(self, _contracts: Any, _documents: Any, case_id: int) -> Any:
        self.readings.append((case_id, language()))
        await self.go.wait()
        if self.fault is not None:
            raise self.fault
        return case_id, len(self.readings)


@pytest.fixture
def chain(monkeypatch: pytest.MonkeyPatch) -> Chain:
    made = Chain()
    monkeypatch.setattr(votes, "read_case_vote", made.read)
    return made


@pytest.fixture
def cog() -> Votes:
    bot: Any = SimpleNamespace(services=SimpleNamespace(contracts=None, documents=None))
    return Votes(bot)


async def presses(cog: Votes, *cases: int) -> list[asyncio.Task[Any]]:
    tasks = [asyncio.create_task(cog._read(case)) for case in cases]
    await asyncio.sleep(0.01)
    return tasks


async def test_read__presses_come_together__one_reading_and_the_next_press_reads_again(
    cog: Votes, chain: Chain
) -> None:
    together = await presses(cog, 1, 1, 1, 2)
    assert sorted(chain.readings) == [(1, Language.ENGLISH), (2, Language.ENGLISH)]
    chain.go.set()
    assert [case for case, _ in await asyncio.gather(*together)] == [1, 1, 1, 2]
    await cog._read(1)
    assert len(chain.readings) == 3


async def test_read__asked_in_two_languages__each_is_read_in_its_own(cog: Votes, chain: Chain) -> None:
    english = await presses(cog, 1)
    with spoken(Language.GERMAN):
        german = await presses(cog, 1)
    chain.go.set()
    await asyncio.gather(*english, *german)
    assert chain.readings == [(1, Language.ENGLISH), (1, Language.GERMAN)]


async def test_read__one_gives_up_and_the_chain_fails__the_others_are_told(cog: Votes, chain: Chain) -> None:
    first, second = await presses(cog, 1, 1)
    first.cancel()
    chain.fault = ChainUnreachableError("no node")
    chain.go.set()
    with pytest.raises(ChainUnreachableError):
        await second
    assert len(chain.readings) == 1
