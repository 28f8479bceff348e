"""What is due on a case is done once; what somebody else did counts as done."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tribune.chain.enums import Outcome, ProposalState
from tribune.exceptions import RevertedError
from tribune.ids import CaseId
from tribune_bot.cogs.relay import Relay
from tribune_bot.docket import Docket
from unit.bot.samples import NOW

CASE = CaseId(7)


class Chain:
    """A switch and governor with one case."""

    def __init__(self, state: ProposalState | None, outcome: Outcome = Outcome.OPEN) -> None:
        self.state_now = state
        self.outcome = outcome
        self.sent: list[str] = []
        self.after: Outcome | None = None
        self.refuse = False
        self.time = NOW

    async def case(self, case_id: CaseId) -> Any:
        vote = 0 if self.state_now is None else 99
        return SimpleNamespace(case_id=case_id, vote=vote, outcome=self.outcome, open_until=NOW)

    async def state(self, _proposal: int) -> ProposalState | None:
        return self.state_now

    async def head(self) -> Any:
        return SimpleNamespace(time=self.time)

    def poke(self, _case: CaseId) -> Any:
        return SimpleNamespace(description="poke")

    def execute_case(self, _case: CaseId) -> Any:
        return SimpleNamespace(description="execute")

    async def send(self, call: Any) -> Any:
        if self.after is not None:
            self.outcome = self.after
        if self.refuse:
            raise RevertedError("no")
        self.sent.append(call.description)
        return SimpleNamespace(block_number=1)


def relay_of(chain: Chain) -> Relay:
    tribune = SimpleNamespace(kill_switch=chain, pause_governor=chain, chain=chain)
    services: Any = SimpleNamespace(tribune=tribune, sender=chain)
    docket = Docket(services)
    docket.add(CASE)
    bot: Any = SimpleNamespace(services=services, docket=docket)
    return Relay(bot)


@pytest.mark.parametrize(
    ("state", "sent"),
    [
        (ProposalState.SUCCEEDED, ["execute"]),
        (ProposalState.DEFEATED, ["poke"]),
        (ProposalState.EXPIRED, ["poke"]),
        (ProposalState.PENDING, []),
        (ProposalState.ACTIVE, []),
        (None, []),
    ],
)
async def test_finish__state_of_the_vote__does_what_is_due(state: Any, sent: list[str]) -> None:
    chain = Chain(state)
    assert await relay_of(chain).finish(CASE) is bool(sent)
    assert chain.sent == sent


async def test_finish__window_over_without_a_vote__records_that() -> None:
    chain = Chain(None)
    chain.time = NOW + timedelta(seconds=1)
    assert await relay_of(chain).finish(CASE)
    assert chain.sent == ["poke"]


async def test_finish__somebody_was_quicker__counts_as_done() -> None:
    chain = Chain(ProposalState.SUCCEEDED)
    chain.refuse, chain.after = True, Outcome.UPHELD
    assert await relay_of(chain).finish(CASE)


async def test_finish__refused_and_still_open__is_told() -> None:
    chain = Chain(ProposalState.SUCCEEDED)
    chain.refuse = True
    with pytest.raises(RevertedError):
        await relay_of(chain).finish(CASE)


async def test_finish__settled__leaves_the_docket() -> None:
    relay = relay_of(Chain(ProposalState.EXECUTED, Outcome.UPHELD))
    assert await relay.finish(CASE)
    assert relay.bot.docket.open == []
