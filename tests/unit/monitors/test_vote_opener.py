"""Who opens a vote that nobody opened, while the chain is being reorganised."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from tribune.chain.enums import Outcome
from tribune_monitors.vote_opener import VoteOpener

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OPENED = 7


class SlowSwitch:
    """A kill switch with one case; an answer may be on its way while the chain changes."""

    def __init__(self) -> None:
        self.vote = 0
        self.asked, self.answers = asyncio.Event(), asyncio.Event()
        self.answers.set()

    async def case_count(self) -> int:
        return 1

    async def case(self, case_id: int) -> Any:
        vote = self.vote
        self.asked.set()
        await self.answers.wait()
        return SimpleNamespace(
            case_id=case_id,
            model_id=1,
            opened_at=NOW - timedelta(hours=6),
            open_until=NOW + timedelta(hours=6),
            outcome=Outcome.OPEN,
            vote_at=lambda _governor: vote,
        )


async def test_forget__while_the_old_chain_is_being_read__opens_what_the_new_one_lacks() -> None:
    switch, sent = SlowSwitch(), []

    class Sends:
        async def send(self, call: Any) -> Any:
            sent.append(call)
            return SimpleNamespace(tx_hash="0x")

    async def first(*_: object) -> tuple[int, int]:
        return 0, 1

    governor = SimpleNamespace(address="governor", open_case=lambda case_id: case_id)
    tribune: Any = SimpleNamespace(kill_switch=switch, pause_governor=governor)
    sender: Any = Sends()
    opener, head = VoteOpener(tribune, sender, first), SimpleNamespace(time=NOW)
    switch.vote = OPENED
    switch.answers.clear()
    look = asyncio.create_task(opener.open_votes([1], head))  # type: ignore[list-item, arg-type]
    await switch.asked.wait()
    switch.vote = 0
    opener.forget()
    switch.answers.set()
    await look
    assert sent == []
    await opener.open_votes([1], head)  # type: ignore[list-item, arg-type]
    assert sent == [1]
