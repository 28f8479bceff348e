"""What is due of proposals is done, and their messages are kept up to date, whatever Discord does of one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tribune_bot.cogs import slow_lane
from tribune_bot.cogs.slow_lane import SlowLane
from tribune_bot.errors import DiscordUnreachableError


@pytest.fixture
def cog() -> SlowLane:
    services = SimpleNamespace(indexer=SimpleNamespace(head=object(), reorgs=0), store=None, contracts=None)
    bot: Any = SimpleNamespace(services=services)
    return SlowLane(bot)


async def test_refresh__discord_refuses_one_message__the_others_are_shown_and_it_is_told(
    cog: SlowLane, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []

    async def listed(*_: object) -> list[Any]:
        return [SimpleNamespace(number=number) for number in (1, 2, 3)]

    async def show(proposed: Any) -> None:
        if proposed.number == 1:
            raise DiscordUnreachableError("no")
        shown.append(proposed.number)

    monkeypatch.setattr(slow_lane, "list_proposals", listed)
    monkeypatch.setattr(cog, "show", show)
    with pytest.raises(DiscordUnreachableError):
        await cog.refresh(everything=True)
    assert shown == [2, 3]


async def test_refresh__reorg_may_have_taken_back_an_end__is_looked_at_again(
    cog: SlowLane, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, shown = SimpleNamespace(number=1), []

    async def listed(*_: object) -> list[Any]:
        return [ended]

    async def show(proposed: Any) -> None:
        shown.append(proposed.number)
        cog._settled[proposed.number] = proposed

    monkeypatch.setattr(slow_lane, "list_proposals", listed)
    monkeypatch.setattr(cog, "show", show)
    await cog.refresh(everything=True)
    await cog.refresh(everything=True)
    assert shown == [1]
    cog.services.indexer.reorgs += 1
    await cog.refresh(everything=True)
    assert shown == [1, 1]


async def test_show__message_cannot_be_posted__what_is_due_is_done_all_the_same(
    cog: SlowLane, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Board:
        async def show(self, *_: object, **__: object) -> None:
            raise DiscordUnreachableError("no")

    async def read(*_: object) -> Any:
        return SimpleNamespace(over=False)

    cog.bot.board = Board()  # type: ignore[assignment]
    cog.services.documents = cog.services.proposal_url = lambda *_: ""  # type: ignore[misc, assignment]
    monkeypatch.setattr(slow_lane, "read_proposal", read)
    monkeypatch.setattr(slow_lane, "due", lambda *_: object())
    monkeypatch.setattr(slow_lane, "proposal_message", lambda *_: None)
    proposed: Any = SimpleNamespace(number=1)
    with pytest.raises(DiscordUnreachableError):
        await cog._show(proposed)
    assert cog._due.get_nowait() is proposed
